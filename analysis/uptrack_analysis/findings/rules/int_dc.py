"""``int.dc``: a constant offset under the music, which eats headroom and clicks at every edit."""

from __future__ import annotations

from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.phrases import channel_name, plain
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict, limits
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action

CONFIDENCE = 0.95


def check(case: Case) -> Verdict:
    data = limits("int.dc")
    threshold = Threshold.above(data.number("warn_percent"), data.number("bad_percent"))
    drafts: list[Draft] = []
    for channel, offset in enumerate(case.measured.defects.dc_offset.tolist()):
        percent = 100 * abs(offset)
        if not threshold.excess(percent):
            continue
        name = channel_name(channel, case.measured.channels) if case.measured.channels > 1 else "the file"
        drafts.append(
            Draft(
                value=percent,
                unit="% FS",
                threshold=threshold,
                confidence=CONFIDENCE,
                exposure=1.0,
                advice=(
                    f"DC offset of {plain(percent, 2)} % of full scale in {name}: put a high-pass at 20 Hz on the stem "
                    f"it comes from, often a synth, a saturator or an old interface, or remove DC in the export."
                ),
                spans=as_spans([case.whole], channel if case.measured.channels > 1 else None),
                blocker=percent > data.number("blocker_percent"),
                channel=channel,
                actions=(Action("HP", "High-pass at 20 Hz on the source of the offset", frequency_hz=20.0),),
                expected_delta=f"offset {plain(percent, 2)} → 0.00 % of full scale",
            )
        )
    return drafts


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
