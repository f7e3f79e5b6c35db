"""Peak to short-term loudness (PSR) over time: how much of its peaks' height the music still has, moment by moment.

PSR at a moment is the largest sample of the last 3 s minus the short-term loudness of the same 3 s, in dB (AES
Convention e-Brief 373, 2017, which allows sample peaks). A limiter pushed hard shows as a low PSR where it works.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.results import Loudness
from uptrack_analysis.measure.step_peaks import STEP_S
from uptrack_analysis.signal import FloatArray

SHORT_TERM_S = 3.0
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
"""The gates of integrated loudness: a fade or a noise floor says nothing about a limiter."""


def psr_curve(peaks_dbfs: FloatArray, loudness: Loudness) -> FloatArray:
    """PSR in sliding windows of 3 s, shape (n_whole_steps,), one every 100 ms.

    Element ``k`` is the window that ends ``(k + 1) * STEP_S``; NaN until the first whole window, in silence, and in
    windows that start before the file or end after it.

    Parameters
    ----------
    peaks_dbfs : array, shape (n_steps,)
        The sample peak of every 100 ms.
    loudness : Loudness
        Of the same file.
    """
    hops = round(STEP_S / loudness.hop_s)
    steps = min(peaks_dbfs.size, loudness.short_term_lufs.size // hops)
    curve = np.full(steps, np.nan)
    window = round(SHORT_TERM_S / STEP_S)
    if steps < window:
        return curve
    highest = np.lib.stride_tricks.sliding_window_view(peaks_dbfs[:steps], window).max(axis=1)
    short_term = loudness.short_term_lufs[hops - 1 :: hops][window - 1 : steps]
    audible = np.isfinite(highest) & np.isfinite(short_term) & (short_term >= ABSOLUTE_GATE_LUFS)
    curve[window - 1 :][audible] = highest[audible] - short_term[audible]
    return curve


def smallest_psr(peaks_dbfs: FloatArray, loudness: Loudness) -> float | None:
    """The lowest PSR while the music plays; ``None`` without a window of 3 s over both gates."""
    curve = psr_curve(peaks_dbfs, loudness)
    hops = round(STEP_S / loudness.hop_s)
    short_term = loudness.short_term_lufs[hops - 1 :: hops][: curve.size]
    gate = ABSOLUTE_GATE_LUFS
    if loudness.integrated_lufs is not None:
        gate = max(gate, loudness.integrated_lufs + RELATIVE_GATE_LU)
    playing = curve[np.isfinite(curve) & (short_term >= gate)]
    return float(playing.min()) if playing.size else None
