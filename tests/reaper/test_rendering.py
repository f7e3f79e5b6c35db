"""Rendering from inside REAPER: what is measured is the sound as it is, and nothing of the user's is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from support import reaper_sound
from support.desks import EchoDesk
from support.fake_reaper import FakeMarker, FakeProject
from support.reaper_project import FakeReceive
from support.studio import ANALYZE_MIX, ANALYZE_STEMS, Studio
from support.windows_paths import named
from uptrack_bridges.messages import Analyze, State


async def analyze(studio: Studio, script: Path = ANALYZE_MIX) -> list[Analyze]:
    async with studio.daemon():
        await studio.analyze(script)
    requests: list[Analyze] = studio.said(Analyze)
    return requests


async def test_the_mix_is_rendered_whole_as_float_and_its_request_says_where_it_lies(studio: Studio) -> None:
    studio.tracks("Kick", "Bass", seconds=3.0)
    (request,) = await analyze(studio)
    assert request.mix is not None
    assert request.project is not None
    path = Path(request.mix.path)
    assert path.parent.parent == studio.audio, "in our own folder of audio, in a folder of its own"
    assert soundfile.info(path).subtype == "FLOAT"
    sound, _ = soundfile.read(path)
    np.testing.assert_allclose(sound, reaper_sound.mix_of(studio.reaper.front, 0.0, 3.0), atol=1e-7)
    assert (request.project.start_s, request.stems) == (0.0, [])


async def test_with_a_time_selection_only_that_is_rendered_and_is_compared_with_its_own_kind(studio: Studio) -> None:
    studio.tracks("Kick", seconds=5.0)
    studio.reaper.front.selection_s = (1.5, 3.5)
    (request,) = await analyze(studio)
    assert request.project is not None
    assert studio.reaper.rendered == [("mix.wav", 1.5, 3.5)]
    assert request.project.start_s == 1.5
    assert request.project.id is not None
    assert request.project.id.endswith(" selection 1.500 3.500")


async def test_who_wants_the_whole_project_gets_it_whatever_is_selected(studio: Studio) -> None:
    studio.tracks("Kick", seconds=5.0)
    studio.reaper.front.selection_s = (1.5, 3.5)
    studio.reaper.ext_state["UpTrack settings", "range"] = "project"
    await analyze(studio)
    assert studio.reaper.rendered == [("mix.wav", 0.0, 5.0)]


async def test_each_region_is_rendered_and_analysed_by_itself_and_ours_are_none(studio: Studio) -> None:
    studio.tracks("Kick", seconds=9.0)
    regions = [FakeMarker(1.0, "verse", 1, end_s=3.0), FakeMarker(4.0, "", 2, end_s=8.0)]
    studio.reaper.front.markers += regions
    studio.reaper.ext_state["UpTrack settings", "range"] = "regions"
    requests = await analyze(studio)
    assert studio.reaper.rendered == [("mix.wav", 1.0, 3.0), ("mix.wav", 4.0, 8.0)]
    projects = [request.project for request in requests if request.project]
    assert [project.start_s for project in projects] == [1.0, 4.0]
    assert [str(project.id).split(" ", 1)[1] for project in projects] == [f"region {one.guid}" for one in regions]
    studio.reaper.rendered.clear()
    await analyze(studio)
    assert len(studio.reaper.rendered) == 2


async def test_stems_are_the_selected_tracks_by_guid_name_and_their_own_sound(studio: Studio) -> None:
    kick, bass, hats = studio.tracks("Kick", "Bass: sub/mid?", "Hats")
    kick.selected = bass.selected = True
    bass.colour = 0x4F | 0x8F << 8 | 0xD0 << 16 | 0x1000000
    (request,) = await analyze(studio, ANALYZE_STEMS)
    said = [(stem.name, stem.track, stem.colour) for stem in request.stems]
    assert said == [(kick.name, kick.guid, None), (bass.name, bass.guid, "#4f8fd0")]
    sound, _ = soundfile.read(request.stems[1].path)
    np.testing.assert_allclose(sound, reaper_sound.track_of(studio.reaper.front, bass, 0.0, 4.0), atol=1e-7)
    assert (kick.selected, bass.selected, hats.selected) == (True, True, False)


async def test_a_folder_is_left_out_when_what_is_inside_is_selected_too(studio: Studio) -> None:
    drums, kick = studio.tracks("Drums", "Kick")
    kick.parent = drums
    drums.selected = kick.selected = True
    (request,) = await analyze(studio, ANALYZE_STEMS)
    assert [stem.name for stem in request.stems] == ["Kick"]
    assert "The folder Drums is left out" in studio.reaper.console


async def test_a_bus_that_is_selected_with_what_is_sent_to_it_is_said(studio: Studio) -> None:
    kick, snare, bass, hats, bus, room = studio.tracks("Kick", "Snare", "Bass", "Hats", "Drums", "Room")
    bus.receives = [
        FakeReceive(kick), FakeReceive(snare), FakeReceive(bass, to_channel=2), FakeReceive(bass, from_channel=-1),
        FakeReceive(bass, muted=True), FakeReceive(hats),
    ]  # fmt: skip
    room.receives = [FakeReceive(bus)]
    for track in (kick, snare, bass, bus):
        track.selected = True
    (request,) = await analyze(studio, ANALYZE_STEMS)
    assert [stem.name for stem in request.stems] == ["Kick", "Snare", "Bass", "Drums"]
    assert studio.reaper.console.count("is selected with what is sent to it") == 1
    assert "Drums is selected with what is sent to it (Kick and 1 more): what it passes on" in studio.reaper.console


async def test_a_stem_that_did_not_come_is_told_and_the_others_are_analysed(studio: Studio) -> None:
    for track in studio.tracks("Kick", "Bass"):
        track.selected = True
    studio.reaper.render_trouble = "some"
    (request,) = await analyze(studio, ANALYZE_STEMS)
    assert [stem.name for stem in request.stems] == ["Kick"]
    assert "REAPER rendered nothing for track Bass" in studio.reaper.console


async def test_nothing_selected_is_said_before_anything_is_done(studio: Studio) -> None:
    studio.tracks("Kick")
    assert await analyze(studio, ANALYZE_STEMS) == []
    assert "nothing is selected" in studio.reaper.console
    assert studio.reaper.rendered == []


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ("nothing", "REAPER rendered nothing for the mix"),
        ("stub", "REAPER rendered nothing for the mix"),
        ("cancelled", "The render of the mix is 2.0 s long where 4.0 s were asked for: it was cancelled."),
    ],
)
@pytest.mark.parametrize("script", [ANALYZE_MIX, ANALYZE_STEMS])
async def test_a_render_that_failed_without_a_word_gets_a_sentence(
    studio: Studio, trouble: str, sentence: str, script: Path
) -> None:
    for track in studio.tracks("Kick", "Bass"):
        track.selected = True
    before = studio.reaper.front.contents()
    studio.reaper.render_trouble = trouble
    assert await analyze(studio, script) == []
    assert sentence in studio.reaper.console
    assert studio.reaper.front.contents() == before
    assert studio.reaper.help == ""


@pytest.mark.parametrize("script", [ANALYZE_MIX, ANALYZE_STEMS])
async def test_every_setting_and_the_selection_are_as_they_were(studio: Studio, script: Path) -> None:
    kick, *_ = studio.tracks("Kick", "Bass", "Hats")
    kick.selected = studio.reaper.front.master.selected = True
    studio.desk.markers = 0
    before = studio.reaper.front.contents()
    await analyze(studio, script)
    assert studio.reaper.front.contents() == before
    assert studio.reaper.front.undo_steps == []


async def test_settings_that_were_empty_come_back_as_well(studio: Studio) -> None:
    studio.tracks("Kick")
    texts = studio.reaper.front.texts
    texts.update(dict.fromkeys(texts, ""))
    await analyze(studio)
    assert set(texts.values()) == {""}


async def test_settings_come_back_even_when_something_in_between_goes_wrong(studio: Studio) -> None:
    def fail() -> None:
        raise RuntimeError("a planted slip")

    studio.tracks("Kick")
    before = studio.reaper.front.contents()
    studio.reaper.during_render = fail
    with pytest.raises(Exception, match="planted"):
        await analyze(studio)
    assert studio.reaper.front.contents() == before


async def test_the_daemon_hears_that_reaper_renders_before_it_stands_still(studio: Studio) -> None:
    studio.tracks("Kick")
    heard: list[list[str]] = []
    studio.reaper.during_render = lambda: heard.append(
        [letter.read_text() for letter in studio.letters("to_daemon")] + [studio.reaper.help]
    )
    async with studio.daemon():
        await studio.analyze(ANALYZE_MIX)
    (on_screen,) = heard
    assert on_screen[-1] == "UpTrack: rendering the mix ..."
    assert [state.state for state in studio.said(State)] == ["rendering", "idle"]


async def test_another_project_that_comes_to_the_front_is_not_rendered(studio: Studio) -> None:
    studio.tracks("Kick")
    ours = studio.reaper.front
    async with studio.daemon():
        studio.reaper.run(ANALYZE_MIX)
        other = FakeProject("Other.rpp")
        studio.reaper.open_projects.append(other)
        studio.reaper.front = other
        await studio.until(lambda: not studio.reaper.running)
    assert studio.reaper.rendered == []
    assert "another project is in front now" in studio.reaper.console
    assert ours.texts == other.texts


async def test_an_empty_project_is_said_and_asks_nobody(studio: Studio) -> None:
    assert await analyze(studio) == []
    assert "The project is empty" in studio.reaper.console


@pytest.mark.parametrize("failing", ["RENDER_STARTPOS", "RENDER_PATTERN", "the first track"])
async def test_what_cannot_be_put_back_keeps_nothing_else_from_being_put_back_and_is_said(
    studio: Studio, failing: str
) -> None:
    kick, bass, hats = studio.tracks("Kick", "Bass", "Hats")
    kick.selected = bass.selected = True
    project, reaper = studio.reaper.front, studio.reaper
    numbers, texts = dict(project.numbers), dict(project.texts)
    set_number, set_text, select = reaper.GetSetProjectInfo, reaper.GetSetProjectInfo_String, reaper.SetTrackSelected

    def slips(is_it: bool) -> None:
        if is_it and len(reaper.rendered) == 3:
            raise ValueError("REAPER refused")

    def GetSetProjectInfo(project: Any, desc: str, value: float, is_set: bool) -> float:  # noqa: N802
        slips(is_set and desc == failing)
        return set_number(project, desc, value, is_set)

    def GetSetProjectInfo_String(project: Any, desc: str, text: str, is_set: bool) -> tuple[bool, str]:  # noqa: N802
        slips(is_set and desc == failing)
        return set_text(project, desc, text, is_set)

    def SetTrackSelected(track: Any, selected: bool) -> None:  # noqa: N802
        slips(failing == "the first track" and track is kick)
        select(track, selected)

    for function in (GetSetProjectInfo, GetSetProjectInfo_String, SetTrackSelected):
        setattr(reaper, function.__name__, function)
    assert await analyze(studio, ANALYZE_STEMS) == []
    assert {key for key, value in numbers.items() if project.numbers[key] != value} <= {failing}
    assert {key for key, value in texts.items() if project.texts[key] != value} <= {failing}
    assert (bass.selected, hats.selected) == (True, False)
    assert kick.selected or failing == "the first track"
    assert "not everything could be put back as it was after rendering" in reaper.console
    assert "look at the track selection and at File → Render" in reaper.console


async def test_no_daemon_means_no_render(studio: Studio) -> None:
    studio.tracks("Kick")
    (studio.home / "bridge.json").unlink()
    studio.reaper.run(ANALYZE_MIX)
    assert "The UpTrack daemon is not running" in studio.reaper.console
    studio.reaper.turn()
    assert not studio.reaper.running
    assert studio.reaper.rendered == []
    studio.reaper.reload()  # what the script does at its end
    assert "no daemon" in studio.reaper.ext_state["UpTrack board", "progress"], "for the window to say"


async def test_on_windows_names_that_are_no_ascii_render_and_are_looked_at_by_reapers_own_reader(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "ascii"
    monkeypatch.setenv("UPTRACK_HOME", named(home))
    studio = Studio(studio.reaper, home, EchoDesk())
    studio.reaper.windows = True
    studio.announce(audio=named(tmp_path / "音"))
    studio.tracks("Kick")
    (request,) = await analyze(studio)
    assert request.mix is not None
    assert request.mix.path.startswith(named(tmp_path / "音") + "\\")


async def test_the_projects_key_comes_from_its_notes(studio: Studio) -> None:
    studio.tracks("Kick")
    studio.reaper.front.notes = "for Jo\nKey: f♯m\nmaster on Friday"
    (request,) = await analyze(studio)
    assert request.project is not None
    assert request.project.key == "F# minor"


async def test_settings_go_into_the_request(studio: Studio) -> None:
    studio.tracks("Kick")
    for name, value in {"genre": "techno", "target": "stream", "references": "/refs ; Berlin"}.items():
        studio.reaper.ext_state["UpTrack settings", name] = value
    (request,) = await analyze(studio)
    assert (request.genre, request.target, request.references) == ("techno", "stream", ["/refs", "Berlin"])


async def test_a_project_keeps_its_id_and_another_has_another(studio: Studio) -> None:
    studio.tracks("Kick")
    await analyze(studio)
    await analyze(studio)
    studio.reaper.front = FakeProject("Other.rpp")
    studio.reaper.open_projects.append(studio.reaper.front)
    studio.tracks("Kick")
    requests = await analyze(studio)
    ids = [request.project.id for request in requests if request.project]
    assert ids[0] == ids[1] != ids[2]
