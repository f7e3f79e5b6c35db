"""PSR: the peak of 3 s over the loudness of the same 3 s."""

from __future__ import annotations

import numpy as np
import pytest

from uptrack_analysis.measure.psr import psr_curve, smallest_psr
from uptrack_analysis.measure.results import Loudness
from uptrack_analysis.signal import FloatArray

HOP_S = 0.01


def loudness(short_term_lufs: FloatArray, integrated_lufs: float | None = -10.0) -> Loudness:
    """Short-term loudness every 10 ms; the first 3 s have none, as in a real file."""
    curve = short_term_lufs.copy()
    curve[:299] = np.nan
    return Loudness(HOP_S, curve, curve, integrated_lufs, None, None, None, None, None)


def test_a_peak_counts_for_as_long_as_the_three_second_window_holds_it() -> None:
    curve = np.full(100, -6.0)
    curve[50] = 0.0
    psr = psr_curve(curve, loudness(np.full(1000, -12.0)))
    assert psr.shape == (100,)
    assert np.isnan(psr[:29]).all()
    assert psr[29] == psr[49] == 6.0
    assert (psr[50:80] == 12.0).all()
    assert psr[80] == 6.0


def test_silence_has_no_psr_and_neither_has_a_file_under_three_seconds() -> None:
    silent = psr_curve(np.full(100, -np.inf), loudness(np.full(1000, -np.inf)))
    assert np.isnan(silent).all()
    assert np.isnan(psr_curve(np.full(20, -6.0), loudness(np.full(200, -12.0)))).all()
    assert smallest_psr(np.full(20, -6.0), loudness(np.full(200, -12.0))) is None


@pytest.mark.parametrize(("quiet_lufs", "smallest_db"), [(-19.0, 3.0), (-21.0, 8.0)])
def test_passages_ten_lu_under_the_whole_do_not_count_for_the_smallest(quiet_lufs: float, smallest_db: float) -> None:
    short_term = np.concatenate([np.full(1000, -9.0), np.full(1000, quiet_lufs)])
    curve = np.concatenate([np.full(100, -1.0), np.full(100, quiet_lufs + 3.0)])
    curve[100:129] = -1.0  # the window still holds the loud part's peaks
    assert smallest_psr(curve, loudness(short_term)) == pytest.approx(smallest_db)


def test_a_last_step_shorter_than_the_others_is_left_out() -> None:
    assert psr_curve(np.full(101, -6.0), loudness(np.full(1004, -12.0))).shape == (100,)
