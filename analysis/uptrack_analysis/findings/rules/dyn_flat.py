"""``dyn.flat``: a whole track that stays at one level: little loudness range, and no section that differs.

Range alone is no verdict: a hypnotic techno track has little of it and breaks all the same. So both have to be missing,
in a file long enough to be a track. It is a matter of arrangement, and nobody has
measured how often it is right: it informs.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.report import Action

LIMITS = table(
    "dyn.flat",
    # The family's lower end of the loudness range warns; this share of it is bad.
    bad_share_percent=40.0,
    # Sections further apart than this are contrast enough.
    contrast_lu=3.0,
    gone_db=-9.0,  # and so is one whose kick and bass are gone
    track_from_s=120.0,
    grade="D",
    source="proposal; the usual loudness range is in the family files",
)

CONFIDENCE = 0.7


def check(case: Case) -> Verdict:
    value = case.measured.loudness.range_lu
    if value is None:
        return case.why("loudness.range_lu", "The file has no loudness range.")
    if case.measured.duration_s < LIMITS.number("track_from_s"):
        return Unmeasured("The file is shorter than two minutes: a loop or an excerpt may stay at one level.")
    sections = [part for part in case.measured.structure.sections if part.loudness_lufs is not None]
    if not sections:
        return Unmeasured("The arrangement could not be told.")
    own, low = case.own_family, case.family.loudness_range_lu[0]
    threshold = Threshold.below(low, low * LIMITS.number("bad_share_percent") / 100)
    levels = [part.loudness_lufs for part in sections if part.loudness_lufs is not None]
    spread = max(levels) - min(levels)
    contrast = spread >= LIMITS.number("contrast_lu") or any(
        part.low_end_db <= LIMITS.number("gone_db") for part in sections
    )
    if threshold.excess(value) < WARN_EXCESS or contrast:
        return ()
    return (
        Draft(
            value=value,
            unit="LU",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            advice=(
                f"The loudness moves by {digits(value)} LU over the whole track, and no section is more than "
                f"{digits(spread)} LU from another; {own.name} usually has {digits(own.loudness_range_lu[0])} LU or "
                f"more{case.still_passes(f'{digits(low)} LU')}. Give one passage of 8 or 16 bars room: mute kick and "
                f"bass, or take its pads down by 3 dB."
            ),
            spans=as_spans([case.whole]),
            actions=(Action("NT", "Plan a passage without kick and bass"),),
            expected_delta=f"loudness range {digits(value)} → over {digits(low)} LU",
        ),
    )


RULE = Rule(
    id="dyn.flat",
    area="dynamics",
    group="contrast",
    weight=0.2,
    title="No contrast between sections",
    measures="Loudness range against the family's lower end, where no section is louder, quieter or without a low end.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_genre=True,
    family_tables=("loudness_range",),
    at_most="info",
    version=3,
)
