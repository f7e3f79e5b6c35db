"""References by file, folder and name, through store, host and command line, with real audio."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import pytest

from support.front_desk import a_desk
from support.stores import a_store, bytes_of
from support.tracks import beat
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.errors import BadInput
from uptrack_analysis.reference_track import ReferenceTrack
from uptrack_analysis.references import measure_references
from uptrack_analysis.settings import Settings
from uptrack_bridges.messages import Analyze, AudioFile
from uptrack_daemon.cli import main
from uptrack_daemon.jobs.queue import Job
from uptrack_daemon.jobs.settings_text import read_settings, write_settings
from uptrack_daemon.references import MOST_OF_A_FOLDER, audio_in
from uptrack_daemon.store import References, Reports, Store

Capture = pytest.CaptureFixture[str]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path / "uptrack.sqlite") as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three tracks, and things that are none."""
    folder = tmp_path / "references"
    folder.mkdir()
    for seed in range(3):
        beat(folder / f"track {seed}.wav", seed=seed)
    (folder / "cover.jpg").write_bytes(b"JFIF")
    (folder / ".hidden.wav").write_bytes(b"RIFF")
    return folder


def a_track(name: str = "a.wav", sha256: str = "a" * 64) -> ReferenceTrack:
    return ReferenceTrack(name, sha256, -8.5, 8.0, 7.0, 4.0, (0.0,) * 7, (0.0,) * 29, -4.5, 12.0, 0.5, (-12.0,) * 8)


# -- measuring ---------------------------------------------------------------------------------------------------------


def test_the_light_measurement_gives_the_figures_of_the_whole_one(tmp_path: Path) -> None:
    path = beat(tmp_path / "mix.wav")
    (track,), notes = measure_references([path], Settings())
    whole = analyze_file(path).report
    assert notes == ()
    assert track.sha256 == whole.source.sha256
    assert track.integrated_lufs == whole.measurements.loudness.integrated_lufs
    assert track.plr_db == pytest.approx(whole.measurements.loudness.plr_db, abs=0.01)
    assert track.tilt_db_per_octave == pytest.approx(whole.measurements.spectrum.tilt_db_per_octave, abs=0.1)
    assert track.correlation_low == pytest.approx(whole.measurements.stereo.correlation_low, abs=0.05)


def test_a_reference_that_cannot_be_used_costs_a_sentence_and_not_the_analysis(tmp_path: Path, folder: Path) -> None:
    mix = beat(tmp_path / "mix.wav")
    files = (str(folder / "track 0.wav"), str(folder / "cover.jpg"), str(tmp_path / "gone.wav"))
    report = analyze_file(mix, Settings(reference_files=files)).report
    assert report.context.references == ("track 0.wav",)
    assert len(report.context.reference_notes) == 2
    assert all(note.startswith("The reference ") and "left out" in note for note in report.context.reference_notes)
    assert str(tmp_path) not in "".join(report.context.reference_notes)


def test_stored_numbers_and_the_files_they_came_from_give_the_same_report(tmp_path: Path, folder: Path) -> None:
    mix = beat(tmp_path / "mix.wav", gain=0.3)
    paths = sorted(folder.glob("track*"))
    tracks, _ = measure_references(paths, Settings())
    by_file = analyze_file(mix, Settings(reference_files=tuple(map(str, paths)))).report
    assert analyze_file(mix, Settings(references=tracks)).report == by_file
    assert read_settings(write_settings(Settings(references=tracks))).references == tracks


# -- folders -----------------------------------------------------------------------------------------------------------


def test_a_folder_stands_for_its_audio(folder: Path, tmp_path: Path) -> None:
    found, note = audio_in(folder)
    assert ([path.name for path in found], note) == (["track 0.wav", "track 1.wav", "track 2.wav"], None)
    (tmp_path / "empty").mkdir()
    assert audio_in(tmp_path / "empty") == ([], "The folder empty holds no audio that could be a reference.")
    many = tmp_path / "many"
    many.mkdir()
    for number in range(MOST_OF_A_FOLDER + 1):
        (many / f"{number:03}.flac").touch()
    found, note = audio_in(many)
    assert len(found) == MOST_OF_A_FOLDER
    assert note is not None
    assert "first 64" in note


# -- store -------------------------------------------------------------------------------------------------------------


async def test_a_profile_grows_is_found_by_its_name_and_is_erased_for_good(store: Store) -> None:
    references = References(store)
    await references.add("My Label", [a_track()])
    await references.add("my_label", [a_track(), a_track("Secret Anthem.wav", "b" * 64)])
    assert [track.name for track in (await references.get("MY LABEL")).tracks] == ["a.wav", "Secret Anthem.wav"]
    assert [profile.name for profile in await references.list()] == ["My Label"]
    assert await references.delete("my label")
    assert not await references.delete("my label")
    assert b"Secret Anthem" not in bytes_of(store.path)
    with pytest.raises(BadInput, match="references list"):
        await references.get("my label")


async def test_erasing_everything_takes_the_references_with_it(store: Store) -> None:
    await References(store).add("Secret Label", [a_track()])
    await Reports(store).delete_all()
    assert b"Secret Label" not in bytes_of(store.path)


# -- a host ------------------------------------------------------------------------------------------------------------


async def submitted(store: Store, mix: Path, *references: str) -> Job:
    desk = a_desk(store)
    return (await desk.submit(Analyze(mix=AudioFile(path=str(mix)), references=list(references)))).job


async def test_a_host_names_files_folders_and_profiles(store: Store, folder: Path, tmp_path: Path) -> None:
    mix = beat(tmp_path / "mix.wav", seconds=2)
    await References(store).add("mine", [a_track()])
    job = await submitted(store, mix, str(folder / "track 1.wav"), str(folder), "mine", "nobody", "/gone/away.wav")
    settings = job.settings
    assert [Path(path).name for path in settings.reference_files] == [f"track {k}.wav" for k in (1, 0, 1, 2)]
    assert settings.references == (a_track(),)
    assert [note.split(" was left out")[0] for note in settings.reference_notes] == [
        "The reference nobody",
        "The reference away.wav",
    ]
    assert job.duration_s == pytest.approx(2 + 4 * 8, abs=0.1)


async def test_a_host_may_name_no_path_a_mix_could_not_have(store: Store, folder: Path, tmp_path: Path) -> None:
    mix = beat(tmp_path / "mix.wav", seconds=2)
    (tmp_path / "link.wav").symlink_to(folder / "track 0.wav")
    job = await submitted(store, mix, "relative.wav", str(tmp_path / "link.wav"), str(store.path))
    assert job.settings.reference_files == ()
    assert len(job.settings.reference_notes) == 3


# -- the command line --------------------------------------------------------------------------------------------------


def test_a_profile_is_made_shown_used_and_erased(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("UPTRACK_HOME", str(tmp_path / "home"))
    assert main(["references", "add", "mine", str(folder), str(tmp_path / "gone.wav")]) == 0
    said = capsys.readouterr()
    assert said.out == "mine: 3 tracks.\n"
    assert "gone.wav was left out" in said.err
    assert main(["references", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "mine", "tracks": ["track 0.wav", "track 1.wav", "track 2.wav"]}
    ]
    assert main(["references", "show", "mine"]) == 0
    assert "Integrated loudness" in capsys.readouterr().out

    quiet = beat(tmp_path / "mix.wav", gain=0.05)
    assert main(["analyze", str(quiet), "--reference", "mine", "--reference", "nobody"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "vs your references: track 0.wav, track 1.wav, track 2.wav" in text
    assert "Quieter than your references" in text
    assert "Note: The reference nobody was left out" in text
    documents = []
    for words in (["--reference", "mine"], ["--reference", str(folder)]):
        assert main(["analyze", str(quiet), *words, "--json"]) == 0
        documents.append(capsys.readouterr().out)
    assert documents[0] == documents[1]

    assert main(["references", "delete", "mine"]) == 0
    assert main(["references", "delete", "mine"]) == 3
    assert main(["references", "add", "none", str(tmp_path / "gone.wav")]) == 3
    assert main(["analyze", str(quiet), "--reference", ""]) == 2


def test_several_mixes_are_held_against_the_same_references(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    mixes = [beat(tmp_path / f"mix {k}.wav", seed=7 + k) for k in range(2)]
    assert main(["analyze", *map(str, mixes), "--reference", str(folder / "track 0.wav"), "--json"]) == 0
    reports = json.loads(capsys.readouterr().out)
    assert [report["context"]["references"] for report in reports] == [["track 0.wav"]] * 2


def test_a_track_is_plain_enough_to_be_carried_as_json() -> None:
    assert ReferenceTrack(**asdict(a_track())) == a_track()
