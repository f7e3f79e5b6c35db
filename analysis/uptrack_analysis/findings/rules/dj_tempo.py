"""``dj.tempo``: does the export run at the project's tempo, and keep it?

A detector may honestly read half, double, two thirds or three quarters of a tempo, so each of those counts as the same.
Without a tempo from the DAW there is nothing to compare with, and the rule is unmeasured: it costs coverage, because a
render at the wrong tempo or sample rate would go unseen.

A project that has one tempo for the whole file promises a DJ one grid. Beats that wander off it are told as
information: a warped clip and a live player look alike. The wander over the file, shared out among its stretches of 32
bars, is the least that one of them has.
"""

from __future__ import annotations

import math

from uptrack_analysis.figures import digits, signed
from uptrack_analysis.findings.case import TEMPO_BELIEVED_FROM, Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.report import Action

# Distance of the detected tempo from the project's, in percent.
LIMITS = table(
    "dj.tempo",
    warn_percent=0.6,
    bad_percent=2.1,
    # Beyond this the detector is likelier to be wrong than the export.
    believable_percent=12.0,
    related=[1.0, 2.0, 0.5, 1.5, 0.6666666666666666, 1.3333333333333333, 0.75, 3.0, 0.3333333333333333, 4.0, 0.25],
    # The least by which beats wander in some 32 bars, where the project keeps one tempo.
    drift={
        "warn_ms": 5.0,
        "bad_ms": 20.0,
        "bars": 32.0,
        "grade": "B",
        "source": "5 ms in 32 bars of UpTrack's research notes; 29 synthesised grooves, swung ones too, read up to 0.4",
    },
    grade="B",
    source="octave and 2:3, 3:4 confusions reported for Mixxx (140 as 93.3 and 112), Essentia and Audacity",
)

CONFIDENCE = 0.9
FAR_OFF_CONFIDENCE = 0.4
DRIFT_CONFIDENCE = 0.35
# Rates that a project and a render are mixed up at, and how far off they may be told.
SAMPLE_RATES_HZ = (44_100.0, 48_000.0)
RATE_TOLERANCE = 0.004


def check(case: Case) -> Verdict:
    project_bpm, tempo = case.project.bpm, case.measured.tempo
    if project_bpm is None:
        return Unmeasured("The DAW gave no project tempo to compare the detected one with.")
    if tempo.bpm is None:
        return case.why("tempo.bpm", "No steady tempo was found.")
    drafts = [_off_tempo(case, project_bpm, tempo.bpm), _wandering(case, project_bpm)]
    return [draft for draft in drafts if draft is not None]


def _off_tempo(case: Case, project_bpm: float, heard_bpm: float) -> Draft | None:
    tempo = case.measured.tempo
    threshold = Threshold.above(LIMITS.number("warn_percent"), LIMITS.number("bad_percent"))
    related = LIMITS.numbers("related")
    detected = [heard_bpm, *(bpm for bpm, confidence in tempo.alternatives if confidence >= tempo.confidence / 2)]
    off = min((_off_percent(bpm, project_bpm, related) for bpm in detected), key=abs)
    value = abs(off)
    if not threshold.excess(value):
        return None
    believable = value <= LIMITS.number("believable_percent")
    runs_at = project_bpm * (1 + off / 100)
    ratio = 1 + off / 100
    swapped = next(
        (
            f" That is the ratio of {high / 1000:g} to {low / 1000:g} kHz: check the sample rate of the render."
            for low, high in ((SAMPLE_RATES_HZ[0], SAMPLE_RATES_HZ[1]), (SAMPLE_RATES_HZ[1], SAMPLE_RATES_HZ[0]))
            if abs(ratio * low / high - 1) < RATE_TOLERANCE
        ),
        "",
    )
    return Draft(
        value=value,
        unit="%",
        threshold=threshold,
        confidence=tempo.confidence * (CONFIDENCE if believable else FAR_OFF_CONFIDENCE),
        exposure=1.0,
        advice=(
            f"The project says {digits(project_bpm, 2)} bpm, but the file seems to run at {digits(runs_at, 2)} "
            f"({signed(off)} %).{swapped} If neither is meant, render again at the project's tempo, or mend the "
            f"tempo map."
        ),
        spans=as_spans([case.whole]),
        actions=(Action("NT", f"Compare the file's tempo ({digits(runs_at, 2)} bpm) with the project's"),),
        expected_delta=f"{digits(runs_at, 2)} → {digits(project_bpm, 2)} bpm",
    )


def _wandering(case: Case, project_bpm: float) -> Draft | None:
    tempo, data = case.measured.tempo, LIMITS.table("drift")
    drift_ms = None if tempo.grid is None else tempo.grid.drift_ms
    if drift_ms is None or tempo.confidence < TEMPO_BELIEVED_FROM:
        return None
    bars = data.number("bars")
    value = drift_ms / math.ceil(case.measured.duration_s / (bars * case.bar_s))
    threshold = Threshold.above(data.number("warn_ms"), data.number("bad_ms"))
    if threshold.excess(value) < WARN_EXCESS:
        return None
    return Draft(
        value=value,
        unit="ms",
        threshold=threshold,
        confidence=DRIFT_CONFIDENCE * tempo.confidence,
        exposure=1.0,
        title="Beat wanders off the project's grid",
        advice=(
            f"The beats wander by {digits(drift_ms, 0)} ms over the file, at least {digits(value, 0)} ms in some "
            f"{bars:.0f} bars, while the project keeps {digits(project_bpm, 2)} bpm: a DJ program's grid will not hold "
            f"throughout. If they are played by hand, that is their life; otherwise look for a clip that is warped or "
            f"stretched, or give the project a tempo map."
        ),
        spans=as_spans([case.whole]),
        place="drift",
        actions=(Action("NT", "Look for a warped or stretched clip, or map the tempo"),),
        told_from=data.number("warn_ms"),
        expected_delta=f"wander {digits(value, 0)} → under {digits(data.number('warn_ms'), 0)} ms in {bars:.0f} bars",
    )


def _off_percent(detected_bpm: float, project_bpm: float, related: tuple[float, ...]) -> float:
    """Distance of a detected tempo from the nearest relative of the project's, signed, in percent."""
    return min((100 * (detected_bpm / (project_bpm * factor) - 1) for factor in related), key=abs)


RULE = Rule(
    id="dj.tempo",
    area="dj",
    group="tempo",
    weight=0.4,
    title="Tempo differs from the project's",
    measures="Detected tempo against the project's, in percent; its half, double, 2:3 and 3:4 relatives are equal. "
    "Where the project keeps one tempo, also how far beats wander off their grid in 32 bars, in ms.",
    grade="B",
    check=check,
    limits=LIMITS,
    version=2,
)
