"""``dj.grid``: does the file begin on a beat of its own grid?

A DJ program lays its grid from the start of the file; one that begins between two beats has to be shifted by hand. A
pickup of whole beats is no fault. The beat's place is known to a few milliseconds, and the finding is never more than
minor, because every DJ program can shift its grid.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits
from uptrack_analysis.findings.case import TEMPO_BELIEVED_FROM, Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.report import Action

LIMITS = table(
    "dj.grid",
    warn_ms=15.0,
    bad_ms=45.0,
    # Where no beat of the bar stands out this far, the beat itself may have been taken for the off-beat.
    downbeat_percent=50.0,
    # What is played wanders more than this: there is no grid to be off.
    steady_ms=20.0,
    grade="D",
    source="proposal of 10 ms, more by what the grid itself may be off",
)

CONFIDENCE = 0.8
DELAYED_CODECS = {"MP3", "AAC"}


def check(case: Case) -> Verdict:
    if case.delivery.target != "club":
        return ()
    tempo = case.measured.tempo
    grid = tempo.grid
    if case.measured.codec in DELAYED_CODECS:
        return Unmeasured(f"{case.measured.codec} begins with the encoder's own delay, some 25 to 50 ms of silence.")
    if tempo.bpm is None or grid is None or tempo.confidence < TEMPO_BELIEVED_FROM:
        return case.why("tempo.bpm", "No steady beat was found to hold the file's start against.")
    if 100 * grid.downbeat_confidence < LIMITS.number("downbeat_percent"):
        return Unmeasured("No beat of the bar stands out enough to be sure where beats lie.")
    if grid.drift_ms is not None and grid.drift_ms > LIMITS.number("steady_ms"):
        return Unmeasured(f"The beat wanders by {digits(grid.drift_ms, 0)} ms, so there is no grid to be off.")
    threshold = Threshold.above(LIMITS.number("warn_ms"), LIMITS.number("bad_ms"))
    late_s = grid.first_beat_s % grid.beat_s
    early_s = grid.beat_s - late_s
    value = 1000 * min(late_s, early_s)
    if threshold.excess(value) < WARN_EXCESS:
        return ()
    trim = (
        f"trim {digits(1000 * late_s, 0)} ms from the start"
        if late_s <= early_s
        else f"start the render {digits(1000 * early_s, 0)} ms earlier"
    )
    return (
        Draft(
            value=value,
            unit="ms",
            threshold=threshold,
            confidence=CONFIDENCE * tempo.confidence,
            exposure=0.0,
            advice=(
                f"The file starts {digits(value, 0)} ms off its own beat ({digits(tempo.bpm, 2)} bpm), so a DJ "
                f"program's grid has to be moved by hand: {trim}, or put the render's start on a bar line."
            ),
            spans=as_spans([(0.0, min(late_s, case.measured.duration_s))]),
            actions=(Action("MK", "Mark the first beat"), Action("NT", trim.capitalize())),
            expected_delta=f"first beat {digits(value, 0)} → 0 ms off the grid",
        ),
    )


RULE = Rule(
    id="dj.grid",
    area="dj",
    group="grid",
    weight=0.15,
    title="File starts between two beats",
    measures="Distance of the file's first sample from the nearest beat of its own grid, in ms (club).",
    grade="D",
    check=check,
    limits=LIMITS,
    by_target=True,
    at_most="info",
)
