"""What a host's tempo map says about a file is believed only where it says one thing."""

from __future__ import annotations

import pytest

from uptrack_analysis.report import ProjectFacts
from uptrack_bridges.messages import Project, TempoPoint
from uptrack_daemon.requests import project_facts


def point(time_s: float, bpm: float, beats: int = 4) -> TempoPoint:
    return TempoPoint(time_s=time_s, bpm=bpm, beats_per_bar=beats)


def test_no_project_says_nothing() -> None:
    assert project_facts(None, 60.0) == ProjectFacts()
    assert project_facts(Project(), 60.0) == ProjectFacts()


def test_one_tempo_for_all_of_the_file_is_the_projects_tempo() -> None:
    assert project_facts(Project(tempo_map=[point(0.0, 128.0)], key="F minor"), 60.0) == ProjectFacts(
        bpm=128.0, key="F minor", beats_per_bar=4
    )


@pytest.mark.parametrize(
    ("start_s", "bpm"),
    [
        pytest.param(0.0, None, id="the change lies inside the file"),
        pytest.param(100.0, 140.0, id="the file starts at the change"),
        pytest.param(150.0, 140.0, id="the file starts after it"),
        pytest.param(-80.0, 120.0, id="the file ends before it"),
    ],
)
def test_a_tempo_change_counts_only_where_the_file_lies(start_s: float, bpm: float | None) -> None:
    tempo_map = [point(0.0, 120.0), point(100.0, 140.0)]
    assert project_facts(Project(start_s=start_s, tempo_map=tempo_map), 180.0).bpm == bpm


def test_a_signature_change_leaves_the_tempo_known() -> None:
    facts = project_facts(Project(tempo_map=[point(0.0, 120.0), point(10.0, 120.0, beats=3)]), 60.0)
    assert (facts.bpm, facts.beats_per_bar) == (120.0, None)


def test_of_a_file_whose_length_is_unknown_every_later_tempo_counts() -> None:
    assert project_facts(Project(tempo_map=[point(0.0, 120.0), point(1e6, 121.0)]), None).bpm is None
