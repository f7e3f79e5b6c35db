"""``dj.tempo``: does the export run at the project's tempo?

A detector may honestly read half, double, two thirds or three quarters of a tempo, so each of those counts as the same.
Without a tempo from the DAW there is nothing to compare with, and the rule is unmeasured: it costs coverage, because a
render at the wrong tempo or sample rate would go unseen. Steady drift needs beat times, which nobody measures yet.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action

# Distance of the detected tempo from the project's, in percent.
LIMITS = table(
    "dj.tempo",
    warn_percent=0.6,
    bad_percent=2.1,
    # Beyond this the detector is likelier to be wrong than the export.
    believable_percent=12.0,
    related=[1.0, 2.0, 0.5, 1.5, 0.6666666666666666, 1.3333333333333333, 0.75, 3.0, 0.3333333333333333, 4.0, 0.25],
    grade="B",
    source="octave and 2:3, 3:4 confusions reported for Mixxx (140 as 93.3 and 112), Essentia and Audacity",
)

CONFIDENCE = 0.9
FAR_OFF_CONFIDENCE = 0.4
# Rates that a project and a render are mixed up at, and how far off they may be told.
SAMPLE_RATES_HZ = (44_100.0, 48_000.0)
RATE_TOLERANCE = 0.004


def check(case: Case) -> Verdict:
    project_bpm, tempo = case.project.bpm, case.measured.tempo
    if project_bpm is None:
        return Unmeasured("The DAW gave no project tempo to compare the detected one with.")
    if tempo.bpm is None:
        return case.why("tempo.bpm", "No steady tempo was found.")
    threshold = Threshold.above(LIMITS.number("warn_percent"), LIMITS.number("bad_percent"))
    related = LIMITS.numbers("related")
    detected = [tempo.bpm, *(bpm for bpm, confidence in tempo.alternatives if confidence >= tempo.confidence / 2)]
    off = min((_off_percent(bpm, project_bpm, related) for bpm in detected), key=abs)
    value = abs(off)
    if not threshold.excess(value):
        return ()
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
    return (
        Draft(
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
        ),
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
    measures="Detected tempo against the project's, in percent; its half, double, 2:3 and 3:4 relatives are equal.",
    grade="B",
    check=check,
    limits=LIMITS,
)
