"""What was just played, from the play cursor to the markers, and how ReaStream gets onto the master."""

from __future__ import annotations

from typing import Any

import pytest

from support.feedbacks import a_feedback, a_marker
from support.gfx_canvas import GfxCanvas
from support.reaper_project import FakeFx
from support.reaper_transport import AS_INSTALLED, SENDING
from support.studio import ANALYZE_LIVE, REMOVE, RESULTS, Studio
from support.studio_window import Window
from uptrack_bridges.messages import Analyze, Capture, Feedback, FeedbackApplied, LiveGet, LiveStream

PLAY = 40044
ONE_STREAM = LiveStream(
    stream="default", rate_hz=44_100, channels=2, seconds=600.0, silent_s=0.0, missing_s=0.0
)  # fmt: skip


class Player:
    """A studio whose desk hears one stream, and whoever presses its keys."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.reaper, self.project = studio, studio.reaper, studio.reaper.front
        studio.desk.streams = [ONE_STREAM]
        studio.desk.answer = self._answer
        self.gfx: GfxCanvas | None = None
        self.reaper.prepare = self._give_gfx

    def _give_gfx(self, lua: Any, script: Any) -> None:
        if script == RESULTS:
            self.gfx = GfxCanvas(lua)

    def _answer(self, request: Analyze, job: str) -> Feedback:
        assert request.project is not None
        start_s = request.project.start_s
        marker = a_marker("low.mono-1", start_s=start_s + 1.0, end_s=start_s + 1.0)
        return a_feedback(marker, job=job, run="run-1", start_s=start_s, duration_s=4.0)

    def play(self, seconds: float, *, rounds: int = 20) -> None:
        """Play on (or begin to) for so long, and go round meanwhile."""
        if not self.project.playing:
            self.reaper.Main_OnCommandEx(PLAY, 0, self.project)
        for _ in range(rounds):
            self.reaper.turn(seconds / rounds)

    def stop(self) -> None:
        self.reaper.Main_OnCommandEx(PLAY, 0, self.project)

    async def capture(self) -> Capture | None:
        """What the action asks for; ``None`` where it says something instead."""
        before, console = len(self.studio.said(Capture)), self.reaper.console
        self.reaper.run(ANALYZE_LIVE)
        await self.studio.until(lambda: len(self.studio.said(Capture)) > before or self.reaper.console != console)
        said = self.studio.said(Capture)
        return said[-1] if len(said) > before else None


@pytest.fixture
async def player(studio: Studio) -> Player:
    return Player(studio)


def spans(player: Player, asked: Capture | None) -> tuple[float, float]:
    """From and to, in project seconds, of what was asked for while it plays on."""
    assert asked is not None
    assert asked.ago_s == 0
    end_s = player.project.position_s
    return pytest.approx(end_s - asked.seconds, abs=0.3), end_s  # type: ignore[return-value]


# -- without a watcher -------------------------------------------------------------------------------------------------


async def test_what_plays_since_the_edit_cursor_is_captured_analysed_and_marked(player: Player) -> None:
    player.project.cursor_s = 32.0
    player.play(8.0)
    async with player.studio.daemon():
        asked = await player.capture()
        assert spans(player, asked) == (32.0, player.project.position_s)
        await player.studio.until(lambda: not player.reaper.running)
    (request,) = player.studio.said(Analyze)
    assert request.mix is not None
    assert request.mix.path == "/home/ada/.uptrack/audio/capture.wav"
    assert request.project is not None
    assert request.project.start_s == pytest.approx(32.0, abs=0.3)
    assert request.project.id is not None
    assert request.project.id.endswith(" live")  # versions of it are compared with each other
    (marker,) = player.project.markers
    assert marker.position_s == pytest.approx(33.0, abs=0.3)


async def test_a_jump_while_it_plays_begins_anew_as_the_edit_cursor_does(player: Player) -> None:
    player.play(8.0)
    player.reaper.SetEditCurPos2(player.project, 64.0, True, True)
    player.play(5.0)
    async with player.studio.daemon():
        assert spans(player, await player.capture()) == (64.0, player.project.position_s)


async def test_in_a_loop_only_what_is_certain_counts(player: Player) -> None:
    player.project.cursor_s, player.project.loop_s, player.project.repeat = 10.0, (16.0, 24.0), 1
    player.play(17.0)  # to 24, back to 16, on to 19
    assert player.project.position_s == pytest.approx(19.0)
    async with player.studio.daemon():
        assert spans(player, await player.capture()) == (16.0, player.project.position_s)


@pytest.mark.parametrize(
    ("rate", "plays", "words"),
    [
        (1.0, False, "nothing is playing, and nobody watched what was played"),
        (1.5, True, "the play rate is not 1"),
    ],
)
async def test_what_cannot_be_placed_is_not_captured_and_said(
    player: Player, rate: float, plays: bool, words: str
) -> None:
    player.project.play_rate = rate
    if plays:
        player.play(8.0)
    async with player.studio.daemon():
        assert await player.capture() is None
    assert words in player.reaper.console


async def test_a_daemon_that_hears_nothing_says_what_to_do(player: Player) -> None:
    player.studio.desk.streams = []
    player.play(8.0)
    async with player.studio.daemon():
        await player.capture()
        await player.studio.until(lambda: not player.reaper.running)
    assert "No live audio has come in. Put ReaStream on the master." in player.reaper.console
    assert player.project.markers == []
    assert player.project.undo_steps == []


async def test_audio_that_was_lost_on_the_way_is_told(player: Player) -> None:
    player.studio.desk.streams = [ONE_STREAM.model_copy(update={"missing_s": 0.7})]
    player.play(8.0)
    async with player.studio.daemon():
        await player.capture()
        await player.studio.until(lambda: not player.reaper.running)
    assert "0.7 s of the live audio were lost on the way" in player.reaper.console


# -- watched by the results window -------------------------------------------------------------------------------------


async def test_what_was_played_and_stopped_is_known_to_an_open_window(player: Player) -> None:
    player.reaper.run(RESULTS)
    player.project.cursor_s = 32.0
    player.play(8.0)
    player.stop()
    for _ in range(30):
        player.reaper.turn(0.1)
    async with player.studio.daemon():
        now_s = player.reaper.now_s
        asked = await player.capture()
    assert asked is not None
    assert asked.seconds == pytest.approx(8.0, abs=0.45)  # the first round after the key press has played already
    assert asked.ago_s == pytest.approx(3.0 + player.reaper.now_s - now_s, abs=0.3)


async def test_who_only_plays_gets_nothing_of_ours_into_his_project(player: Player) -> None:
    player.studio.tracks("Kick", seconds=60.0)
    player.project.name = "Late at night.rpp"
    player.reaper.run(RESULTS)
    player.play(8.0)
    player.stop()
    assert player.project.state == {}
    async with player.studio.daemon():
        asked = await player.capture()
    assert asked is not None
    assert asked.seconds == pytest.approx(8.0, abs=0.5), "it is known all the same"


async def test_a_watcher_sees_where_a_loop_came_round(player: Player) -> None:
    player.reaper.run(RESULTS)
    player.project.cursor_s, player.project.loop_s, player.project.repeat = 10.0, (10.0, 24.0), 1
    player.play(17.0, rounds=100)
    async with player.studio.daemon():
        assert spans(player, await player.capture()) == (10.0, player.project.position_s)


@pytest.mark.parametrize("of_before", [{("UpTrack", "project"): "{0A0B0C0E}"}, {}], ids=["with an id", "without one"])
async def test_another_project_s_playing_is_not_this_one_s(
    player: Player, of_before: dict[tuple[str, str], str]
) -> None:
    player.reaper.run(RESULTS)
    player.project.state.update(of_before)
    player.play(8.0)
    player.stop()
    player.reaper.SetProjExtState(player.project, "UpTrack", "project", "{0A0B0C0D}")
    if not of_before:
        player.project.name = "Loaded into the same tab.rpp"
    async with player.studio.daemon():
        assert await player.capture() is None
    assert "nothing is playing" in player.reaper.console


# -- the Live tab ------------------------------------------------------------------------------------------------------


class LiveTab:
    """The window on its Live tab, without any report; it asks the daemon once a second, so it is never quiet."""

    def __init__(self, window: Window) -> None:
        self.window, self.studio, self.reaper, self.project = window, window.studio, window.reaper, window.project

    async def press(self, key: str) -> None:
        assert self.window.gfx is not None
        self.window.gfx.press(key)
        await self.studio.until(lambda: not self.window.gfx.keys if self.window.gfx else True)

    async def reads(self, words: str) -> None:
        await self.studio.until(lambda: words in self.window.words())

    @property
    def effects(self) -> list[FakeFx]:
        return self.project.master.fx


@pytest.fixture
async def tab(window: Window) -> LiveTab:
    window.reaper.run(RESULTS)
    window.reaper.turn(0.05)
    made = LiveTab(window)
    await made.press("4")
    return made


async def test_it_puts_reastream_on_the_master_and_shows_three_clicks(tab: LiveTab) -> None:
    async with tab.studio.daemon():
        await tab.reads("put ReaStream, which comes with REAPER, on the master")
        await tab.press("u")
        await tab.studio.until(lambda: tab.reaper.windows_shown)
        (fx,) = tab.effects
        assert (fx.name, fx.shown_name) == ("ReaStream (Cockos)", "UpTrack: live audio (ReaStream)")
        assert fx.values["vst_chunk"] == AS_INSTALLED
        assert tab.project.undo_steps == ["UpTrack: put ReaStream on the master"]
        for click in ("choose “Send audio/MIDI”", "as IP address type 127.0.0.1", "tick “Enabled”"):
            await tab.reads(click)
        await tab.press("u")  # once more: only its window
        await tab.studio.until(lambda: len(tab.reaper.windows_shown) == 2)
        assert len(tab.effects) == 1


async def test_what_is_heard_is_remembered_and_the_next_project_s_reastream_is_set_like_it(tab: LiveTab) -> None:
    async with tab.studio.daemon():
        await tab.press("u")
        await tab.studio.until(lambda: tab.effects)
        tab.effects[0].values["vst_chunk"] = SENDING  # three clicks
        tab.studio.desk.streams = [ONE_STREAM]
        await tab.reads("UpTrack hears “default”: 44.1 kHz, stereo.")
        await tab.studio.until(lambda: tab.reaper.kept_ext_state.get(("UpTrack live", "reastream")) == SENDING)
        tab.effects.clear()
        tab.studio.desk.streams = []
        await tab.reads("put ReaStream")
        await tab.press("u")
        await tab.studio.until(lambda: tab.effects)
    assert tab.effects[0].values["vst_chunk"] == SENDING


async def test_what_was_played_is_analysed_by_one_key(tab: LiveTab) -> None:
    tab.studio.desk.streams = [ONE_STREAM]
    tab.studio.desk.answer = lambda _request, job: a_feedback(job=job, run="run-1")
    async with tab.studio.daemon():
        await tab.reads("Play a passage")
        await tab.press("v")  # nothing to be analysed yet
        tab.reaper.Main_OnCommandEx(PLAY, 0, tab.project)
        await tab.reads("0:03 played without a break.")
        assert tab.studio.said(Capture) == []
        await tab.press("v")
        await tab.studio.until(lambda: tab.studio.said(FeedbackApplied))


async def test_a_port_that_is_taken_is_told_in_the_daemon_s_words(tab: LiveTab) -> None:
    tab.studio.desk.deaf = "Expected UDP port 58710 for live audio, but it is taken: end what else uses it."
    async with tab.studio.daemon():
        await tab.reads("Expected UDP port 58710 for live audio")
        await tab.press("u")  # no set-up would help
        tab.reaper.turn(0.1)
    assert tab.effects == []


async def test_a_reastream_of_the_user_s_own_is_used_and_never_taken_out(tab: LiveTab) -> None:
    tab.reaper.TrackFX_AddByName(tab.project.master, "ReaStream (Cockos)", False, -1)
    async with tab.studio.daemon():
        await tab.reads("tick “Enabled”")
        await tab.press("u")
        await tab.studio.until(lambda: tab.reaper.windows_shown)
        tab.reaper.run(REMOVE)
        await tab.studio.until(lambda: "removed 0 markers" in tab.reaper.console)
    assert len(tab.effects) == 1


async def test_removing_everything_takes_our_reastream_out_in_the_same_step(tab: LiveTab) -> None:
    async with tab.studio.daemon():
        await tab.press("u")
        await tab.studio.until(lambda: tab.effects)
        tab.reaper.run(REMOVE)
        await tab.studio.until(lambda: not tab.effects)
    assert tab.project.undo_steps[-1] == "UpTrack: remove everything it added"
    tab.reaper.undo()
    assert len(tab.effects) == 1


async def test_a_reaper_without_reastream_says_so_and_changes_nothing(tab: LiveTab) -> None:
    tab.reaper.missing_effects.add("ReaStream (Cockos)")
    async with tab.studio.daemon():
        await tab.press("u")
        await tab.studio.until(lambda: "This REAPER has no ReaStream." in tab.reaper.console)
    assert tab.project.undo_steps == []


async def test_without_a_daemon_the_meter_works_and_the_tab_says_who_is_missing_until_one_comes(tab: LiveTab) -> None:
    (tab.studio.home / "bridge.json").unlink()
    await tab.reads("UpTrack is not running")
    assert "highest peak" in tab.window.words()
    tab.studio.announce()
    async with tab.studio.daemon():
        await tab.studio.until(lambda: "UpTrack is not running" not in tab.window.words())
        await tab.studio.until(lambda: tab.studio.said(LiveGet))
