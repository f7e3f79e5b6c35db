"""``low.note_uneven``: notes of the bass that come out much weaker than the others.

A room or a resonance does that, and so does a synthesiser whose filter does not follow the keyboard. The notes are
those that the key's meter hears the bass on, and a note's level is that of the whole low end while it is held, so one
that is taken for its octave has the right level all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits, frequency
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import TimeSpan, as_spans, inside, share, when
from uptrack_analysis.findings.promises import promise
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.measure.notes import A4_HZ, nearest_note
from uptrack_analysis.report import Action

# 90th minus 10th percentile of the notes' levels.
LIMITS = table(
    "low.note_uneven",
    low_hz=30.0,
    high_hz=250.0,
    warn_db=6.0,
    bad_db=12.0,
    present_db=-12.0,  # under the whole loud passage: quieter is no bass
    least_notes=3.0,
    least_share=0.05,  # of the loud passage, for a note to count
    least_told=0.25,  # of the loud passage, in which there must be notes
    level_step_db=3.0,
    grade="D",
    source="proposal; cap on level moves of 3 dB",
)

CONFIDENCE = 0.6
# Half of what the clear moments have: under that a kick or a chord may be meant.
BELIEVED = 0.5
STRONG_PERCENTILE = 90
LEAST_FRAMES = 6


@dataclass(frozen=True, slots=True)
class _Note:
    number: int
    """Of the semitone, A4 being 69."""
    level_db: float
    spans: tuple[TimeSpan, ...]

    @property
    def name(self) -> str:
        """Without its octave, of which the meter is not sure."""
        return nearest_note(self.hz)[0].rstrip("-0123456789")

    @property
    def hz(self) -> float:
        return float(A4_HZ * 2 ** ((self.number - 69) / 12))


def check(case: Case) -> Verdict:
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to hear a bass line in.")
    notes = _notes(case)
    if isinstance(notes, Unmeasured):
        return notes
    levels = np.array([note.level_db for note in notes])
    value = float(np.percentile(levels, 90) - np.percentile(levels, 10))
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    if not threshold.excess(value):
        return ()
    middle = float(np.median(levels))
    quietest, loudest = min(notes, key=lambda note: note.level_db), max(notes, key=lambda note: note.level_db)
    weak = middle - quietest.level_db >= loudest.level_db - middle
    odd = quietest if weak else loudest
    away = abs(odd.level_db - middle)
    step = min(LIMITS.number("level_step_db"), away)
    spans = case.joined(odd.spans)
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=share(spans, case.loud_spans),
            title=f"{'Weak' if weak else 'Loud'} bass note: {odd.name}",
            advice=(
                f"The notes of the bass lie {digits(value)} dB apart: {odd.name} (around {frequency(odd.hz)}, or its "
                f"octave) is {digits(away)} dB {'weaker' if weak else 'louder'} than the others at {when(spans)}. "
                + (
                    f"Raise it by up to {digits(step)} dB with clip gain or velocity, or play it an octave up if it "
                    f"lies under 35 Hz."
                    if weak
                    else f"Lower it by up to {digits(step)} dB with clip gain or velocity, or tame the filter that "
                    f"resonates on it."
                )
            ),
            spans=as_spans(spans),
            low_hz=LIMITS.number("low_hz"),
            high_hz=LIMITS.number("high_hz"),
            place=odd.name,
            actions=(
                Action("GN", f"Clip gain or velocity of {odd.name} in the bass", gain_db=step if weak else -step),
                Action("MK", "Mark the notes"),
            ),
            blame="power",
            expected_delta=promise(
                "spread", value, value - min(step, away), threshold.ok_high or 0.0, of=" between the notes"
            ),
        ),
    )


def _notes(case: Case) -> tuple[_Note, ...] | Unmeasured:
    """Notes that the bass holds long enough to have a level."""
    bass, bands = case.measured.bass, case.measured.bands
    columns = bands_between(bands.edges_hz, LIMITS.number("low_hz"), LIMITS.number("high_hz"))
    if columns is None or not bass.strength.size:
        return Unmeasured("The notes of the bass were not heard.")
    power = (bands.ll + bands.rr) / 2
    low, loud = power[:, columns].sum(axis=1), case.loud_mask
    if low[loud].mean() < power[loud].sum(axis=1).mean() * 10 ** (LIMITS.number("present_db") / 10):
        return Unmeasured("There is next to no bass.")
    times_s = bass.hop_s * np.arange(bass.strength.size, dtype=np.float64)
    heard = inside(times_s, case.loud_spans)
    if not heard.any() or not bass.strength[heard].max() > 0:
        return Unmeasured("The notes of the bass were not heard.")
    clear = heard & (bass.strength > BELIEVED * np.percentile(bass.strength[heard], STRONG_PERCENTILE))
    numbers = np.rint(12 * np.log2(bass.frequency_hz / A4_HZ) + 69).astype(np.intp)
    clear &= _held(numbers)
    if clear.sum() < LIMITS.number("least_told") * heard.sum():
        return Unmeasured("The notes of the bass could not be told from kick and chords.")
    frames = np.clip(np.searchsorted(bands.times_s, times_s), 0, bands.times_s.size - 1)
    least = max(LEAST_FRAMES, LIMITS.number("least_share") * heard.sum())
    notes = []
    for number in np.unique(numbers[clear]).tolist():
        chosen = clear & (numbers == number)
        if chosen.sum() < least:
            continue
        level = float(np.median(low[frames[chosen]]))
        spans = tuple((float(t) - bass.hop_s / 2, float(t) + bass.hop_s / 2) for t in times_s[chosen])
        notes.append(_Note(number, 10 * float(np.log10(max(level, 1e-20))), spans))
    if len(notes) < LIMITS.number("least_notes"):
        return Unmeasured("The bass holds fewer than three notes long enough to compare them.")
    return tuple(notes)


def _held(numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
    """The same semitone as the frame before or after."""
    same = numbers[1:] == numbers[:-1]
    held: NDArray[np.bool_] = np.concatenate([[False], same]) | np.concatenate([same, [False]])
    return held


RULE = Rule(
    id="low.note_uneven",
    area="low",
    group="bass notes",
    weight=0.25,
    title="Uneven bass notes",
    measures="Level of 30–250 Hz on each note of the bass: 90th minus 10th percentile of the notes, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
    version=4,
)
