"""Versions of one mix are one project, whatever was added to its name; other pieces beside it are others."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptrack_bridges.messages import Project
from uptrack_daemon.projects import folded, named, project_of, versionless

FOLDER = Path("/music/Warehouse")


@pytest.mark.parametrize(
    "name",
    [
        "Concrete Garden",
        "Concrete Garden v2",
        "Concrete_Garden_V2",
        "Concrete Garden-v02.1b",
        "Concrete Garden version 3",
        "Concrete Garden rev 4",
        "Concrete Garden_final",
        "Concrete Garden FINAL",
        "Concrete Garden_v2_final_final2",
        "Concrete Garden final 2",
        "Concrete Garden finalfinal v12",
        "Concrete Garden 2026-03-01",
        "Concrete Garden_20260301",
        "Concrete Garden 2026-03-01 15-30-22",
        "Concrete Garden_20260301_1530",
        "Concrete Garden 01.03.2026",
        "Concrete Garden (3)",
        "Concrete Garden [v3]",
        "Concrete Garden (final) 2026.03.01",
        "Concrete Garden copy",
        "Concrete Garden copy 2",
        "Concrete Garden draft3",
        "concrete-garden wip",
    ],
)
def test_versions_of_a_file_are_one_project(name: str) -> None:
    first = project_of(None, FOLDER / "Concrete Garden.wav")
    assert project_of(None, FOLDER / f"{name}.wav").key == first.key
    assert folded(project_of(None, FOLDER / f"{name}.aiff").name) == "concrete garden"


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("Track 02", "Track 02"),
        ("Untitled 3", "Untitled 3"),
        ("Area 51", "Area 51"),
        ("1999", "1999"),
        ("Studio 54 (Club Mix)", "Studio 54 (Club Mix)"),
        ("Finality", "Finality"),
        ("Copycat", "Copycat"),
        ("V8", ""),
        ("Nova", "Nova"),
        ("Remix", "Remix"),
        ("Drumfinal", "Drumfinal"),
        ("Warehouse 20261301", "Warehouse 20261301"),
        ("Warehouse mix 3", "Warehouse mix"),
        ("Warehouse_master-04", "Warehouse_master"),
        ("Warehouse_v2_master", "Warehouse_master"),
        ("Warehouse mixv7", "Warehouse mix"),
        ("Bounce 12", "Bounce"),
    ],
)
def test_a_number_or_word_that_is_part_of_a_title_stays(name: str, left: str) -> None:
    assert versionless(name) == left


def test_a_name_that_is_only_a_version_belongs_to_its_folder() -> None:
    projects = {project_of(None, FOLDER / name) for name in ("v1.wav", "v2 final.wav", "2026-03-01.wav", "Final.wav")}
    assert len({project.key for project in projects}) == 1
    assert {project.name for project in projects} == {"Warehouse"}


def test_the_same_name_in_another_folder_is_another_project() -> None:
    assert project_of(None, FOLDER / "mix.wav").key != project_of(None, Path("/music/Other/mix.wav")).key


def test_the_daws_id_goes_before_its_path_and_that_before_its_name() -> None:
    mix = FOLDER / "bounce.wav"
    full = Project(id="p1", name="Warehouse v3", path="/projects/Warehouse v3.rpp")
    assert project_of(full, mix) == project_of(Project(id="p1", name="Warehouse v4"), Path("/elsewhere/x.wav"))
    by_path = project_of(full.model_copy(update={"id": None}), mix)
    assert by_path.key == project_of(Project(path="/projects/Warehouse.rpp"), Path("/elsewhere/x.wav")).key
    by_name = project_of(Project(name="Warehouse_v3"), mix)
    assert by_name == project_of(Project(name="Warehouse"), Path("/elsewhere/x.wav")) == named("Warehouse final")
    assert len({full_key.key for full_key in (project_of(full, mix), by_path, by_name)}) == 3


@pytest.mark.parametrize("said", [None, Project(), Project(name=""), Project(name="v2"), Project(name=" final ")])
def test_a_project_without_a_word_of_its_own_is_known_by_the_file(said: Project | None) -> None:
    assert project_of(said, FOLDER / "mix.wav") == project_of(None, FOLDER / "mix.wav")


def test_a_folder_whose_name_is_no_text_is_a_project_too() -> None:
    odd = Path("/music/k\udcf6nig")
    assert project_of(None, odd / "mix.wav").key == project_of(None, odd / "mix v2.wav").key
    project_of(None, odd / "v2.wav").name.encode()


TITLES = st.text(st.sampled_from("abcXYZ 019_-.é夜()"), max_size=24)
SUFFIXES = st.sampled_from(
    [" v2", "_v13", "-v1.2", " final", "_FINAL", " final2", "_2026-03-01", " 20260301", " (2)", " [v4]", " copy"]
)


@given(TITLES, SUFFIXES, SUFFIXES)
def test_a_version_at_the_end_never_changes_what_is_left(title: str, first: str, second: str) -> None:
    assert versionless(title + first + second) == versionless(title)


@given(st.text(max_size=40))
def test_what_is_left_has_no_version(name: str) -> None:
    left = versionless(name)
    assert versionless(left) == left


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_every_file_has_a_project_with_a_name(name: str) -> None:
    assert project_of(None, FOLDER / name).name
