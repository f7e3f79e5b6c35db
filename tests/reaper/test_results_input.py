"""What REAPER's results window does with mouse and keys: intents for the script, and changes of its own view."""

from __future__ import annotations

from typing import Any

import pytest

from support.results_window import LUAS, ResultsWindow
from support.window_states import AGAIN, DONE, EMPTY, NO_DAEMON, many_findings, report

ENTER, ESC, TAB, SPACE, DELETE, BACK_TAB, BACKSPACE = 13, 27, 9, 32, "del", 9, 8
PREVIEWED, APPLIED, REMAINING, FIXABLE, UNFIXABLE, DISMISSED = 2, 3, 4, 5, 6, 9
"""Numbers of the sample findings by the state of their fix."""


@pytest.fixture(params=LUAS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def window(version: str) -> ResultsWindow:
    """A window wide enough for list and detail, with thirteen findings."""
    return opened(version, DONE)


def opened(version: str, state: dict[str, Any], size: tuple[int, int] = (900, 600), **view: Any) -> ResultsWindow:
    window = ResultsWindow(version, state, size, view=view)
    window.tick()
    return window


def choose(window: ResultsWindow, number: int) -> None:
    window.module("state").select(window.state, number)
    window.tick()


# -- keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "key", "intent"),
    [
        (1, ENTER, {"kind": "jump", "finding": "finding-1"}),
        (1, "l", {"kind": "loop", "finding": "finding-1"}),
        (1, "d", {"kind": "dismiss", "finding": "finding-1", "scope": "finding", "undo": False}),
        (1, "D", {"kind": "dismiss", "finding": "finding-1", "scope": "rule", "undo": False}),
        (DISMISSED, "d", {"kind": "dismiss", "finding": "finding-9", "scope": "finding", "undo": True}),
        (FIXABLE, "p", {"kind": "preview", "finding": "finding-5"}),
        (PREVIEWED, "a", {"kind": "apply", "finding": "finding-2"}),
        (PREVIEWED, ESC, {"kind": "cancel", "what": "preview", "finding": "finding-2"}),
        (APPLIED, "r", {"kind": "revert", "finding": "finding-3"}),
        (REMAINING, "r", {"kind": "revert", "finding": "finding-4"}),
        (1, "m", {"kind": "analyze", "what": "mix"}),
        (1, "M", {"kind": "analyze", "what": "stems"}),
        (1, "c", {"kind": "console"}),
        (1, "w", {"kind": "page"}),
        (1, "b", {"kind": "place markers"}),
        (1, SPACE, {"kind": "play"}),
        (1, ESC, {"kind": "close"}),
    ],
)
def test_a_key_becomes_its_intent(window: ResultsWindow, number: int, key: str | int, intent: dict[str, Any]) -> None:
    choose(window, number)
    assert window.press(key) == [intent]


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (PREVIEWED, "p"), (FIXABLE, "a"), (FIXABLE, "r"), (UNFIXABLE, "p"), (APPLIED, "a"), (APPLIED, "p"), (1, "x"),
        (1, "g"), (1, "y"), (1, "f5"), (1, 26), (1, "left"),
    ],
)  # fmt: skip
def test_a_key_that_makes_no_sense_now_does_nothing(window: ResultsWindow, number: int, key: str | int) -> None:
    choose(window, number)
    assert window.press(key) == []
    assert window.view.selected == number


def test_keys_typed_between_two_frames_are_all_heard_in_order(window: ResultsWindow) -> None:
    assert [intent["kind"] for intent in window.press("down", "l", SPACE, ENTER)] == ["loop", "play", "jump"]


def test_the_list_is_walked_by_keys_and_follows_them(version: str) -> None:
    window = opened(version, {"phase": "done", "report": report(findings=many_findings(300))})
    rows = window.frame().rows
    for keys, selected in [
        (["down"], 2), (["up", "up"], 1), (["pgdn"], rows), (["end"], 300), (["pgup"], 301 - rows), (["home"], 1),
    ]:  # fmt: skip
        window.press(*keys)
        assert window.view.selected == selected
        assert window.view.scroll < selected <= window.view.scroll + rows
        assert f"row finding-{selected}" in window.hots()


def test_the_filter_goes_through_all_severities_and_keeps_the_selection(window: ResultsWindow) -> None:
    choose(window, 5)
    seen = []
    for _ in range(5):
        window.press("f")
        seen.append((window.view.filter, len(window.module("state").listed(window.state)), window.view.selected_id))
    assert seen == [
        ("minor", 11, "finding-5"),
        ("moderate", 8, "finding-5"),
        ("major", 4, "finding-4"),
        ("blocker", 1, "finding-1"),
        ("all", 13, "finding-1"),
    ]


def test_tabs_have_numbers_and_s_goes_to_the_stems_and_back(window: ResultsWindow) -> None:
    for key, tab in [
        ("s", "stems"),
        ("s", "findings"),
        ("3", "versions"),
        ("4", "live"),
        ("2", "stems"),
        ("1", "findings"),
    ]:
        assert window.press(key) == []
        assert window.view.tab == tab


def test_the_page_of_keys_names_every_command_and_can_be_left(window: ResultsWindow) -> None:
    window.gfx.resize(900, 900)
    window.press("?")
    said = window.said()
    for command in window.module("commands").list.values():
        assert command.help in said
    assert window.press(ESC) == []
    assert not window.view.help
    window.press("f1")
    assert window.view.help


def test_a_row_of_the_page_of_keys_is_a_button(window: ResultsWindow) -> None:
    window.press("?")
    assert window.click("help loop") == [{"kind": "loop", "finding": "finding-1"}]
    assert not window.view.help


@pytest.mark.parametrize("size", [(900, 600), (320, 200)])
def test_removing_everything_is_asked_once_more(version: str, size: tuple[int, int]) -> None:
    window = opened(version, DONE, size)
    assert window.press(DELETE) == []
    assert "Delete: yes, Esc: no." in window.said().replace("\n", " ")
    assert window.click("banner") == [{"kind": "remove all"}]
    assert window.press(DELETE) == []
    assert window.press(ESC) == []
    assert window.press(DELETE, "down", DELETE) == [{"kind": "remove all"}]
    assert window.press(DELETE) == []
    assert window.press("l") != []
    assert window.press(DELETE) == []  # another command in between withdraws the question
    assert window.press(DELETE) == [{"kind": "remove all"}]


@pytest.mark.parametrize("mac", [True, False])
def test_a_macs_delete_key_removes_everything_and_elsewhere_backspace_answers_only(version: str, mac: bool) -> None:
    window = opened(version, DONE, (900, 600))
    window.show(is_mac=mac)
    assert window.press(BACKSPACE) == []
    assert bool(window.view.asking) == mac
    if not mac:
        window.press(DELETE)
    assert ("Delete (⌫): yes" if mac else "Delete: yes") in window.said().replace("\n", " ")
    assert window.press(BACKSPACE) == [{"kind": "remove all"}]
    window.press("?")
    assert ("Delete (⌫)" if mac else "Delete") in window.said().split("\n")


def test_escape_does_not_close_a_docked_window(window: ResultsWindow) -> None:
    window.gfx.docked = True
    assert window.press(ESC) == []


def test_tab_reaches_every_part_and_enter_presses_what_has_the_focus(window: ResultsWindow) -> None:
    groups, pressed = [], {}
    for _ in range(20):
        window.press(TAB)
        groups.append(window.view.focus)
        if window.view.focus == "list":
            break
    assert groups[-1] == "list"
    assert set(groups) == {"footer", "areas", "ruler", "tabs", "list", "detail"}
    window.press(TAB)
    assert window.view.focus == "detail"
    for _ in range(4):
        pressed[window.view.item] = window.press(ENTER)
        window.press("right")
    assert pressed == {
        "detail jump": [{"kind": "jump", "finding": "finding-1"}],
        "detail loop": [{"kind": "loop", "finding": "finding-1"}],
        "detail preview": [{"kind": "preview", "finding": "finding-1"}],
        "detail dismiss": [{"kind": "dismiss", "finding": "finding-1", "scope": "finding", "undo": False}],
    }
    window.gfx.mouse_cap = 8  # Shift
    window.press(BACK_TAB)
    assert window.view.focus == "list"


def test_everything_the_mouse_reaches_the_keyboard_reaches(window: ResultsWindow) -> None:
    reached = set()
    for _ in range(8):
        window.press(TAB)
        for _ in range(40):
            window.press("right")
            reached.add(window.view.item)
    rows = {hot for hot in window.hots() if hot.startswith("row ")}
    assert rows  # those have keys of their own
    assert window.hots() - rows <= reached


def test_escape_brings_the_focus_back_to_the_list(window: ResultsWindow) -> None:
    window.press(TAB)
    assert window.press(ESC) == []
    assert window.view.focus == "list"
    assert window.view.item is None


def test_without_a_report_enter_does_the_obvious(version: str) -> None:
    assert opened(version, EMPTY).press(ENTER) == [{"kind": "analyze", "what": "mix"}]
    assert opened(version, NO_DAEMON).press(ENTER) == [{"kind": "start daemon"}]


def test_while_it_is_busy_the_window_starts_nothing_and_can_cancel(version: str) -> None:
    window = opened(version, AGAIN)
    assert window.press("m", "M") == []
    assert window.press("x") == [{"kind": "cancel", "what": "job"}]


# -- the mouse ---------------------------------------------------------------------------------------------------------


def test_one_click_on_a_row_selects_it_and_goes_there(window: ResultsWindow) -> None:
    assert window.click("row finding-4") == [{"kind": "jump", "finding": "finding-4"}]
    assert window.view.selected_id == "finding-4"


def test_what_is_looped_says_so_and_escape_ends_that_before_it_closes_the_window(window: ResultsWindow) -> None:
    choose(window, 5)
    window.show(looped="finding-5")
    window.tick()
    assert "looping" in window.said()
    assert "Stop looping" in window.said()
    assert window.press(ESC) == [{"kind": "end loop"}]
    window.show(looped=None)
    window.tick()
    assert "ooping" not in window.said()
    assert window.press(ESC) == [{"kind": "close"}]


def test_a_click_on_a_span_of_the_ruler_goes_to_its_finding(window: ResultsWindow) -> None:
    assert window.click("span finding-7") == [{"kind": "jump", "finding": "finding-7"}]
    assert window.view.selected == 7


def test_a_click_on_a_section_goes_to_its_beginning(window: ResultsWindow) -> None:
    assert window.click("section 3") == [{"kind": "seek", "time_s": 68.0}]


def test_a_click_on_an_area_lists_its_findings_and_a_second_one_all(window: ResultsWindow) -> None:
    window.click("area stereo")
    listed = [finding.id for finding in window.module("state").listed(window.state).values()]
    assert listed == ["finding-3", "finding-6"]
    assert "2 of 13: stereo" in window.said()
    window.click("area stereo")
    assert window.view.area == ""


def test_a_click_on_a_stem_lists_the_findings_that_name_it(window: ResultsWindow) -> None:
    window.press("s")
    window.click("stem 2")
    assert window.view.tab == "findings"
    assert "2 of 13: Bass" in window.said()
    window.click("clear filters")
    assert len(window.module("state").listed(window.state)) == 13


@pytest.mark.parametrize("size", [(900, 600), (420, 300), (320, 200)])
def test_a_click_on_what_changed_since_the_version_before_goes_there_as_in_the_list(
    version: str, size: tuple[int, int]
) -> None:
    window = opened(version, DONE, size, tab="versions")
    assert window.click("change 2") == [{"kind": "jump", "finding": "finding-8"}]
    assert window.view.tab == "versions"
    assert window.view.selected_id == "finding-8"
    assert "change 3" not in window.hots(), "a fixed one is nowhere to go to"


def test_what_changed_is_scrolled_by_keys_where_there_is_not_room_for_all(version: str) -> None:
    window = opened(version, DONE, (420, 150), tab="versions")
    assert "Leans left" in window.said()
    assert "Resonance" not in window.said()
    window.press("end")
    assert "Resonance" in window.said()


@pytest.mark.parametrize(
    ("name", "intent"),
    [
        ("footer analyze mix", {"kind": "analyze", "what": "mix"}),
        ("footer analyze stems", {"kind": "analyze", "what": "stems"}),
        ("footer console", {"kind": "console"}),
        ("footer page", {"kind": "page"}),
        ("detail loop", {"kind": "loop", "finding": "finding-1"}),
        ("detail preview", {"kind": "preview", "finding": "finding-1"}),
        ("detail dismiss rule", {"kind": "dismiss", "finding": "finding-1", "scope": "rule", "undo": False}),
    ],
)
def test_a_button_gives_its_intent(window: ResultsWindow, name: str, intent: dict[str, Any]) -> None:
    assert window.click(name) == [intent]


@pytest.mark.parametrize("elsewhere", ["footer console", "row finding-1", None])
def test_letting_go_somewhere_else_takes_a_click_back(window: ResultsWindow, elsewhere: str | None) -> None:
    other = window.hot(elsewhere).box if elsewhere else None
    box = window.hot("footer analyze mix").box
    window.gfx.mouse, window.gfx.mouse_cap = (box.x + 2, box.y + 2), 1
    window.tick()
    window.gfx.mouse = (other.x + 2, other.y + 2) if other else (890, 300)
    window.tick()
    window.gfx.mouse_cap = 0
    assert window.tick() == []


def test_holding_the_button_clicks_once(window: ResultsWindow) -> None:
    box = window.hot("footer analyze mix").box
    window.gfx.mouse, window.gfx.mouse_cap = (box.x + 2, box.y + 2), 1
    assert window.tick() == []
    assert window.tick() == []
    window.gfx.mouse_cap = 0
    assert window.tick() == [{"kind": "analyze", "what": "mix"}]
    assert window.tick() == []


def test_the_wheel_scrolls_what_is_under_the_mouse_also_by_less_than_a_notch(version: str) -> None:
    window = opened(version, {"phase": "done", "report": report(findings=many_findings(100))})
    box = window.hot("row finding-2").box
    window.gfx.mouse = (box.x + 20, box.y + 4)
    window.gfx.turn_wheel(-240)
    window.tick()
    assert window.view.scroll == 6
    for _ in range(4):
        window.gfx.turn_wheel(30)
        window.tick()
    assert window.view.scroll == 3
    window.gfx.turn_wheel(120 * 50)
    window.tick()
    assert window.view.scroll == 0
    window.gfx.turn_wheel(-120 * 500)
    window.tick()
    assert window.view.scroll == 100 - window.frame().rows
    window.gfx.mouse = (450, 20)  # over the header
    window.gfx.turn_wheel(120)
    window.tick()
    assert window.view.scroll == 100 - window.frame().rows


def test_the_scroll_bar_is_dragged(version: str) -> None:
    window = opened(version, {"phase": "done", "report": report(findings=many_findings(1000))})
    box = window.hot("scroll scroll").box
    window.gfx.mouse, window.gfx.mouse_cap = (box.x + 4, box.y + 2), 1
    window.tick()
    assert window.view.scroll == 0
    window.gfx.mouse = (10, box.y + box.h / 2)  # the mouse may leave the bar while it drags
    window.tick()
    assert window.view.scroll == pytest.approx((1000 - window.frame().rows) / 2, abs=2)
    window.gfx.mouse = (10, 5000)
    window.tick()
    assert window.view.scroll == 1000 - window.frame().rows
    window.gfx.mouse_cap = 0
    assert window.tick() == []


# -- over time ---------------------------------------------------------------------------------------------------------


def test_a_new_report_keeps_the_same_finding_selected(window: ResultsWindow) -> None:
    choose(window, 5)
    fewer = [finding for finding in report()["findings"] if finding["id"] not in {"finding-1", "finding-3"}]
    window.show(report=report(findings=fewer))
    window.tick()
    assert (window.view.selected, window.view.selected_id) == (3, "finding-5")
    window.show(report=report(findings=fewer[:1]))
    window.tick()
    assert (window.view.selected, window.view.selected_id) == (1, "finding-2")
    window.show(report=report(findings=[]))
    window.tick()
    assert window.press(ENTER, "l", "d", "p", "down", "end") == []


def test_a_shorter_report_is_not_scrolled_past_its_end(version: str) -> None:
    window = opened(version, {"phase": "done", "report": report(findings=many_findings(300))})
    window.press("end")
    window.show(report=report())
    window.tick()
    assert window.view.scroll == 0
    assert "row finding-1" in window.hots()


def test_the_tick_after_the_user_closed_the_window_says_so(window: ResultsWindow) -> None:
    window.window.close()
    assert window.tick() is None
