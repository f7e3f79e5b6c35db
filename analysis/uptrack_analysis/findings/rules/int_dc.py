"""``int.dc``: a constant offset under the music, which eats headroom and clicks at every edit.

Counted between the first sound and the last, so that silence rendered with a mix makes no fault smaller. A short file
has a mean of its own, because its ends cut the bass anywhere: only what no tone could leave behind is an offset.
"""

from __future__ import annotations

import math

from uptrack_analysis.figures import channel_name, digits
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.report import Action

# Mean of a channel in percent of full scale.
LIMITS = table(
    "int.dc",
    warn_percent=0.5,
    bad_percent=1.1,
    blocker_percent=2.0,
    lowest_tone_hz=20.0,  # a short file's ends cut a tone this low into a mean of its own
    grade="B",
    source="proposal of 0.5 and 2 percent; kicks and tracker music reach 0.3 on their own",
)

CONFIDENCE = 0.95


def check(case: Case) -> Verdict:
    threshold = Threshold.above(LIMITS.number("warn_percent"), LIMITS.number("bad_percent"))
    defects, whole_s = case.measured.defects, case.measured.duration_s
    sounding_s = whole_s - defects.lead_silence_s - defects.tail_silence_s
    if sounding_s <= 0:
        return ()
    percents = [100 * abs(offset) * whole_s / sounding_s for offset in defects.dc_offset.tolist()]
    suspects = [channel for channel, percent in enumerate(percents) if threshold.excess(percent)]
    channels = [
        channel
        for channel in suspects
        if percents[channel] > _left_by_a_tone_percent(case, channel, LIMITS.number("lowest_tone_hz"), sounding_s)
    ]
    if suspects and not channels:
        return Unmeasured(f"The file is too short ({digits(whole_s)} s) to tell a DC offset from its bass.")
    if not channels:
        return ()
    # One cause, one finding: the worst channel stands for all.
    percent = max(percents[channel] for channel in channels)
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
            blocker=percent > LIMITS.number("blocker_percent"),
            actions=(
                Action("HP", "High-pass at 20 Hz on the source of the offset", frequency_hz=20.0, tool="high-pass"),
            ),
            blame="offset",
            expected_delta=f"offset {digits(percent, 2)} → 0.00 % of full scale",
        ),
    )


def _left_by_a_tone_percent(case: Case, channel: int, frequency_hz: float, length_s: float) -> float:
    """Largest mean of a tone with the channel's own peak, cut half a period away from a whole number of them."""
    peak: float = 10 ** (float(case.measured.peaks.sample_dbfs[channel]) / 20)
    return 100 * peak / (math.pi * frequency_hz * length_s)


RULE = Rule(
    id="int.dc",
    area="integrity",
    group="dc",
    weight=0.4,
    title="DC offset",
    measures="Mean of each channel from the first sound to the last, in percent of full scale.",
    grade="B",
    check=check,
    limits=LIMITS,
    version=2,
)
