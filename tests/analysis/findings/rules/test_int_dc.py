"""``int.dc``: offset of each channel."""

import numpy as np
import pytest

from support.mixes import clean, with_defects
from support.verdicts import ask, ask_one, why_unmeasured


@pytest.mark.parametrize(
    ("offset", "word"), [(0.0055, "minor"), (-0.008, "moderate"), (-0.012, "major"), (0.03, "blocker")]
)
def test_an_offset_is_found_in_its_channel_whatever_its_sign(offset: float, word: str) -> None:
    finding = ask_one("int.dc", with_defects(clean(), dc_offset=np.array([0.0, offset])))
    assert finding.severity == word
    assert finding.value == pytest.approx(100 * abs(offset), rel=0.01)
    assert finding.spans[0].channel == 1
    assert "right" in finding.advice


def test_what_kicks_leave_behind_is_no_finding() -> None:
    assert ask("int.dc", with_defects(clean(), dc_offset=np.array([0.0029, -0.0029]))) == ()


def test_an_offset_in_both_channels_is_one_finding_as_bad_as_the_worse() -> None:
    finding = ask_one("int.dc", with_defects(clean(), dc_offset=np.array([0.005, -0.007])))
    assert finding.value == pytest.approx(0.7, rel=0.01)
    assert finding.spans[0].channel is None


@pytest.mark.parametrize("duration_s", [1 / 44_100, 0.1, 1.2])
def test_what_the_bass_of_a_short_file_can_leave_is_no_offset(duration_s: float) -> None:
    """A tone of 20 Hz at the file's own peak, cut after so long, has a mean of up to peak / (pi 20 Hz duration)."""
    peak = 10 ** (-0.5 / 20)  # of ``clean``
    least = peak / (np.pi * 20.0 * duration_s)
    reason = why_unmeasured(
        "int.dc", with_defects(clean(duration_s), tail_silence_s=0.0, dc_offset=np.full(2, least * 0.95))
    )
    assert "too short" in reason
    finding = ask_one("int.dc", with_defects(clean(duration_s), tail_silence_s=0.0, dc_offset=np.full(2, least * 1.05)))
    assert finding.value == pytest.approx(105 * least)


def test_silence_rendered_with_a_mix_makes_an_offset_no_smaller() -> None:
    tight = with_defects(clean(60.0), tail_silence_s=0.0, dc_offset=np.array([0.008, 0.0]))
    padded = with_defects(clean(120.0), lead_silence_s=20.0, tail_silence_s=40.0, dc_offset=np.array([0.004, 0.0]))
    assert ask_one("int.dc", padded).value == pytest.approx(ask_one("int.dc", tight).value)
