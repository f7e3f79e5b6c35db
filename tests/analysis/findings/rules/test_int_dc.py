"""``int.dc``: offset of each channel."""

import numpy as np
import pytest

from support.mixes import clean, with_defects
from support.verdicts import ask, ask_one


@pytest.mark.parametrize(
    ("offset", "word"), [(0.0055, "minor"), (-0.008, "moderate"), (-0.012, "major"), (0.03, "blocker")]
)
def test_an_offset_is_found_in_its_channel_whatever_its_sign(offset: float, word: str) -> None:
    finding = ask_one("int.dc", with_defects(clean(), dc_offset=np.array([0.0, offset])))
    assert finding.severity == word
    assert finding.value == pytest.approx(100 * abs(offset))
    assert finding.spans[0].channel == 1
    assert "right" in finding.advice


def test_what_kicks_leave_behind_is_no_finding() -> None:
    assert ask("int.dc", with_defects(clean(), dc_offset=np.array([0.0029, -0.0029]))) == ()


def test_an_offset_in_both_channels_is_one_finding_as_bad_as_the_worse() -> None:
    finding = ask_one("int.dc", with_defects(clean(), dc_offset=np.array([0.005, -0.007])))
    assert finding.value == pytest.approx(0.7)
    assert finding.spans[0].channel is None
