"""Which exports are stems of which mix, by name and time."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from uptrack_bridges.export_names import FileFacts, group, is_export_name, stems_folder_of

FOLDER = Path("/exports")


def grouped(*names: str, written_s: dict[str, float] | None = None) -> dict[str, list[str]]:
    """Mix file name to the names of its stems."""
    times_s = written_s or {}
    files = [FileFacts(FOLDER / name, 1_000, int(times_s.get(name, 0.0) * 1e9)) for name in names]
    return {export.mix.name: [stem.name for stem in export.stems] for export in group(files, FOLDER)}


@pytest.mark.parametrize("name", ["Song.wav", "Song.WAV", "a b.aiff", "x.flac", "x.mp3", "Lied ü.ogg", "v1.2.w64"])
def test_audio_files_are_exports(name: str) -> None:
    assert is_export_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "Song.wav.asd", "Song.wav.reapeaks", ".Song.wav", "._Song.wav", "Song.wav.part", "Song.wav.tmp",
        "Song.wav.crdownload", "Song.als", "Song.rpp", "Song", "~Song.wav", "Song.txt", ".wav", "wav",
    ],
)  # fmt: skip
def test_notes_hidden_and_unfinished_files_are_not(name: str) -> None:
    assert not is_export_name(name)


@pytest.mark.parametrize(
    "stem",
    ["Song - Bass.wav", "Song_Bass.wav", "Song-Bass.wav", "Song Bass.wav", "song bass.aif", "Song  -  Bass.flac"],
)
def test_a_stem_is_named_after_its_mix(stem: str) -> None:
    (stems,) = grouped("Song.wav", stem).values()
    assert [name.lower() for name in stems] == ["bass"]


def test_lives_all_individual_tracks_are_one_export() -> None:
    names = ["Warehouse.wav", "Warehouse 1-Kick.wav", "Warehouse 2-Bass Line.wav", "Warehouse A-Reverb.wav"]
    assert grouped(*names) == {"Warehouse.wav": ["1-Kick", "2-Bass Line", "A-Reverb"]}


def test_without_a_plain_mix_the_one_called_master_is_it() -> None:
    assert grouped("Song Master.wav", "Song Kick.wav", "Song Bass.wav") == {"Song Master.wav": ["Bass", "Kick"]}


def test_reapers_project_and_track_are_one_export() -> None:
    assert grouped("Song.wav", "Song-01 Kick.wav", "Song-02 Bass.wav") == {"Song.wav": ["01 Kick", "02 Bass"]}


@pytest.mark.parametrize("folder", ["Song stems", "Song Stems", "Song_stems", "Song - Stems", "Song (Stems)"])
def test_a_stems_folder_belongs_to_the_mix_it_is_named_after(folder: str) -> None:
    assert grouped("Song.wav", f"{folder}/Kick.wav", f"{folder}/Song - Bass.wav") == {"Song.wav": ["Kick", "Bass"]}


def test_a_stems_folder_without_its_mix_waits_for_it() -> None:
    assert grouped("Other.wav", "Song stems/Kick.wav") == {"Other.wav": []}


def test_a_folder_of_another_name_holds_no_stems() -> None:
    assert [stems_folder_of(name) for name in ("stems", "Song", "Song stemsong", "Mystems")] == [None] * 4


@pytest.mark.parametrize(
    "version",
    [
        "Song v2", "Song 2", "Song_v1.3", "Song Remix", "Song (Extended Mix)", "Song Radio Edit", "Song Master",
        "Song final", "Song - Instrumental", "Song Mixdown 3", "Song 2026-11-23", "Song DJ Tool Edit",
    ],
)  # fmt: skip
def test_another_version_of_the_whole_is_a_mix_of_its_own(version: str) -> None:
    assert grouped("Song.wav", f"{version}.wav") == {"Song.wav": [], f"{version}.wav": []}


def test_a_stem_belongs_to_the_whole_and_not_to_another_stem() -> None:
    assert grouped("Song.wav", "Song Bass.wav", "Song Bass DI.wav") == {"Song.wav": ["Bass", "Bass DI"]}


def test_a_stem_of_a_version_belongs_to_that_version() -> None:
    names = ["Song.wav", "Song Bass.wav", "Song v2.wav", "Song v2 Bass.wav"]
    assert grouped(*names) == {"Song.wav": ["Bass"], "Song v2.wav": ["Bass"]}


def test_stems_written_long_before_the_mix_are_left_out() -> None:
    written_s = {"Song.wav": 10_000.0, "Song Bass.wav": 9_500.0, "Song Lead.wav": 1_000.0}
    assert grouped(*written_s, written_s=written_s) == {"Song.wav": ["Bass"]}


def test_songs_that_merely_begin_alike_stay_apart() -> None:
    assert grouped("Tech.wav", "Techno.wav") == {"Tech.wav": [], "Techno.wav": []}


def test_accents_compare_equal_however_they_are_stored() -> None:
    composed, decomposed = (unicodedata.normalize(form, "Für Elise") for form in ("NFC", "NFD"))
    assert grouped(f"{composed}.wav", f"{decomposed} Bass.wav") == {f"{composed}.wav": ["Bass"]}
