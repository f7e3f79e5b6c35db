"""Fixes of the results window: previewed, made within bounds, measured again, and each to be taken back."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
import soundfile

from support import reaper_sound
from support.feedbacks import a_feedback, a_marker
from support.reaper_project import FakeEnvelope
from support.studio import ANALYZE_MIX, REMOVE, RESULTS, SCRIPTS
from support.studio_window import BELL, HERE, Window
from uptrack_analysis.report import Tool
from uptrack_bridges.messages import Analyze, Feedback, FixApplied, FixResult, Step

ESCAPE = 27


async def test_a_preview_says_what_would_be_done_and_does_nothing(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        before = window.project.contents()
        await window.press("p")
        assert "bell: −2.5 dB at 240 Hz, Q 1.2, in a ReaEQ of its own" in window.words()
        await window.press(ESCAPE)
        assert "in a ReaEQ of its own" not in window.words()
    assert window.project.contents() == before
    assert window.studio.said(FixApplied) == []


async def test_a_fix_is_applied_told_measured_again_and_its_marker_goes_when_it_is_closed(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.fix()
        (said,) = window.studio.said(FixApplied)
        first, before, again = window.studio.said(Analyze)
        assert "−2.4 dB at 240 Hz: closed." in window.words()
    (fx,) = window.bass.fx
    bell = [band for band in fx.bands if band.gain != 1.0]
    assert (fx.name, fx.shown_name) == ("ReaEQ (Cockos)", "UpTrack: bell: −2.5 dB at 240 Hz, Q 1.2")
    assert [(band.kind, band.frequency_hz, round(20 * np.log10(band.gain), 3)) for band in bell] == [(2, 240.0, -2.5)]
    assert bell[0].octaves == pytest.approx(1.17, abs=0.01), "a Q of 1.2 in ReaEQ's octaves"
    assert (said.run, said.finding, said.action.gain_db, said.action.frequency_hz) == (
        "run-1",
        "low.boom-1",
        -2.5,
        240.0,
    )
    for passage in (before, again):
        assert (passage.passage.run, passage.passage.start_s) == ("run-1", 16.0), "with a little around it"
        assert passage.project.start_s == 16.0
    assert window.reaper.rendered == [("mix.wav", 0.0, 100.0), ("mix.wav", 16.0, 28.0), ("mix.wav", 16.0, 28.0)]
    assert first.passage is None
    assert window.project.markers == []
    steps = [step for step in window.project.undo_steps if "show" not in step]
    assert steps == ["UpTrack: fix low.boom-1 is off", "UpTrack: low.boom-1 is off is fixed"]


async def test_what_is_measured_again_is_the_mix_with_the_fix_in_it(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(Step(kind="GN", text="Bass down", gain_db=-3.0, tool="gain", track="{BASS}"))
        await window.fix()
        first, before, again = window.studio.said(Analyze)
    whole, _ = soundfile.read(first.mix.path, start=16 * 44_100, stop=28 * 44_100)
    sound, _ = soundfile.read(before.mix.path)
    np.testing.assert_allclose(sound, whole, atol=1e-6)
    after, _ = soundfile.read(again.mix.path)
    np.testing.assert_allclose(after, whole * 10 ** (-3 / 20), atol=1e-6)


async def test_another_song_opened_in_the_tab_of_a_fixed_one_is_shown(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        other = dict(window.project.state)
        await window.fix()
        # REAPER keeps the tab's pointer: only what is in it has changed.
        window.project.state = {key: OTHER_SONG if key == SONG else text for key, text in other.items()}
        await window.until_quiet()
        assert "low.boom-1 is off" in window.words()
        await window.press("p")
        assert "−2.5 dB at 240 Hz" in window.words()


async def test_revert_takes_a_fix_back_in_one_step(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        sounded = reaper_sound.mix_of(window.project, 0.0, 5.0)
        await window.fix()
        await window.press("r")
        assert window.bass.fx == []
        assert "Taken back." in window.words()
    assert window.project.undo_steps[-1] == "UpTrack: take back the fix of low.boom-1 is off"
    np.testing.assert_array_equal(reaper_sound.mix_of(window.project, 0.0, 5.0), sounded)


async def test_a_fix_that_is_taken_back_brings_its_marker_back_in_the_same_step(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        window.project.markers[0].position_s, window.project.markers[0].end_s = 20.5, 24.0
        await window.fix()
        assert window.project.markers == []
        steps = len(window.project.undo_steps)
        await window.press("r")
        (marker,) = window.project.markers
        assert (marker.position_s, marker.end_s) == (20.5, 24.0), "where the user had it"
        assert window.project.undo_steps[steps:] == ["UpTrack: take back the fix of low.boom-1 is off"]
        window.reaper.undo()
        assert window.project.markers == []
        assert len(window.bass.fx) == 1


async def test_a_fix_that_cannot_be_taken_back_brings_no_marker(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(Step(kind="GN", text="x", track="{BASS}", tool="gain", gain_db=-2.0))
        await window.fix()
        window.bass.values["D_VOL"] = 0.5
        await window.press("r")
    assert window.project.markers == []


async def test_a_marker_the_user_has_deleted_does_not_come_back_with_a_fix_that_is_taken_back(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        window.project.markers.clear()
        window.project.add_undo_point("user: remove marker")
        await window.fix()
        await window.press("r")
    assert window.project.markers == []


async def test_a_fix_of_a_finding_that_has_no_marker_brings_none_when_it_is_taken_back(window: Window) -> None:
    marker = a_marker("low.boom-1", actions=[BELL], track="{BASS}", stem="Bass", **HERE)

    def answer(request: Analyze, job: str) -> Feedback:
        told = window.again(request, job, marker)
        return told if request.passage else told.model_copy(update={"markers": [], "more": [marker]})

    window.studio.desk.answer = answer
    async with window.studio.daemon():
        await window.studio.analyze(ANALYZE_MIX)
        window.reaper.run(RESULTS)
        await window.until_quiet()
        await window.fix()
        await window.press("r")
    assert (window.bass.fx, window.project.markers) == ([], [])


SONG, OTHER_SONG = ("UpTrack", "project"), "{0A0B0C0D-0000-4000-8000-000000000001}"

TOOLS: list[tuple[dict[str, Any], dict[str, float]]] = [
    ({"tool": "gain", "gain_db": -2.0}, {"D_VOL": 10 ** (-2 / 20)}),
    ({"tool": "gain", "gain_db": 9.0}, {"D_VOL": 10 ** (3 / 20)}),
    ({"tool": "polarity"}, {"B_PHASE": 1.0}),
    ({"tool": "width", "amount": -20.0}, {"D_WIDTH": 0.8, "I_PANMODE": 5.0}),
    ({"tool": "width", "amount": -80.0}, {"D_WIDTH": 0.7, "I_PANMODE": 5.0}),
    ({"tool": "delay", "amount": 3.2}, {"D_PLAY_OFFSET": 0.0032, "I_PLAY_OFFSET_FLAG": 0.0}),
    ({"tool": "delay", "amount": -900.0}, {"D_PLAY_OFFSET": -0.02, "I_PLAY_OFFSET_FLAG": 0.0}),
]


@pytest.mark.parametrize(("step", "values"), TOOLS)
async def test_a_track_gets_what_was_asked_for_within_bounds_and_then_what_it_had(
    window: Window, step: dict[str, Any], values: dict[str, float]
) -> None:
    before = dict(window.bass.values)
    async with window.studio.daemon():
        await window.analyzed(Step(kind="GN", text="x", track="{BASS}", **step))
        await window.fix()
        assert window.bass.values == pytest.approx(before | values)
        await window.press("r")
    assert window.bass.values == pytest.approx(before)


@pytest.mark.parametrize(
    ("tool", "gain_db", "kind", "got_db"),
    [("bell", 9.0, 2, 4.0), ("low shelf", -3.0, 1, -3.0), ("high shelf", -12.0, 4, -4.0), ("high-pass", None, 0, 0.0)],
)
async def test_an_equaliser_moves_four_decibels_at_most(
    window: Window, tool: str, gain_db: float | None, kind: int, got_db: float
) -> None:
    async with window.studio.daemon():
        await window.analyzed(Step(kind="EQ", text="x", tool=tool, gain_db=gain_db, frequency_hz=180.0, track="{BASS}"))
        await window.fix()
    (fx,) = window.bass.fx
    (band,) = [band for band in fx.bands if band.frequency_hz == 180.0]
    assert (band.kind, band.enabled, round(20 * np.log10(band.gain), 3)) == (kind, True, got_db)


async def test_a_ceiling_goes_last_on_the_master_in_a_limiter_of_its_own(window: Window) -> None:
    step = Step(kind="LM", text="x", tool="ceiling", amount=-1.0, on_mix=True)
    async with window.studio.daemon():
        await window.analyzed(step)
        await window.fix()
        (fx,) = window.project.master.fx
        assert (fx.name, fx.values) == ("ReaLimit (Cockos)", {"CEILING": "-1", "THRESHOLD": "-1", "TRUEPEAK": "1"})
        await window.press("r")
    assert window.project.master.fx == []


async def test_a_fix_the_user_has_undone_is_said_to_be_and_can_be_made_again(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.fix()
        window.project.undo()
        window.project.undo()
        assert window.bass.fx == []
        assert "It was undone." in window.words() + window.words()
        await window.fix()
    assert len(window.bass.fx) == 1


async def test_a_track_the_user_has_changed_since_is_left_as_it_is(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(Step(kind="GN", text="x", tool="gain", gain_db=-2.0, track="{BASS}"))
        await window.fix()
        window.bass.values["D_VOL"] = 0.5
        await window.press("r")
    assert window.bass.values["D_VOL"] == 0.5


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ({"tool": "gain", "gain_db": -9.0}, "a gain of −9 dB, more than a fix may do: it is held to −3 dB."),
        ({"tool": "bell", "gain_db": 12.5, "frequency_hz": 240.0}, "a gain of 12.5 dB, more than a fix may do"),
        (
            {"tool": "width", "amount": -80.0},
            "a change of width of −80 %, more than a fix may do: it is held to −30 %.",
        ),
        ({"tool": "ceiling", "amount": -30.0}, "a ceiling of −30 dBTP, more than a fix may do: it is held to −6 dBTP."),
        ({"tool": "ceiling", "amount": 3.0}, "a ceiling of 3 dBTP, more than a fix may do: it is held to 0 dBTP."),
        ({"tool": "delay", "amount": 400.0}, "an offset of 400 ms, more than a fix may do: it is held to 20 ms."),
        (
            {"tool": "high-pass", "frequency_hz": 3.0},
            "a frequency of 3 Hz, less than a fix may do: it is held to 20 Hz.",
        ),
        ({"tool": "notch", "frequency_hz": 50.0, "q": 900.0}, "a Q of 900, more than a fix may do: it is held to 40."),
        ({"tool": "bell", "gain_db": -2.0}, "The report gives no frequency for this move"),
        ({"tool": "ceiling"}, "The report gives no ceiling for this move"),
    ],
)
async def test_what_lies_outside_the_bounds_of_a_fix_is_held_to_them_and_said(
    window: Window, step: dict[str, Any], sentence: str
) -> None:
    async with window.studio.daemon():
        await window.analyzed(Step(kind="EQ", text="x", track="{BASS}", **step))
        await window.press("p")
        assert sentence in window.words()


@pytest.mark.parametrize(("asked", "got"), [(-30.0, "-6"), (2.0, "0"), (-1.0, "-1")])
async def test_a_ceiling_that_reaches_the_limiter_is_within_bounds(window: Window, asked: float, got: str) -> None:
    async with window.studio.daemon():
        await window.analyzed(Step(kind="LM", text="x", tool="ceiling", amount=asked, on_mix=True))
        await window.fix()
    (limiter,) = window.project.master.fx
    assert (limiter.values["CEILING"], limiter.values["THRESHOLD"]) == (got, got)


DECIMAL_COMMA = r"""
local format = string.format
function string.format(form, ...)
  return (form:find("%%[%d.+-]*[gf]")) and (format(form, ...):gsub("(%d)%.(%d)", "%1,%2")) or format(form, ...)
end
"""
"""What a plug-in makes of the whole process by setting a locale."""


async def test_a_ceiling_gets_a_decimal_point_whatever_locale_a_plug_in_has_set(window: Window) -> None:
    give = window.reaper.prepare
    window.reaper.prepare = lambda lua, script: (give(lua, script), lua.execute(DECIMAL_COMMA))
    async with window.studio.daemon():
        await window.analyzed(Step(kind="LM", text="x", tool="ceiling", amount=-1.5, on_mix=True))
        await window.fix()
    (limiter,) = window.project.master.fx
    assert limiter.values["CEILING"] == "-1.5"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda window: window.reaper.missing_effects.add("ReaEQ (Cockos)"), "ReaEQ (Cockos) is not installed"),
        (lambda window: window.project.tracks.clear(), "is not in the project any more"),
    ],
)
async def test_what_cannot_be_done_is_said_and_nothing_is_left_behind(
    window: Window, change: Any, sentence: str
) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        change(window)
        await window.press("p", "a")
        assert sentence in window.words()
    assert window.bass.fx == []
    assert window.studio.said(FixApplied) == []


async def test_what_takes_a_person_offers_no_move(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(Step(kind="SC", text="Duck Bass from Kick"))
        await window.press("p")
        assert "takes ears and hands" in window.words()


async def test_a_window_without_a_daemon_still_shows_the_report_and_says_why_a_fix_cannot_be_measured(
    window: Window,
) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
    (window.studio.home / "bridge.json").unlink()
    for key in ("p", "a"):
        assert window.gfx is not None
        window.gfx.press(key)
        window.reaper.turn()
    for _ in range(20):
        window.reaper.turn()
    assert len(window.bass.fx) == 1
    assert "daemon is not running" in window.words()


def test_every_tool_of_the_report_is_one_the_scripts_have() -> None:
    source = (SCRIPTS / "lib" / "tools.lua").read_text(encoding="utf-8")
    for tool in get_args(Tool):
        assert (
            f"tools.{tool} =" in source
            or f'"{tool}"' in source
            or f"tools.{tool}, " in source
            or f"{tool} = 2" in source
        ), tool


async def test_a_fix_of_most_of_the_mix_is_measured_by_a_new_version_with_the_same_stems(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL, start_s=0.0, end_s=90.0)
        result = FixResult(
            fix="fix-low.boom-1", finding="low.boom-1", status="remaining",
            sentence="−1.2 dB at 240 Hz: 1.0 dB remain.", before=4.0, after=2.0, unit="dB", change_db=-1.2, at_hz=240.0,
        )  # fmt: skip
        marker = a_marker("low.boom-1", actions=[BELL], track="{BASS}", stem="Bass", start_s=0.0, end_s=90.0)
        notes = {"{BASS}": "loud"}
        window.studio.desk.answer = lambda _request, job: a_feedback(
            marker, job=job, run="run-2", fixes=[result], notes=notes
        )
        await window.fix()
        await window.studio.until(lambda: "1.0 dB remain." in window.words())
    _, again = window.studio.said(Analyze)
    assert (again.passage, again.stems) == (None, [])
    assert window.reaper.rendered == [("mix.wav", 0.0, 100.0)] * 2


async def test_a_fix_taken_back_while_it_is_measured_stays_taken_back(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.press("p")
        assert window.gfx is not None
        window.gfx.press("a")
        await window.studio.until(window.fixes)
        window.gfx.press("r")
        await window.until_quiet()
        await window.studio.until(lambda: "Taken back." in window.words())
    assert window.bass.fx == []
    assert len(window.project.markers) == 1


@pytest.mark.parametrize("span", [HERE, {"start_s": 0.0, "end_s": 90.0}], ids=["passage", "new version"])
async def test_a_fix_taken_back_before_it_is_made_is_not_made(window: Window, span: dict[str, float]) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL, **span)
        await window.press("p")
        assert window.gfx is not None
        window.gfx.press("a")
        window.reaper.turn(0.0)
        window.gfx.press("r")
        await window.until_quiet()
    assert (window.bass.fx, window.fixes()) == ([], [])
    assert window.studio.said(FixApplied) == []
    assert len(window.studio.said(Analyze)) == 1


TRIM_READ, READ, LATCH, NO_OVERRIDE, BYPASS = 0, 1, 4, -1, 5


@pytest.mark.parametrize(
    ("mode", "override", "envelope", "made"),
    [
        (TRIM_READ, NO_OVERRIDE, FakeEnvelope(points=3), True),
        (READ, NO_OVERRIDE, FakeEnvelope(points=3), False),
        (LATCH, NO_OVERRIDE, FakeEnvelope(points=3), False),
        (READ, NO_OVERRIDE, FakeEnvelope(points=3, active=False), True),
        (READ, NO_OVERRIDE, FakeEnvelope(points=0), True),
        (READ, TRIM_READ, FakeEnvelope(points=3), True),
        (READ, BYPASS, FakeEnvelope(points=3), True),
        (TRIM_READ, READ, FakeEnvelope(points=3), False),
    ],
)
async def test_a_fader_is_moved_unless_its_envelope_moves_it(
    window: Window, mode: int, override: int, envelope: FakeEnvelope, made: bool
) -> None:
    async with window.studio.daemon():
        await window.analyzed(Step(kind="GN", text="x", gain_db=-2.0, tool="gain", track="{BASS}"))
        window.bass.envelopes["Volume"], window.bass.automation_mode = envelope, mode
        window.reaper.automation_override = override
        await window.press("p")
        assert ("fader: −2.0 dB" in window.words(), "moves the fader" in window.words()) == (made, not made)


@pytest.mark.parametrize(
    ("step", "change", "sentence"),
    [
        (
            {"tool": "gain", "gain_db": -2.0},
            lambda bass, _master: bass.__dict__.update(envelopes={"Volume": FakeEnvelope(points=3)}, automation_mode=1),
            "set the mode to Trim/Read",
        ),
        ({"tool": "width", "amount": -20.0}, lambda bass, _master: bass.values.update(D_PAN=0.3), "has no width"),
        (
            {"tool": "delay", "amount": 3.0},
            lambda bass, _master: bass.values.update(I_PLAY_OFFSET_FLAG=2.0),
            "set in samples",
        ),
        (
            {"tool": "ceiling", "amount": -1.0, "on_mix": True},
            lambda _bass, master: master.values.update(D_VOL=1.2),
            "put it there first",
        ),
    ],
)
async def test_a_move_that_would_do_nothing_or_something_else_is_refused(
    window: Window, step: dict[str, Any], change: Any, sentence: str
) -> None:
    async with window.studio.daemon():
        await window.analyzed(Step(kind="GN", text="x", track="{BASS}", **step))
        change(window.bass, window.project.master)
        before = window.project.contents()
        await window.press("p")
        assert sentence in window.words()
    assert window.project.contents() == before


async def test_a_curve_of_the_users_own_that_new_equalisers_come_with_is_switched_off(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.fix()
    (fx,) = window.bass.fx
    assert [band.frequency_hz for band in fx.bands if band.enabled] == [240.0]


async def test_one_move_a_track_until_the_next_analysis(window: Window) -> None:
    other = a_marker("low.mono-2", actions=[BELL], track="{BASS}", stem="Bass", start_s=40.0, end_s=44.0)
    async with window.studio.daemon():
        await window.analyzed(BELL)
        plain = window.studio.desk.answer
        assert plain is not None
        mine = a_marker("low.boom-1", actions=[BELL], track="{BASS}", stem="Bass", **HERE)
        window.studio.desk.answer = lambda request, job: (
            a_feedback(mine, other, job=job, run="run-1") if request.passage is None else plain(request, job)
        )
        window.reaper.run(ANALYZE_MIX)
        await window.until_quiet()
        await window.fix()
        await window.press("down", "p")
        assert "analyze again first" in window.words()
    assert len(window.bass.fx) == 1


async def test_a_fader_moved_a_little_since_is_no_undo_and_no_second_helping(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(Step(kind="GN", text="x", tool="gain", gain_db=-2.0, track="{BASS}"))
        await window.fix()
        window.bass.values["D_VOL"] *= 1.01
        window.project.add_undo_point("Adjust track volume")
        await window.until_quiet()
        assert "changed by hand since" in window.words() + window.words()
        await window.press("p", "a")
    assert len(window.fixes()) == 1


async def test_undo_after_removing_everything_brings_back_what_is_still_ours(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        await window.fix()
    before = window.project.contents()
    window.reaper.run(REMOVE)
    assert window.bass.fx == []
    window.project.undo()
    assert window.project.contents() == before
    window.reaper.run(REMOVE)
    assert window.bass.fx == []


async def test_a_move_that_failed_is_no_step_in_the_history(window: Window) -> None:
    async with window.studio.daemon():
        await window.analyzed(BELL)
        steps = list(window.project.undo_steps)
        window.reaper.missing_effects.add("ReaEQ (Cockos)")
        await window.press("p", "a")
        assert "is not installed" in window.words()
    assert window.project.undo_steps == steps
