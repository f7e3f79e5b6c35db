"""What is promised of a move is what the move can do."""

import numpy as np
import pytest

from uptrack_analysis.findings.promises import loss_after_db, loss_after_flip_db, promise


def test_a_move_that_reaches_what_is_fine_promises_that_and_one_that_does_not_its_own_end() -> None:
    assert promise("lead", 3.0, 0.2, 0.6) == "lead 3.0 → under 0.6 dB"
    assert promise("lead", 9.0, 6.0, 0.6) == "lead 9.0 → 6.0 dB; the rest is a matter of sounds"


@pytest.mark.parametrize(("other", "change_db"), [(9.0, -2.5), (1.0, -6.0), (4.0, 0.0)])
def test_what_covers_less_takes_as_much_less(other: float, change_db: float) -> None:
    own = 1.0
    after = 10 * np.log10(1 + other * 10 ** (change_db / 10) / own)
    assert loss_after_db(10 * np.log10(1 + other / own), change_db) == pytest.approx(after)


@pytest.mark.parametrize("side_over_mid", [2.0, 3.0, 19.0])
def test_a_flip_makes_mid_of_side(side_over_mid: float) -> None:
    assert loss_after_flip_db(10 * np.log10(1 + side_over_mid)) == pytest.approx(10 * np.log10(1 + 1 / side_over_mid))
