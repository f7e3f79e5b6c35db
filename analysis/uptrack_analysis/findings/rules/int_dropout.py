"""``int.dropout``: holes of some milliseconds with signal on both sides, and blocks that were delivered twice.

What counts as a hole, and what as a stop, a gate or a stutter in time, the meter in ``measure/gaps.py`` decides,
``measure/stalls.py`` what held one sample for longer, and ``measure/repeats.py`` what is a copy to the sample. Of very
many holes or copies, which are likelier an effect that keeps no time, this rule trusts the meter less.
"""

from __future__ import annotations

from collections.abc import Sequence

from uptrack_analysis.figures import channel_name, clock, digits
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import overlap_s
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.results import Gap
from uptrack_analysis.report import Action, Span

# Length of a hole with signal on both sides.
LIMITS = table(
    "int.dropout",
    warn_ms=2.0,
    bad_ms=8.0,
    blocker_ms=20.0,
    # More holes a minute than this are a gate or a stutter effect, so the detector trusts itself less.
    effect_per_min=30.0,
    grade="B",
    source="Essentia GapsDetector; the lengths are a proposal",
)

CERTAIN = 0.9
MAYBE_EFFECT = 0.4
LEAST_APART_S = 1.5
"""So that two places never round to one second, and so to one identity."""
# Findings apart; a file with more is described by its longest.
AT_MOST = 20


def check(case: Case) -> Verdict:
    measured = case.measured
    threshold = Threshold.above(LIMITS.number("warn_ms"), LIMITS.number("bad_ms"))
    rate_hz = measured.sample_rate_hz
    defects = measured.defects
    holes = [*defects.gaps, *defects.held]
    if not holes:
        return _repeats(case, threshold)
    # Holes that keep the time of a driver, and not of the music, the meter has told from an effect already.
    unsure = len(defects.gaps) - defects.regular_gaps
    often = unsure > max(AT_MOST, LIMITS.number("effect_per_min") * measured.duration_s / 60)
    drafts: list[Draft] = []
    clusters = _clusters(holes, max(case.bar_s, LEAST_APART_S) * rate_hz)
    told = _longest(clusters)
    # Where all are told, the counts of the findings add up; where not, each says of how many it is.
    of_all = f" of {len(holes)} in the file" if len(told) < len(clusters) else ""
    for cluster in told:
        longest_ms = max(gap.end - gap.start for gap in cluster) * 1000 / rate_hz
        if not threshold.excess(longest_ms):
            continue
        start_s = cluster[0].start / rate_hz
        channels = sorted({channel for gap in cluster for channel in gap.channels})
        channel = channels[0] if len(channels) == 1 and measured.channels > 1 else None
        where = f" in {channel_name(channel, measured.channels)}" if channel is not None else ""
        what = "One sample held for" if all(gap in defects.held for gap in cluster) else "A gap of"
        one = f"{what} {digits(longest_ms, 0)} ms" + (f", one{of_all}," if of_all else "")
        many = f"{len(cluster)} gaps{of_all}, the longest {digits(longest_ms, 0)} ms,"
        spans = [(gap.start / rate_hz, gap.end / rate_hz) for gap in cluster]
        drafts.append(
            Draft(
                value=longest_ms,
                unit="ms",
                threshold=threshold,
                confidence=MAYBE_EFFECT if often else CERTAIN,
                exposure=min(1.0, overlap_s(spans, [case.whole]) / measured.duration_s),
                advice=(
                    f"{many if len(cluster) > 1 else one} at {clock(start_s, 3)}{where}: render again, "
                    f"offline and with a larger buffer; if it stays, the fault is in the source clip."
                ),
                spans=tuple(Span(start, end, channel) for start, end in spans),
                blocker=longest_ms >= LIMITS.number("blocker_ms"),
                channel=channel,
                place=f"{start_s:.0f} s",
                actions=(Action("MK", "Mark the gap"), Action("NT", "Render this passage again")),
                blame="faults",
                expected_delta="no gap",
            )
        )
    return [*drafts, *_repeats(case, threshold)]


def _repeats(case: Case, threshold: Threshold) -> list[Draft]:
    """Blocks that follow their own copy; the longest of those less than a bar apart speaks for all."""
    rate_hz = case.measured.sample_rate_hz
    found = case.measured.defects.repeats
    often = len(found) > max(AT_MOST, LIMITS.number("effect_per_min") * case.measured.duration_s / 60)
    as_holes = [Gap(repeat.start, repeat.end, ()) for repeat in found]
    drafts: list[Draft] = []
    for cluster in _longest(_clusters(as_holes, max(case.bar_s, LEAST_APART_S) * rate_hz)):
        longest_ms = max(gap.end - gap.start for gap in cluster) * 1000 / rate_hz
        if not threshold.excess(longest_ms):
            continue
        start_s = cluster[0].start / rate_hz
        spans = [(gap.start / rate_hz, gap.end / rate_hz) for gap in cluster]
        drafts.append(
            Draft(
                value=longest_ms,
                unit="ms",
                threshold=threshold,
                confidence=MAYBE_EFFECT if often else CERTAIN,
                exposure=min(1.0, overlap_s(spans, [case.whole]) / case.measured.duration_s),
                title="Block played twice",
                advice=(
                    f"{digits(longest_ms, 0)} ms at {clock(start_s, 3)} are a copy of what comes just before: a buffer "
                    f"that a driver or a render delivered twice. Render again, offline and with a larger buffer."
                ),
                spans=tuple(Span(start, end) for start, end in spans),
                place=f"repeat {start_s:.0f} s",
                actions=(Action("MK", "Mark the repeat"), Action("NT", "Render this passage again")),
                blame="faults",
                expected_delta="no repeat",
            )
        )
    return drafts


def _clusters(holes: Sequence[Gap], within: float) -> list[list[Gap]]:
    """Holes less than a bar apart are one place to look at."""
    clusters: list[list[Gap]] = []
    end = 0
    for gap in sorted(holes, key=lambda gap: gap.start):
        if clusters and gap.start - end <= within:
            clusters[-1].append(gap)
        else:
            clusters.append([gap])
        end = max(end, gap.end)
    return clusters


def _longest(clusters: list[list[Gap]]) -> list[list[Gap]]:
    worst = sorted(clusters, key=lambda cluster: -max(gap.end - gap.start for gap in cluster))[:AT_MOST]
    return sorted(worst, key=lambda cluster: cluster[0].start)


RULE = Rule(
    id="int.dropout",
    area="integrity",
    group="dropout",
    weight=0.6,
    title="Gap in the signal",
    measures="Length of the longest hole, in ms, where signal breaks off and comes back, or of a block played twice.",
    grade="B",
    check=check,
    limits=LIMITS,
    version=6,
)
