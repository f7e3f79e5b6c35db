"""``int.codec_overs``: peaks that a lossy encoder raises over full scale.

An encoder keeps what one hears and not the wave's shape, so peaks that a limiter has cut come back, by 0.3 to 2 dB on
loud masters. What the file itself reaches is ``int.truepeak``'s: here counts what the encoder adds. Measured only when
asked for, because it takes ffmpeg and three more passes.
"""

from __future__ import annotations

from uptrack_analysis.figures import clock, digits, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.report import Action, Span

# True peak after the round trip, of the codec that raises it most.
LIMITS = table(
    "int.codec_overs",
    stream={
        "warn_dbtp": 0.3,
        "bad_dbtp": 2.0,
        "grade": "B",
        "source": "Spotify and Apple ask for -1 dBTP so that encoding stays under 0",
    },
    # A DJ plays the file itself; previews and shops play the encoding.
    club={
        "warn_dbtp": 1.75,
        "bad_dbtp": 4.0,
        "grade": "B",
        "source": "released club masters reach +1 to +3.5 dBTP themselves",
    },
    least_gain_db=1.0,  # over the file's own peak
    most_step_db=2.0,
    grade="B",
    source="UpTrack's research notes, 2026",
)

CONFIDENCE = 0.9


def check(case: Case) -> Verdict:
    codecs, own_dbtp = case.measured.codecs, case.true_peak_dbtp
    if codecs is None:
        return Unmeasured(
            "The round trip through encoders runs only when asked for (uptrack analyze --codecs).", optional=True
        )
    if not codecs.peaks:
        return Unmeasured(codecs.reason or "No encoder was there to ask.")
    if own_dbtp is None:
        return case.why("loudness.true_peak_dbtp", "The file is silent.")
    if case.delivery.target == "premaster":
        return ()  # it is mastered before anybody encodes it
    worst = max(codecs.peaks, key=lambda peak: peak.true_dbtp)
    gain_db = worst.true_dbtp - own_dbtp
    data = LIMITS.table(case.delivery.target)
    threshold = Threshold.above(data.number("warn_dbtp"), data.number("bad_dbtp"))
    if threshold.excess(worst.true_dbtp) < WARN_EXCESS or gain_db < LIMITS.number("least_gain_db"):
        return ()
    step = min(LIMITS.number("most_step_db"), worst.true_dbtp)
    others = [peak for peak in codecs.peaks if peak is not worst]
    beside = "; " + ", ".join(f"{peak.codec} {signed(peak.true_dbtp)}" for peak in others) if others else ""
    return (
        Draft(
            value=worst.true_dbtp,
            unit="dBTP",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=0.0,
            advice=(
                f"As {worst.codec} the file peaks at {signed(worst.true_dbtp)} dBTP at {clock(worst.true_s, 1)}, "
                f"{digits(gain_db)} dB over its own peak{beside}. Lower the limiter's ceiling by {digits(step)} dB, or "
                f"its drive: peaks that are cut less come back less."
            ),
            spans=(Span(worst.true_s, worst.true_s, worst.channel if case.measured.channels > 1 else None),),
            actions=(
                Action("LM", f"Limiter ceiling {digits(step)} dB lower, true-peak mode"),
                Action("MK", "Mark the peak"),
            ),
            expected_delta=f"{worst.codec} {signed(worst.true_dbtp)} → {signed(worst.true_dbtp - step)} dBTP",
        ),
    )


RULE = Rule(
    id="int.codec_overs",
    area="integrity",
    group="overs",
    weight=0.2,
    title="Encoders push peaks over full scale",
    measures="True peak after AAC 256, Opus 128 and MP3 320 kbit/s, where it is 1 dB or more over the file's own.",
    grade="B",
    check=check,
    limits=LIMITS,
    by_target=True,
)
