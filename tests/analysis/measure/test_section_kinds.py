"""Parts get their names from low end, fullness, trend and place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from uptrack_analysis.measure.results import SectionEstimate
from uptrack_analysis.measure.section_kinds import name_parts

FULL = {"low_end_db": -0.5, "kick_share": 0.95, "onset_share": 0.95, "fullness": 1.0, "highs_db": -2.0}
DRUMS = {"low_end_db": -3.0, "kick_share": 0.95, "onset_share": 0.6, "fullness": 0.7, "highs_db": -9.0}
PADS = {"low_end_db": -22.0, "kick_share": 0.3, "onset_share": 0.3, "fullness": 0.2, "highs_db": -14.0}
RISER = {**PADS, "fullness": 0.45, "highs_db": -3.0, "rise_db": 9.0}


def track(*figures: dict[str, float], length_s: float = 30.0) -> list[SectionEstimate]:
    parts: list[SectionEstimate] = []
    for index, own in enumerate(figures):
        part: dict[str, Any] = {"kind": None, "bars": None, "first_bar": None, "confidence": 0.0}
        part |= {"start_s": index * length_s, "end_s": (index + 1) * length_s, "loudness_lufs": -10.0}
        part |= {"rise_db": 0.0, "onset_rise": 0.0, **own}
        parts.append(SectionEstimate(**part))
    return parts


def kinds(parts: Sequence[SectionEstimate]) -> list[str]:
    return [kind for kind, _ in name_parts(list(parts))]


def test_a_whole_track_is_named_by_what_its_parts_do() -> None:
    parts = track(DRUMS, FULL, PADS, RISER, FULL, DRUMS)
    assert kinds(parts) == ["intro", "drop", "break", "build", "drop", "outro"]
    assert all(confidence > 0.5 for _, confidence in name_parts(parts))


def test_a_part_without_low_end_is_no_drop_however_full_the_rest_is() -> None:
    bright = {**FULL, "low_end_db": -20.0, "fullness": 0.9}
    assert kinds(track(DRUMS, FULL, bright, FULL, DRUMS)) == ["intro", "drop", "break", "drop", "outro"]
    silent_kick = {**FULL, "kick_share": 0.2, "fullness": 0.9}
    assert kinds(track(DRUMS, FULL, silent_kick, FULL, DRUMS)) == ["intro", "drop", "break", "drop", "outro"]


def test_what_has_not_been_there_cannot_break_off() -> None:
    assert kinds(track(PADS, PADS, FULL, DRUMS)) == ["intro", "intro", "drop", "outro"]
    assert kinds(track(DRUMS, PADS, FULL, DRUMS)) == ["intro", "break", "drop", "outro"]


def test_a_climb_that_leads_to_nothing_is_no_build() -> None:
    climbing = {**DRUMS, "rise_db": 9.0}
    assert kinds(track(DRUMS, climbing, FULL, FULL))[1] == "build"
    assert kinds(track(DRUMS, FULL, FULL, climbing))[3] == "outro"


@pytest.mark.parametrize("figures", [FULL, DRUMS, PADS, RISER])
def test_confidence_is_a_share_of_all_readings(figures: dict[str, float]) -> None:
    assert 0.2 < name_parts(track(figures))[0][1] <= 1.0
