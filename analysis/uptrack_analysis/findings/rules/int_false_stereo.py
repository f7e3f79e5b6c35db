"""``int.false_stereo``: a stereo file that holds one signal.

Mono on purpose exists, loops and stems above all: under half a minute it stays a question. A whole mix without any
side signal is mostly an export through a mono utility, and one whose sides differ by a delay alone hollows out in mono.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits, signed
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.results import ChannelMatch
from uptrack_analysis.report import Action

LIMITS = table(
    "int.false_stereo",
    # What is left of right without left. The meter calls it one signal from -60 dB on, which is moderate here; a file
    # whose channels are equal to the last bit reads -120 and is hardly worse.
    same={"warn_db": -25.0, "bad_db": -130.0, "grade": "B", "source": "-60 dB of UpTrack's research notes, 2026"},
    # right behind left, or left behind right
    delay={"warn_ms": 0.05, "bad_ms": 0.2, "grade": "D", "source": "proposal: 0.2 ms puts a notch at 2.5 kHz in mono"},
    # Shorter files are loops and samples, mono by habit.
    mix_from_s=30.0,
    grade="D",
    source="proposal",
)

CONFIDENCE = 0.75
MAYBE_MEANT = 0.45


def check(case: Case) -> Verdict:
    if case.measured.channels < 2:
        return ()
    match = case.measured.details.channels
    if match is None:
        return case.why("stereo.false_stereo", "The channels could not be compared.")
    if match.kind == "stereo":
        return ()
    is_mix = case.measured.duration_s >= LIMITS.number("mix_from_s")
    draft = _late if match.kind == "delay" else _same
    return (draft(case, match, CONFIDENCE if is_mix else MAYBE_MEANT),)


def _same(case: Case, match: ChannelMatch, confidence: float) -> Draft:
    data = LIMITS.table("same")
    turned = match.inverted is True
    how = "the same" if match.kind == "identical" else f"the same but for {signed(match.gain_db)} dB on the right"
    return Draft(
        value=match.difference_db,
        unit="dB",
        threshold=Threshold.below(data.number("warn_db"), data.number("bad_db")),
        confidence=confidence,
        exposure=1.0,
        title="Mono in a stereo file",
        advice=(
            f"Left and right are {how}{', turned over' if turned else ''}: what differs lies "
            f"{digits(-match.difference_db, 0)} dB under the music. If the mix is stereo in the project, look for a "
            f"mono switch or a width of 0 % on the master, and for the export's channel setting, and render again."
        ),
        spans=as_spans([case.whole]),
        place=match.kind,
        actions=(Action("UT", "Check mono switches and width on the master"), Action("NT", "Render again in stereo")),
        expected_delta="a side signal",
    )


def _late(case: Case, match: ChannelMatch, confidence: float) -> Draft:
    data = LIMITS.table("delay")
    delay_ms = match.delay_ms or 0.0
    late = "right" if delay_ms > 0 else "left"
    return Draft(
        value=abs(delay_ms),
        unit="ms",
        threshold=Threshold.above(data.number("warn_ms"), data.number("bad_ms")),
        confidence=confidence,
        exposure=1.0,
        title="Stereo by a delay alone",
        advice=(
            f"The {late} channel is the other one {digits(abs(delay_ms), 2)} ms later: in mono that cuts a comb of "
            f"notches from {digits(500.0 / abs(delay_ms), 0)} Hz up. Take the delay off the master, or keep it to "
            f"single parts above 300 Hz."
        ),
        spans=as_spans([case.whole]),
        place=match.kind,
        actions=(Action("DL", f"{late.capitalize()} channel {digits(abs(delay_ms), 2)} ms earlier"),),
        expected_delta=f"delay {digits(abs(delay_ms), 2)} → 0 ms",
    )


RULE = Rule(
    id="int.false_stereo",
    area="integrity",
    group="false stereo",
    weight=0.3,
    title="Mono in a stereo file",
    measures="What is left of the right channel without the left one, in dB, and a delay between them, in ms.",
    grade="D",
    check=check,
    limits=LIMITS,
)
