"""What is played in REAPER, heard by the real daemon over UDP, analysed and marked where it was heard."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from support.daemon_process import Daemon, running_daemon
from support.fake_reaper import FakeProject, FakeTrack
from support.reaper_at_work import ReaperAtWork
from support.reaper_transport import SENDING
from support.studio import ANALYZE_LIVE, ANALYZE_MIX, REMOVE, RESULTS

pytestmark = pytest.mark.xdist_group("reaper")

RATE_HZ = 44_100
GAP_S = 24.0
PLAY = 40044


@pytest.fixture(scope="module")
def port() -> int:
    """A UDP port nobody uses; the plug-in's own may be taken by the daemon of whoever runs the tests."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Daemon]:
    with running_daemon(tmp_path_factory.mktemp("home"), live_port=str(port)) as daemon:
        yield daemon


def chords_with_a_gap() -> np.ndarray:
    """Forty seconds of a chord, with nothing at all for 60 ms at ``GAP_S``."""
    time_s = np.arange(40 * RATE_HZ) / RATE_HZ
    sound = sum(0.08 * np.sin(2 * np.pi * hertz * time_s) for hertz in (110.0, 220.0, 277.2, 329.6))
    sound += 0.01 * np.random.default_rng(1).standard_normal(len(time_s))
    first = round(GAP_S * RATE_HZ)
    sound[first : first + round(0.06 * RATE_HZ)] = 0.0
    return np.repeat(sound[:, None], 2, axis=1)


@pytest.fixture(params=["5.3", "5.4"])
def work(
    request: pytest.FixtureRequest, daemon: Daemon, port: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ReaperAtWork]:
    monkeypatch.setenv("UPTRACK_HOME", str(daemon.home))
    project = FakeProject(f"Live {request.param}.rpp", f"/music/Live {request.param}.rpp")
    project.tracks.append(FakeTrack("Chords", chords_with_a_gap()))
    project.history[:] = [("", project.snapshot())]
    work = ReaperAtWork(project, request.param)
    work.reaper.stream_out.port = port
    with work.reaper.stream_out.audio_thread(project):
        yield work


def set_up(work: ReaperAtWork) -> None:
    """The window's Live tab puts ReaStream there; the three clicks are the user's."""
    work.start(RESULTS)
    work.turn()
    work.press("4", "u")
    work.until(lambda: work.project.master.fx)
    work.project.master.fx[0].values["vst_chunk"] = SENDING


def play(work: ReaperAtWork, from_s: float, to_s: float) -> None:
    work.project.cursor_s = from_s
    work.reaper.Main_OnCommandEx(PLAY, 0, work.project)
    work.until(lambda: work.project.position_s >= to_s)


def gap_of(work: ReaperAtWork) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in work.report["markers"] if one["rule"] == "int.dropout")
    return found


def test_a_fault_that_is_heard_live_stands_where_it_is_on_the_timeline(work: ReaperAtWork, daemon: Daemon) -> None:
    set_up(work)
    play(work, 21.0, 26.0)
    work.start(ANALYZE_LIVE)  # while it plays
    work.until(lambda: work.project.kept("report"))
    assert gap_of(work)["start_s"] == pytest.approx(GAP_S, abs=0.15)
    assert any(marker.position_s == pytest.approx(GAP_S, abs=0.15) for marker in work.project.markers)
    assert work.report["asked"]["role"] == "live"
    assert "were lost on the way" not in work.reaper.console
    work.reaper.Main_OnCommandEx(PLAY, 0, work.project)
    # Some time later, what was played is still known.
    work.until(lambda: "played without a break. Analyze what was played" in work.words())
    before = work.report["run"]
    work.press("v")
    work.until(lambda: work.report["run"] != before)
    assert gap_of(work)["start_s"] == pytest.approx(GAP_S, abs=0.15)
    assert work.report["since"]["unchanged"] > 0  # a capture is compared with the one before
    work.reaper.reload()
    work.to_its_end(REMOVE)
    assert work.project.markers == []
    assert work.project.master.fx == []


def test_a_capture_is_what_was_played_bit_by_bit(work: ReaperAtWork, daemon: Daemon) -> None:
    set_up(work)
    play(work, 10.0, 13.0)
    before = set(Path(daemon.bridge["audio"]).iterdir())
    work.start(ANALYZE_LIVE)
    work.until(lambda: work.project.kept("report"))
    (file,) = set(Path(daemon.bridge["audio"]).iterdir()) - before
    captured, rate_hz = soundfile.read(file, dtype="float32")
    assert rate_hz == RATE_HZ
    played = chords_with_a_gap().astype(np.float32)
    around = round(work.report["start_s"] * RATE_HZ)
    lags = range(max(0, around - RATE_HZ // 4), around + RATE_HZ // 4)
    first = next(lag for lag in lags if np.array_equal(played[lag : lag + 32], captured[:32]))
    assert abs(first - around) / RATE_HZ < 0.1
    np.testing.assert_array_equal(captured, played[first : first + len(captured)])


def test_a_render_through_the_same_plug_in_is_not_taken_for_what_was_played(work: ReaperAtWork) -> None:
    set_up(work)
    play(work, 10.0, 12.0)
    work.start(ANALYZE_MIX)
    work.until(lambda: work.project.kept("report"))
    assert json.loads(work.project.kept("report"))["asked"]["role"] == "mix"
    run, position_s = work.report["run"], work.project.position_s
    work.until(lambda: work.project.position_s > position_s + 5.0)
    work.reaper.reload()  # nobody watches any more, so the edit cursor says where playback began
    work.reaper.ext_state.pop(("UpTrack playback", "heard"))
    work.project.cursor_s = work.project.position_s - 3.0
    work.start(ANALYZE_LIVE)
    work.until(lambda: work.report["run"] != run or "have come in" in work.reaper.console)
    assert 3.0 <= work.report["duration_s"] < 5.0  # it plays on while the daemon is greeted
    assert "were lost on the way" not in work.reaper.console
