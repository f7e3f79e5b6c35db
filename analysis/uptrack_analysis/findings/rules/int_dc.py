"""``int.dc``: a constant offset under the music, which eats headroom and clicks at every edit."""

from __future__ import annotations

from uptrack_analysis.figures import channel_name, digits
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict, limits
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action

CONFIDENCE = 0.95


def check(case: Case) -> Verdict:
    data = limits("int.dc")
    threshold = Threshold.above(data.number("warn_percent"), data.number("bad_percent"))
    percents = [100 * abs(offset) for offset in case.measured.defects.dc_offset.tolist()]
    channels = [channel for channel, percent in enumerate(percents) if threshold.excess(percent)]
    if not channels:
        return ()
    # One cause, one finding: the worst channel stands for all.
    percent = max(percents)
    only = channels[0] if len(channels) == 1 and case.measured.channels > 1 else None
    where = f" in {channel_name(only, case.measured.channels)}" if only is not None else ""
    return (
        Draft(
            value=percent,
            unit="% FS",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            advice=(
                f"DC offset of {digits(percent, 2)} % of full scale{where}: put a high-pass at 20 Hz on the stem it "
                f"comes from, often a synth, a saturator or an old interface, or remove DC in the export."
            ),
            spans=as_spans([case.whole], only),
            blocker=percent > data.number("blocker_percent"),
            actions=(Action("HP", "High-pass at 20 Hz on the source of the offset", frequency_hz=20.0),),
            expected_delta=f"offset {digits(percent, 2)} → 0.00 % of full scale",
        ),
    )


RULE = Rule(
    id="int.dc",
    area="integrity",
    group="dc",
    weight=0.4,
    title="DC offset",
    measures="Mean of each channel in percent of full scale.",
    grade="B",
    check=check,
)
