"""``int.hum``: mains hum under the music, told as loud as it is against the music.

The meter in ``measure/hum.py`` decides what is hum and what a bass note: lines at multiples of 50 or 60 Hz that do not
move while everything else does. Loud music covers a little hum and a break does not, so it is held against the file's
loudness, and how long it is there is its exposure.
"""

from __future__ import annotations

from collections.abc import Sequence

from uptrack_analysis.figures import channel_name, digits, frequency
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans, merged, share, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.measure.results import Hum
from uptrack_analysis.report import Action

# RMS of all lines over the integrated loudness.
LIMITS = table(
    "int.hum",
    warn_db=-52.0,
    bad_db=-28.0,
    notches=4,  # lines that a fix names
    notch_q=30.0,
    grade="D",
    source="proposal: hum 40 dB under the music is heard in every break",
)

CONFIDENCE = 0.8


def check(case: Case) -> Verdict:
    hums = case.measured.defects.hum
    if hums is None:
        return case.why("defects.hum", "The file is too short to tell hum from a note.")
    if not hums:
        return ()
    loudness = case.measured.loudness.integrated_lufs
    if loudness is None:
        return case.why("loudness.integrated_lufs", "The file is silent.")
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    # One leak feeds both channels: the same mains frequency is one finding.
    drafts: list[Draft] = []
    for mains_hz in sorted({round(hum.frequency_hz, -1) for hum in hums}):
        own = [hum for hum in hums if round(hum.frequency_hz, -1) == mains_hz]
        value = max(hum.level_dbfs for hum in own) - loudness
        if threshold.excess(value) >= WARN_EXCESS:
            drafts.append(_draft(case, own, value, threshold))
    return drafts


def _draft(case: Case, hums: Sequence[Hum], value: float, threshold: Threshold) -> Draft:
    worst = max(hums, key=lambda hum: hum.level_dbfs)
    channels = sorted({hum.channel for hum in hums})
    channel = channels[0] if len(channels) == 1 and case.measured.channels > 1 else None
    where = f" in {channel_name(channel, case.measured.channels)}" if channel is not None else ""
    spans = merged((hum.start_s, hum.end_s) for hum in hums)
    loudest = sorted(worst.harmonics, key=lambda line: -line[1])[: int(LIMITS.number("notches"))]
    lines_hz = [multiple * worst.frequency_hz for multiple, _ in sorted(loudest)]
    named = ", ".join(frequency(line_hz) for line_hz in lines_hz)
    return Draft(
        value=value,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=share(spans, [case.whole]),
        advice=(
            f"Mains hum of {digits(worst.frequency_hz, 1)} Hz{where} at {digits(worst.level_dbfs, 0)} dBFS, "
            f"{digits(-value, 0)} dB under the music, at {when(spans)}. Find the recorded part it comes from (guitar, "
            f"hardware synth, vocal) and gate it or notch {named} there, Q {LIMITS.number('notch_q'):.0f}."
        ),
        spans=as_spans(spans, channel),
        low_hz=min(lines_hz),
        high_hz=max(lines_hz),
        channel=channel,
        place=f"{worst.frequency_hz:.0f} Hz",
        actions=(
            *(
                Action(
                    "EQ",
                    f"Notch at {frequency(line_hz)} on the part that hums",
                    frequency_hz=line_hz,
                    q=LIMITS.number("notch_q"),
                    tool="notch",
                )
                for line_hz in lines_hz
            ),
            Action("NT", "Mute parts one by one in the break to find the source"),
        ),
        blame="hum",
        expected_delta=f"hum {digits(worst.level_dbfs, 0)} dBFS → none",
    )


RULE = Rule(
    id="int.hum",
    area="integrity",
    group="hum",
    weight=0.3,
    title="Mains hum",
    measures="RMS of the lines at multiples of 50 or 60 Hz that stand still, over the integrated loudness, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=2,
)
