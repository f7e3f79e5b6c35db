"""What part a stem plays, by its sound and its name."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from support.measured_stems import measured_stem
from support.small_band import small_band
from uptrack_analysis.stems.results import StemMeasured
from uptrack_analysis.stems.roles import guess_role


@cache
def stem(name: str) -> StemMeasured:
    return measured_stem(small_band(seconds=10.0)[name])


@pytest.mark.parametrize(
    ("sound", "name", "role"),
    [
        ("Kick", "Kick", "kick"),
        ("Bass", "03 Reese", "bass"),
        ("Hats", "HH_closed", "hats"),
        ("Pad", "Strings (wide)", "pad"),
        ("Pad", "LEAD-2", "lead"),
        ("Kick", "BD 909", "kick"),
        ("Bass", "Sub", "bass"),
    ],
)
def test_sound_and_name_together_are_believed(sound: str, name: str, role: str) -> None:
    guessed, confidence = guess_role(stem(sound), name)
    assert guessed == role
    assert confidence > 0.5


@pytest.mark.parametrize(("sound", "role"), [("Kick", "kick"), ("Hats", "hats")])
def test_a_name_that_says_nothing_leaves_it_to_the_sound(sound: str, role: str) -> None:
    assert guess_role(stem(sound), "Audio 7")[0] == role


def test_a_name_against_the_sound_is_not_believed() -> None:
    role, confidence = guess_role(stem("Hats"), "Bass")
    assert role != "bass"
    assert confidence < guess_role(stem("Hats"), "Hats")[1]


def test_a_silent_stem_is_what_its_name_says() -> None:
    silent = measured_stem(np.zeros((2, 44_100), dtype=np.float32))
    assert guess_role(silent, "Lead vocal")[0] == "vocal"
    assert guess_role(silent, "Track 4") == ("other", 0.0)
