"""What REAPER's results window draws: nothing over anything else, nothing outside, and never more than is visible."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from support.gfx_canvas import FUNCTIONS, READ, WRITTEN
from support.results_window import LIB, LUAS, ResultsWindow
from support.window_states import DONE, LIVE, STATES, finding, many_findings, report
from uptrack_analysis.report import SEVERITIES, Severity
from uptrack_daemon.feedback import COLOURS

SIZES = [(320, 200), (420, 300), (900, 600), (1600, 1000)]
TABS = ("findings", "stems", "versions", "live")
SCRIPTS = sorted((LIB / "results").glob("*.lua"))

both = pytest.mark.parametrize("version", LUAS)
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def drawn(version: str, state: Mapping[str, Any], size: tuple[int, int], **more: Any) -> ResultsWindow:
    window = ResultsWindow(version, state, size, **more)
    window.tick()
    return window


def assert_tidy(window: ResultsWindow) -> None:
    """Every string lies in its room and in the window, and no two lie over each other."""
    width, height = window.gfx.pixels
    for text in window.gfx.texts:
        assert text.left >= 0, text
        assert text.top >= 0, text
        assert text.right <= min(text.room_right, width), text
        assert text.bottom <= min(text.room_bottom, height), text
    for one, other in combinations(window.gfx.texts, 2):
        assert not one.overlaps(other), (one, other)


# -- no text over another, none outside --------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)
names = st.none() | words
levels = st.floats(-200, 60)
scores = st.none() | st.floats(0, 100)
times = st.floats(-100, 7200)
actions = st.fixed_dictionaries(
    {"kind": st.sampled_from(["EQ", "MK", "NT"]), "text": words},
    optional={"gain_db": levels, "frequency_hz": st.floats(1, 30000), "q": st.floats(0.01, 100)},
)
fixes = st.fixed_dictionaries(
    {
        "state": st.sampled_from(
            ["preview", "applied", "measuring", "closed", "remaining", "unknown", "reverted", "refused"]
        ),
        "lines": st.lists(words, max_size=4),
        "sentence": words,
    }
)


@st.composite
def findings(draw: st.DrawFn, number: int) -> dict[str, Any]:
    start_s = draw(times)
    more = {
        "advice": draw(words) * draw(st.sampled_from([1, 1, 40])),
        "bar": draw(st.none() | st.sampled_from(["1.1", "-3.2", "12345.4"])),
        "stem": draw(names),
        "value": draw(st.none() | st.floats(-1e9, 1e9)),
        "unit": draw(st.sampled_from(["", "dB", "silent channels"])),
        "points": draw(st.floats(0, 100)),
        "low_hz": draw(st.none() | st.floats(1, 24000)),
        "high_hz": draw(st.none() | st.floats(1, 24000)),
        "expected_delta": draw(words),
        "dismissed": draw(st.booleans()),
        "actions": draw(st.lists(actions, max_size=3)),
        "fix": draw(st.none() | fixes),
    }
    severity = draw(st.sampled_from(SEVERITIES))
    whole = finding(number, draw(words), severity, "low end", start_s, start_s + draw(st.floats(0, 500)), **more)
    return {name: value for name, value in whole.items() if value is not None}


@st.composite
def reports(draw: st.DrawFn) -> dict[str, Any]:
    areas = [{"area": f"area {number}", "score": draw(scores)} for number in range(draw(st.integers(0, 8)))]
    bounds = sorted(draw(st.lists(st.floats(0, 600), max_size=9)))
    sections = [
        {"kind": draw(st.sampled_from(["intro", "build", "drop", None])), "start_s": start, "end_s": end, "bar": "17.1"}
        for start, end in pairwise(bounds)
    ]
    tracks: list[dict[str, Any]] = [
        {"track": "{0A}", "name": draw(words), "text": draw(words), "score": draw(scores), "findings": []}
        for _ in range(draw(st.integers(0, 5)))
    ]
    since = {
        "sentence": draw(words), "fixed": 2, "score_before": draw(scores), "score_after": draw(scores),
        "changes": [
            {"status": status, "title": draw(words), "severity": "major", "bar": "3.1", "stem": draw(names), **there}
            for status, there in [("new", {"finding": "finding-1", "start_s": 4.0}), ("fixed", {})]
        ],
    }  # fmt: skip
    return report(
        status=draw(words),
        score=draw(scores),
        project=draw(names),
        areas=areas,
        start_s=0.0,
        duration_s=draw(st.floats(0, 600)),
        sections=sections,
        since=draw(st.sampled_from([None, since])),
        findings=[draw(findings(number)) for number in range(draw(st.integers(0, 25)))],
        tracks=tracks,
    )


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    phases = ["empty", "no daemon", "rendering", "waiting", "analysing", "done", "failed"]
    state: dict[str, Any] = {"phase": draw(st.sampled_from(phases)), "sentence": draw(names)}
    if draw(st.integers(0, 3)):
        state["report"] = draw(reports())
    if draw(st.booleans()):
        state["progress"] = {"fraction": draw(st.floats(0, 1)), "stage": draw(words), "queued": draw(st.integers(0, 3))}
    if draw(st.booleans()):
        state["live"] = {
            "left_db": draw(levels),
            "right_db": draw(levels),
            "hold_db": draw(levels),
            "note": draw(words),
        }
    return state


views = st.fixed_dictionaries(
    {
        "tab": st.sampled_from(TABS),
        "selected": st.integers(1, 30),
        "scroll": st.integers(0, 30),
        "detail_scroll": st.integers(0, 60),
        "detail": st.booleans(),
        "help": st.sampled_from([False, False, False, True]),
        "filter": st.sampled_from(["all", "moderate", "blocker"]),
    }
)


@settings(max_examples=150)
@given(
    version=st.sampled_from(LUAS),
    state=states(),
    view=views,
    size=st.tuples(st.integers(1, 1800), st.integers(1, 1200)) | st.sampled_from(SIZES),
    retina=st.sampled_from([1.0, 1.25, 2.0]),
    stretch=st.sampled_from([0.8, 1.0, 1.3]),
)
@example(version="lua54", state=DONE, view={"tab": "findings"}, size=(320, 200), retina=1.0, stretch=1.3)
def test_no_text_lies_over_another_or_outside_its_box(
    version: str, state: dict[str, Any], view: dict[str, Any], size: tuple[int, int], retina: float, stretch: float
) -> None:
    assert_tidy(drawn(version, state, size, view=view, retina=retina, stretch=stretch))


@both
@sizes
@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("retina", [1.0, 2.0])
def test_every_state_is_tidy_at_every_size_and_says_something(
    version: str, name: str, size: tuple[int, int], retina: float
) -> None:
    window = drawn(version, STATES[name], size, retina=retina)
    for tab, detail in product(TABS, (False, True)):
        window.view.tab, window.view.detail = tab, detail
        window.frame()
        assert_tidy(window)
        assert window.gfx.texts


@both
def test_text_that_is_no_utf_8_or_turns_direction_is_shown_as_far_as_it_can_be(version: str) -> None:
    window = ResultsWindow(version, DONE)
    spoil = r'function(finding) finding.title = "bad \255 bytes\nand \u{202E}turned" end'  # such bytes stay inside Lua
    window.lua.eval(spoil)(window.state.report.findings[1])
    assert "bad ? bytes and  turned" in window.said()


# -- what is shown where -----------------------------------------------------------------------------------------------


@both
def test_a_wide_window_shows_list_and_detail_side_by_side(version: str) -> None:
    said = drawn(version, DONE, (900, 600), view={"selected": 2, "selected_id": "finding-2"}).said()
    assert "Gap in the signal" in said
    assert "Nearly all of it" in said.replace("\n", " ")
    assert "EQ" in said
    assert "Cut the side channel −12 dB at 110 Hz, Q 0.71" in said
    assert "Expect: loss in mono 4.1 → under 1 dB" in said
    assert "bar 37.1 · 1:08 – 2:08 · Bass · 20–120 Hz" in said
    assert "−4.1 dB · 87 % sure · costs 6.4 points" in said


@both
def test_a_narrow_window_shows_one_at_a_time(version: str) -> None:
    window = drawn(version, DONE, (420, 300))
    assert "row finding-2" in window.hots()
    assert "detail jump" not in window.hots()
    window.press("down", "\r")
    assert "detail jump" in window.hots()
    assert "row finding-2" not in window.hots()
    assert window.press(27) == [{"kind": "cancel", "what": "preview", "finding": "finding-2"}]
    window.state.report.findings[2].fix = None
    window.state.revision += 1
    assert window.press(27) == []
    assert "row finding-2" in window.hots()


@both
def test_a_low_window_has_its_header_in_one_line(version: str) -> None:
    high, low = drawn(version, DONE, (900, 600)), drawn(version, DONE, (900, 300))
    assert "area low end" in high.hots()
    assert "area low end" not in low.hots()
    first = [
        text for text in low.gfx.texts if text.text in {"67", "techno, club · 1 blocker · 3 major · coverage 94 %"}
    ]
    assert len({(text.top + text.bottom) // 4 for text in first}) == 1


@both
@pytest.mark.parametrize(
    ("name", "sentence", "buttons"),
    [
        ("empty", "Nothing analyzed yet", {"phase analyze mix", "phase analyze stems", "phase tab 4", "phase help"}),
        ("no daemon", "UpTrack is not running", {"phase start daemon", "phase help"}),
        ("failed", "leave the dialog open", {"phase analyze mix", "phase analyze stems", "phase help"}),
        ("analysing", "spectrum · 62 %", {"phase stop"}),
        ("waiting", "2 come first", {"phase stop"}),
        ("rendering", "REAPER stands still while it renders", set[str]()),
    ],
)
def test_without_a_report_the_window_says_why_and_what_can_be_done(
    version: str, name: str, sentence: str, buttons: set[str]
) -> None:
    window = drawn(version, STATES[name], (620, 400))
    assert sentence in window.said().replace("\n", " ")
    assert window.hots() == buttons


@both
def test_an_old_report_stays_while_a_new_one_is_on_its_way(version: str) -> None:
    window = drawn(version, STATES["again"], (900, 600))
    assert "Analyzing · spectrum · 62 %" in window.said()
    assert "Gap in the signal" in window.said()
    assert window.click("banner") == [{"kind": "cancel", "what": "job"}]


@both
def test_what_went_wrong_can_be_read_to_its_end_over_an_old_report(version: str) -> None:
    said = drawn(version, STATES["failed again"], (900, 600)).said().replace("\n", " ")
    assert "That did not work: The render" in said
    assert "leave the dialog open until it is done." in said


@both
@pytest.mark.parametrize("size", [(900, 600), (420, 300), (320, 200)])
def test_the_versions_tab_names_what_changed_by_status_place_and_title(version: str, size: tuple[int, int]) -> None:
    window = drawn(version, DONE, size, view={"tab": "versions"})
    said = window.said()
    assert "new\n37.1\nLeans left" in said
    assert "worse\n37.1" in said
    shown = [text.text for text in window.gfx.texts]
    assert shown.index("Leans left") < next(at for at, text in enumerate(shown) if text.startswith("Kick and bass"))


@both
def test_the_versions_tab_tells_a_fixed_one_whose_place_is_gone(version: str) -> None:
    assert "fixed\n–\nChords\nResonance" in drawn(version, DONE, (900, 600), view={"tab": "versions"}).said()


@both
def test_a_report_without_a_score_says_so(version: str) -> None:
    said = drawn(version, STATES["clean"], (900, 600)).said()
    assert "No score: too little could be measured." in said
    assert "Nothing found." in said


@both
@pytest.mark.parametrize("name", SEVERITIES)
def test_a_severity_has_a_shape_of_its_own_its_word_and_the_markers_colour(version: str, name: Severity) -> None:
    window = ResultsWindow(version, DONE)
    severity = window.module("theme").severity_of(name)
    red, green, blue = (round(severity.colour[channel] * 255) for channel in (1, 2, 3))
    assert f"#{red:02x}{green:02x}{blue:02x}" == COLOURS[name]
    assert severity.word == name
    assert severity.rank == SEVERITIES.index(name) + 1
    others = {window.module("theme").severity_of(other).mark for other in SEVERITIES if other != name}
    assert severity.mark not in others


def luminance(colour: Any) -> float:
    """Relative luminance after WCAG 2.1."""
    channels = [colour[index] for index in (1, 2, 3)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


@both
def test_every_colour_of_text_can_be_read_on_every_ground(version: str) -> None:
    theme = ResultsWindow(version, DONE).module("theme")
    inks = [theme.colour.text, theme.colour.dim, theme.colour.accent]
    inks += [theme.severity_of(name).ink for name in SEVERITIES]
    for ink in inks:
        for ground in (theme.colour.ground, theme.colour.panel):
            assert (luminance(ink) + 0.05) / (luminance(ground) + 0.05) >= 4.5  # WCAG 2.1, level AA
    for ground in (*theme.sections.values(), theme.other_section, theme.colour.selected, theme.colour.hover):
        assert (luminance(theme.colour.text) + 0.05) / (luminance(ground) + 0.05) >= 4.5


# -- what it costs -----------------------------------------------------------------------------------------------------


@both
@sizes
def test_five_thousand_findings_cost_no_more_than_fifty(version: str, size: tuple[int, int]) -> None:
    counts = []
    for many in (50, 5000):
        window = ResultsWindow(version, {"phase": "done", "report": report(findings=many_findings(many))}, size)
        window.tick()
        window.frame()  # a second one: what is measured once is known then
        counts.append(len(window.gfx.calls))
    few, many = counts
    assert many <= few + 6  # the scroll bar a tall window only has for the many


@both
def test_frames_in_which_nothing_happens_draw_nothing(version: str) -> None:
    window = drawn(version, DONE, (900, 600))
    window.gfx.forget()
    updates = window.gfx.updates
    for _ in range(3):
        assert window.tick() == []
    assert window.gfx.drawn() == []
    assert {name for name, _ in window.gfx.calls} == {"getchar", "dock", "update"}
    assert window.gfx.updates == updates + 3
    assert window.lua.eval("gfx.clear") == -1  # so gfx wipes nothing of the frame that stays


@both
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda window: window.gfx.resize(901, 600), id="size"),
        pytest.param(lambda window: window.show(phase="analysing"), id="phase"),
        pytest.param(lambda window: window.state.__setitem__("revision", 99), id="revision"),
        pytest.param(lambda window: window.state.live.__setitem__("left_db", -3.0), id="meter"),
        pytest.param(lambda window: window.state.progress.__setitem__("fraction", 0.7), id="progress"),
        pytest.param(lambda window: window.gfx.press("?"), id="key"),
        pytest.param(lambda window: setattr(window.gfx, "mouse", (30, 592)), id="hover"),
    ],
)
def test_whatever_can_be_seen_to_change_is_drawn(version: str, change: Any) -> None:
    window = drawn(version, LIVE | {"progress": {"fraction": 0.5}}, (900, 600), view={"tab": "live"})
    window.tick()
    window.gfx.forget()
    window.tick()
    assert window.gfx.drawn() == []
    change(window)
    window.tick()
    assert window.gfx.drawn() != []


@both
def test_a_meter_nobody_sees_draws_nothing(version: str) -> None:
    window = drawn(version, LIVE, (900, 600))
    window.gfx.forget()
    window.state.live.left_db = -3.0
    window.tick()
    assert window.gfx.drawn() == []


# -- the canvas itself -------------------------------------------------------------------------------------------------


@both
def test_a_fine_screen_doubles_the_pixels_and_moves_nothing(version: str) -> None:
    plain, fine = drawn(version, DONE, (900, 600)), drawn(version, DONE, (900, 600), retina=2.0)
    assert fine.gfx.pixels == (1800, 1200)
    assert plain.hots() == fine.hots()
    for small, large in zip(plain.gfx.texts, fine.gfx.texts, strict=True):
        assert large.bottom - large.top == pytest.approx(2 * (small.bottom - small.top), abs=2)
    assert fine.click("tab stems") == plain.click("tab stems") == []
    assert fine.view.tab == plain.view.tab == "stems"
    assert plain.gfx.image().size == (900, 600)
    assert fine.gfx.image().size == (1800, 1200)


MACS = pytest.mark.parametrize("mac", [True, False], ids=["macOS", "elsewhere"])


@both
@MACS
@pytest.mark.parametrize("retina", [1.0, 1.5, 2.0])
def test_the_window_opens_again_where_it_was_however_often(version: str, retina: float, mac: bool) -> None:
    window = drawn(version, DONE, (700, 500), retina=retina)
    window.gfx.mac = mac
    place = window.window.place()
    assert (place.x, place.y, place.w, place.h, place.dock) == (120, 80, 700, 500, 0)
    window.gfx.obeys = True
    for _ in range(3):
        window.window.close()
        window.window.open("UpTrack", place)
        place = window.window.place()
        assert (place.x, place.y, place.w, place.h, place.dock) == (120, 80, 700, 500, 0)


@both
def test_a_docked_window_opens_again_in_its_dock_and_knows_where_it_floated(version: str) -> None:
    window = drawn(version, DONE, (700, 500), retina=2.0)
    window.gfx.docked = True
    window.gfx.resize(1900, 200)
    docked = window.window.place()
    assert (docked.w, docked.h, docked.dock) == (700, 500, 257)
    window.window.close()
    window.window.open("UpTrack", docked)
    assert window.gfx.calls[-1] == ("init", ("UpTrack", 700, 500, 257, 120, 80))


@both
@MACS
@pytest.mark.parametrize("retina", [1.0, 1.5, 2.0])
def test_a_new_window_is_as_large_in_points_on_every_screen(version: str, retina: float, mac: bool) -> None:
    window = drawn(version, DONE, (700, 500), retina=retina)
    window.window.close()
    window.gfx.mac, window.gfx.obeys = mac, True
    window.window.open("UpTrack")
    assert window.gfx.pixels == (round(900 * retina), round(600 * retina))
    assert (window.frame().width, window.frame().height) == (900, 600)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ("gfx.rect(1, 2, 3)", "gfx.rect(x,y,w,h[,filled]) got 3 arguments"),
        ("gfx.rect(1, 2, 3, 4, 1, 1)", "got 6 arguments"),
        ("gfx.rect(1, 2, '3', 4)", "w must be a number"),
        ("gfx.rect(1, 2, 0/0, 4)", "w must be a number"),
        ("gfx.measurestr(4)", "str must be a string"),
        ("gfx.triangle(1, 2, 3, 4, 5, 6, 7)", "got 7 arguments"),
        ("gfx.drawstring('x')", "no gfx.drawstring"),
        ("gfx.w = 4", "gfx.w is not ours to set"),
        ("gfx.x = 'left'", "gfx.x must be a number"),
        ("gfx.setfont(17, 'Arial', 12)", "16 fonts"),
        ("gfx.setfont(1, 'Arial', 120)", "from 8 to 100"),
        ("gfx.setfont(16)", "was never set up"),
        ("gfx.set(2, 0, 0)", "from 0 to 1"),
        ("gfx.setfont(1, 'Arial', 12) gfx.drawstr('a\\nb', 0, 90, 90)", "second line"),
        ("gfx.quit() gfx.rect(1, 2, 3, 4)", "without a window"),
    ],
)
@both
def test_the_stand_in_refuses_what_gfx_does_not_have(version: str, call: str, complaint: str) -> None:
    window = drawn(version, DONE, (900, 600))
    with pytest.raises(Exception, match=re.escape(complaint)):
        window.lua.execute(call)


def test_the_tables_hold_exactly_what_our_scripts_use() -> None:
    text = "\n".join(code_of(script) for script in SCRIPTS)
    used = set(re.findall(r"\bgfx\.(\w+)", text))
    assert used == set(FUNCTIONS) | READ | WRITTEN
    assert {name for name in used if re.search(rf"\bgfx\.{name} = ", text)} == WRITTEN
    assert set(re.findall(r"\bgfx\.(\w+)\(", text)) == set(FUNCTIONS)


def test_only_the_canvas_touches_gfx_and_nothing_here_touches_reaper() -> None:
    for script in SCRIPTS:
        code = code_of(script)
        assert ("gfx." in code) == (script.name == "canvas.lua"), script
        assert "reaper." not in code, script


def test_the_pictures_of_the_documentation_are_drawn_by_the_scripts_themselves(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    script = root / "scripts" / "draw_reaper_window.py"
    command = [sys.executable, str(script), "window-smallest", "--to", str(tmp_path)]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(root / "tests")})
    picture = Image.open(tmp_path / "reaper-window-smallest.png").convert("RGB")
    assert picture.size == (320, 200)
    colours = {colour for _, colour in picture.getcolors(1 << 16) or []}
    shown: tuple[Severity, ...] = ("blocker", "major", "moderate")
    for severity in shown:  # their marks are in the first rows
        assert tuple(bytes.fromhex(COLOURS[severity][1:])) in colours


def code_of(script: Path) -> str:
    """A script without its comments."""
    return re.sub(r"--.*", "", re.sub(r"--\[\[.*?\]\]", "", script.read_text(encoding="utf-8"), flags=re.DOTALL))
