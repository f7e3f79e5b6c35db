"""What a reader must know first of a file with little in it: it is silent, in part or all but, or too short to measure.

The figures of such a file are null, each with its own reason; this is the one sentence above them all. Silence here is
digital: samples of exactly zero in every channel, told from tenths of a second that hold nothing else. Samples that are
no sound (NaN, infinite) were measured as such, and another note counts them: here they are never called zero.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import clock, signed
from uptrack_analysis.measure.loudness import ABSOLUTE_GATE_LUFS, HOPS_PER_S, MOMENTARY_HOPS
from uptrack_analysis.measure.results import Measured, Peaks

MOMENTARY_S = MOMENTARY_HOPS / HOPS_PER_S
LONG_S = 5.0
"""A stretch shorter than this may be a pause that is part of the music, and is not told."""
MOST_TOLD = 3


def silence_notes(name: str, measured: Measured) -> tuple[str, ...]:
    """One sentence, or none.

    Parameters
    ----------
    name : str
        Of the file, fit to be shown.
    measured : Measured
    """
    said = _little_there(measured) or _silent_in_places(measured)
    return () if said is None else (f"{name} is {said}.",)


def _little_there(measured: Measured) -> str | None:
    duration_s = measured.duration_s
    highest_dbfs = float(np.max(measured.peaks.sample_dbfs, initial=-np.inf))
    if highest_dbfs == -np.inf:
        from_to = f"from 0:00.0 to {clock(duration_s, 1)}"
        if not measured.non_finite_samples:
            whole = f"every sample {from_to} is zero"
        elif measured.non_finite_samples == measured.frames * measured.channels:
            whole = f"no sample {from_to} is a sound"
        else:
            whole = f"every other sample {from_to} is zero"
        return f"silent: {whole}, so there is nothing to measure; check what was rendered"
    if duration_s < MOMENTARY_S:
        there = f"{duration_s:.3f} s, and loudness alone takes {MOMENTARY_S:g} s"
        return f"too short to be judged: {there}; render a longer part"
    if measured.loudness.integrated_lufs is None:
        highest = f"its highest sample lies at {signed(highest_dbfs, 1)} dBFS"
        gate = f"nothing reaches the {signed(ABSOLUTE_GATE_LUFS, 0)} LUFS at which loudness begins"
        return f"all but silent: {highest}, and {gate}; check what was rendered"
    return None


def _silent_in_places(measured: Measured) -> str | None:
    stretches = silent_stretches(measured.peaks, measured.duration_s)
    if not stretches:
        return None
    told = [f"from {clock(start_s, 1)} to {clock(end_s, 1)}" for start_s, end_s in stretches[:MOST_TOLD]]
    more = len(stretches) - len(told)
    if more:
        told.append(f"in {more} more {'places' if more > 1 else 'place'}")
    listed = " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
    rate_hz = measured.sample_rate_hz
    broken = any(
        one.start < end_s * rate_hz and start_s * rate_hz < one.end
        for one in measured.non_finite
        for start_s, end_s in stretches
    )
    there = "zero or no sound" if broken else "zero"
    return f"silent {listed}: every sample there is {there}; look for a mute or a gap if that is not meant"


def silent_stretches(peaks: Peaks, duration_s: float) -> tuple[tuple[float, float], ...]:
    """Start and end in seconds of every stretch of at least ``LONG_S`` in which all channels are zero, in order."""
    silent = np.isneginf(peaks.curve_dbfs)
    borders = np.flatnonzero(np.diff(silent, prepend=False, append=False)).reshape(-1, 2)
    long = borders[np.diff(borders, axis=1)[:, 0] >= round(LONG_S / peaks.curve_step_s)] * peaks.curve_step_s
    return tuple((start_s, min(end_s, duration_s)) for start_s, end_s in long.tolist())
