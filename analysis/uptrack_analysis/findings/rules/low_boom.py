"""``low.boom``: one third octave of the bass that swells over its neighbours, whatever is played.

A third octave also stands out when the bass plays its note, so only moments count in which the bass line is heard on
another one; and under 80 Hz what stands out is the kick's or the sub's own note. A boom on the only note of a bass is
therefore missed. What it says is often the music's own, so it informs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits, frequency, percent
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.moments import Moments, moments
from uptrack_analysis.findings.places import as_spans, share, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.results import BassLine
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray

# A third octave over the higher side: the mean of the two below it, or of the two above.
LIMITS = table(
    "low.boom",
    lowest_hz=80.0,
    highest_hz=200.0,
    stands_db=3.0,
    warn_db=3.5,
    bad_db=8.0,
    least_share=0.2,  # of the loud passage
    least_free=0.35,  # of the moments in which the bass is elsewhere
    least_told=0.08,  # of the loud passage, in which it has to be elsewhere
    note_semitones=1.7,
    eq_cap_db=4.0,
    eq_q=2.0,
    grade="D",
    source="proposal",
)

CONFIDENCE = 0.7
WINDOW_S = 1.0
# Columns of the matrix are sixths of an octave: a band is two of them, its neighbours lie two and four away.
NEIGHBOURS = (-4, -2, 2, 4)
REACH = 2
BELIEVED_STRENGTH = 0.3
LEAST_LINE_SHARE = 0.1


def check(case: Case) -> Verdict:
    windows = moments(case, WINDOW_S)
    if windows is None or not windows.loud.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge the bass in.")
    edges_hz = windows.edges_hz
    lowest_hz, highest_hz = LIMITS.number("lowest_hz"), LIMITS.number("highest_hz")
    every = range(-NEIGHBOURS[0], edges_hz.size - 2 - NEIGHBOURS[-1])
    places = [column for column in every if lowest_hz <= edges_hz[column + 1] <= highest_hz]
    power = windows.power
    if not places or not power[windows.loud][:, places].max(initial=0.0) > 0:
        return Unmeasured(f"There is nothing from {frequency(lowest_hz)} to {frequency(highest_hz)}.")
    elsewhere = _plays_elsewhere(case.measured.bass, windows)
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    stands_db, least = LIMITS.number("stands_db"), LIMITS.number("least_share") * windows.loud.sum()
    over_db = {column: _over_neighbours_db(power, column) for column in every}
    loud_db = np.array([over_db[column][windows.loud].mean() for column in every])
    found: list[tuple[float, int]] = []
    for column in places:
        place = column - every[0]
        if loud_db[place] < loud_db[max(0, place - REACH) : place + REACH + 1].max():
            continue  # the shoulder of something else
        free = windows.loud & elsewhere(float(edges_hz[column + 1]))
        stands = free & (over_db[column] > stands_db)
        told = free.sum() >= LIMITS.number("least_told") * windows.loud.sum()
        often = (windows.loud & (over_db[column] > stands_db)).sum() >= least
        if told and often and stands.sum() >= LIMITS.number("least_free") * free.sum() and stands.any():
            found.append((float(_over_neighbours_db(power[stands].mean(axis=0, keepdims=True), column)[0]), column))
    if not found or not threshold.excess(max(found)[0]):
        return ()
    value, column = max(found)
    spans = case.joined(windows.spans(windows.loud & (_over_neighbours_db(power, column) > stands_db)))
    at_hz, quality = float(edges_hz[column + 1]), LIMITS.number("eq_q")
    cut = min(LIMITS.number("eq_cap_db"), max(0.5, round(2 * threshold.distance(value)) / 2))
    there = share(spans, case.loud_spans)
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=there,
            title=f"Boom at {frequency(at_hz)}",
            advice=(
                f"The third octave at {frequency(at_hz)} stands {digits(value)} dB over its neighbours in "
                f"{percent(there)} of the loud passages, at {when(spans)}, also while the bass is on other notes. Cut "
                f"{digits(cut)} dB at {frequency(at_hz)}, Q {digits(quality)}, on what swells there, often the kick's "
                f"tail or a room, or shorten that tail."
            ),
            spans=as_spans(spans),
            low_hz=float(edges_hz[column]),
            high_hz=float(edges_hz[column + 2]),
            actions=(
                Action("EQ", "Bell on the part that booms", -cut, at_hz, quality, tool="bell"),
                Action("DQ", "The same as a dynamic band, if it booms on some hits only", -cut, at_hz, quality),
            ),
            blame="power",
            expected_delta=f"{frequency(at_hz)} {digits(value)} → {digits(value - cut)} dB over its neighbours",
        ),
    )


def _over_neighbours_db(power: FloatArray, column: int) -> FloatArray:
    """Of the third octave that begins at a column, shape (n_windows,)."""

    def level_db(first: int) -> FloatArray:
        levels: FloatArray = 10 * np.log10(np.maximum(power[:, first] + power[:, first + 1], 1e-20))
        return levels

    below, above = (
        (level_db(column + near) + level_db(column + far)) / 2 for near, far in (NEIGHBOURS[1::-1], NEIGHBOURS[2:])
    )
    # The higher side: music that begins here has nothing below to stand out of.
    over: FloatArray = level_db(column) - np.maximum(below, above)
    return over


def _plays_elsewhere(bass: BassLine, windows: Moments) -> Callable[[float], NDArray[np.bool_]]:
    """Of a frequency in Hz: windows, shape (n_windows,), in which the bass line is on another note than that.

    The meter is not sure of octaves, so the octaves of a note count as it.
    """
    believed = bass.strength >= BELIEVED_STRENGTH * np.percentile(bass.strength, 90) if bass.strength.size else None
    if believed is None or believed.mean() < LEAST_LINE_SHARE or not bass.strength.max() > 0:
        return lambda _frequency_hz: np.ones(windows.loud.shape, dtype=np.bool_)
    times_s = bass.hop_s * np.flatnonzero(believed)
    notes = 12 * np.log2(bass.frequency_hz[believed])
    first = np.searchsorted(times_s, windows.centres_s - WINDOW_S / 2)
    last = np.searchsorted(times_s, windows.centres_s + WINDOW_S / 2)

    def elsewhere(frequency_hz: float) -> NDArray[np.bool_]:
        away = (notes - 12 * np.log2(frequency_hz) + 6.0) % 12.0 - 6.0
        until = np.concatenate([[0], np.cumsum(np.abs(away) <= LIMITS.number("note_semitones"))])
        free: NDArray[np.bool_] = until[last] == until[first]
        return free

    return elsewhere


RULE = Rule(
    id="low.boom",
    area="low",
    group="boom",
    weight=0.3,
    title="Boom",
    measures="Third octaves of 80–200 Hz over the two on either side, while the bass plays elsewhere, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
    version=3,
)
