"""The whole walk: a host asks over a real wire, the daemon (a process of its own) measures, markers come back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.daemon_process import Daemon, running_daemon
from support.daws import daw_over, hear_one, hear_until
from support.ffmpeg import ebur128
from support.lmms import render
from support.tracks import beat

WIRES = ("websocket", "mailbox", "osc")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running_daemon(tmp_path_factory.mktemp("home")) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def quiet_mono_low(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return beat(tmp_path_factory.mktemp("audio") / "beat.wav", seconds=16)


def project(bpm: float, *, start_s: float = 0.0) -> dict[str, Any]:
    point = {"time_s": 0.0, "bpm": bpm, "beats_per_bar": 4, "bar": 1}
    return {"id": "p1", "name": "Warehouse", "start_s": start_s, "tempo_map": [point]}


@pytest.mark.xdist_group("walk")
@pytest.mark.parametrize("wire", WIRES)
async def test_a_real_track_comes_back_as_markers_over(wire: str, daemon: Daemon) -> None:
    track, bpm = render()
    async with daw_over(wire, daemon) as daw:
        await daw.say(type="analyze", id="a1", mix={"path": str(track)}, project=project(bpm, start_s=9.6))
        heard = await hear_until(daw, "feedback", "job.failed", "refused")
        feedback = heard[-1]
        assert feedback["type"] == "feedback", feedback
        await daw.say(type="feedback.applied", run=feedback["run"], placed=[m["id"] for m in feedback["markers"]])

    assert heard[0]["type"] == "job.queued"
    assert heard[0]["id"] == feedback["id"] == "a1"
    assert {message["type"] for message in heard[1:-1]} <= {"job.progress"}
    assert all(message["job"] == feedback["job"] for message in heard)
    assert feedback["markers"], "this render is over 0 dBTP: something has to be said"
    for marker in feedback["markers"]:
        assert marker["start_s"] >= 9.6, "project seconds: the render starts at 9.6 s, bar 5"
        bar, beat_in_bar = marker["bar"].split(".")
        assert int(bar) >= 5
        assert 1 <= int(beat_in_bar) <= 4
        assert marker["text"]


@pytest.mark.xdist_group("walk")
async def test_the_figures_of_a_real_track_agree_with_ffmpeg_and_with_its_project(daemon: Daemon) -> None:
    track, bpm = render()
    peer = ebur128(track)
    async with daw_over("websocket", daemon) as daw:
        await daw.say(type="analyze", id="a1", mix={"path": str(track)})
        feedback = await hear_one(daw, "feedback")
    shown = daemon.command("reports", "show", feedback["report"], "--json")
    assert shown.returncode == 0, shown.stderr
    report = json.loads(shown.stdout)

    loudness = report["measurements"]["loudness"]
    assert loudness["integrated_lufs"] == pytest.approx(peer.integrated_lufs, abs=0.1)
    assert loudness["true_peak_dbtp"] == pytest.approx(peer.true_peak_dbtp, abs=0.3)
    assert report["measurements"]["tempo"]["bpm"] == pytest.approx(bpm, abs=0.1)
    assert report["schema"] == "uptrack.report/1"
    assert report["source"]["name"] == track.name


@pytest.mark.xdist_group("walk")
async def test_hello_and_analyze_with_a_mix_path_are_enough(daemon: Daemon, quiet_mono_low: Path) -> None:
    async with daw_over("websocket", daemon) as daw:
        await daw.say(type="analyze", mix={"path": str(quiet_mono_low)})
        feedback = await hear_one(daw, "feedback")
    assert all(marker["bar"] is None for marker in feedback["markers"]), "no tempo map, no bars"


@pytest.mark.xdist_group("walk")
async def test_the_same_request_twice_is_one_job(daemon: Daemon, quiet_mono_low: Path) -> None:
    async with daw_over("osc", daemon) as daw:
        for _ in range(2):
            await daw.say(type="analyze", id="once", mix={"path": str(quiet_mono_low)})
        first = await hear_one(daw, "feedback")
        await daw.say(type="feedback.applied", run=first["run"])
        await daw.say(type="ping", id="p")
        rest = await hear_until(daw, "pong")
    assert {message.get("job", first["job"]) for message in rest} == {first["job"]}


@pytest.mark.xdist_group("walk")
async def test_what_was_not_acknowledged_is_sent_again_to_the_same_instance(
    daemon: Daemon, quiet_mono_low: Path
) -> None:
    async with daw_over("websocket", daemon, instance="comes-back") as daw:
        await daw.say(type="analyze", id="a1", mix={"path": str(quiet_mono_low)})
        first = await hear_one(daw, "feedback")
    async with daw_over("websocket", daemon, instance="comes-back") as daw:
        again = await hear_one(daw, "feedback")
        await daw.say(type="feedback.applied", run=again["run"])
        await daw.say(type="ping", id="p1")
        await hear_one(daw, "pong")
    assert again == first
    async with daw_over("websocket", daemon, instance="comes-back") as daw:
        await daw.say(type="ping", id="p2")
        assert [message["type"] for message in await hear_until(daw, "pong")] == ["pong"]


@pytest.mark.xdist_group("walk")
@pytest.mark.parametrize("wire", WIRES)
async def test_bad_input_is_one_sentence_and_the_conversation_goes_on_over(
    wire: str, daemon: Daemon, tmp_path: Path, quiet_mono_low: Path
) -> None:
    text = tmp_path / "text.wav"
    text.write_text("this is not audio", "utf-8")
    link = tmp_path / "link.wav"
    link.symlink_to(quiet_mono_low)
    (tmp_path / "folder.wav").mkdir()
    bad_paths = [
        tmp_path / "missing.wav",
        tmp_path / "folder.wav",
        text,
        link,
        Path("/dev/zero"),
        Path("relative.wav"),
        daemon.home / "bridge.json",
    ]
    async with daw_over(wire, daemon) as daw:
        for number, path in enumerate(bad_paths):
            await daw.say(type="analyze", id=f"bad{number}", mix={"path": str(path)})
            refused = await hear_one(daw, "refused", "feedback")
            assert refused["type"] == "refused", path
            assert refused["id"] == f"bad{number}"
            assert refused["sentence"].strip().endswith((".", ")")), refused
            assert "\n" not in refused["sentence"]
            assert "Traceback" not in refused["sentence"]
        await daw.say(type="analyze", id="genre", mix={"path": str(quiet_mono_low)}, genre="polka")
        assert "polka" in (await hear_one(daw, "refused"))["sentence"]
        await daw.say(type="ping", id="still here")
        assert (await hear_one(daw, "pong"))["id"] == "still here"


@pytest.mark.xdist_group("walk")
async def test_the_page_shows_the_report_to_whoever_follows_the_welcome_url(
    daemon: Daemon, quiet_mono_low: Path
) -> None:
    import aiohttp

    async with daw_over("websocket", daemon) as daw:
        await daw.say(type="hello", id="h2", protocol=1, host="test", token=daemon.bridge["token"])
        url = (await hear_one(daw, "welcome"))["url"]
        await daw.say(type="analyze", id="a1", mix={"path": str(quiet_mono_low)})
        report = (await hear_one(daw, "feedback"))["report"]
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an IP address
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(url) as page:
            assert page.status == 200
            listed = await page.text()
        async with browser.get(f"http://127.0.0.1:{daemon.bridge['port']}/reports/{report}") as page:
            shown = await page.text()
    assert f"/reports/{report}" in listed
    assert quiet_mono_low.name in shown
    assert "<script" not in listed + shown


@pytest.mark.xdist_group("walk")
async def test_reports_are_listed_exported_and_erased_by_the_command_line(
    daemon: Daemon, tmp_path: Path, quiet_mono_low: Path
) -> None:
    mix = beat(tmp_path / "to-be-erased.wav")
    async with daw_over("websocket", daemon) as daw:
        await daw.say(type="analyze", id="a1", mix={"path": str(mix)})
        feedback = await hear_one(daw, "feedback")
        await daw.say(type="feedback.applied", run=feedback["run"])
    report = feedback["report"]
    assert report[:8] in daemon.command("reports", "list", "to-be-erased").stdout
    page = tmp_path / "report.html"
    assert daemon.command("reports", "export", report[:8], "--out", str(page)).returncode == 0
    assert "to-be-erased.wav" in page.read_text("utf-8")
    assert daemon.command("reports", "delete", report).returncode == 0
    assert daemon.command("reports", "show", report).returncode == 3
    assert "to-be-erased" not in daemon.command("reports", "list").stdout
    assert mix.exists(), "the user's own file is never touched"
