"""``int.false_stereo``: a stereo file that holds one signal.

Mono on purpose exists, loops and stems above all: under half a minute it stays a question. A whole mix without any
side signal is mostly an export through a mono utility, and one whose sides differ by a delay alone hollows out in mono.
Stems settle it: where some of them have a side signal, the export lost it; where none has, the mix is mono as made.
"""

from __future__ import annotations

import math

import numpy as np

from uptrack_analysis.figures import digits, signed
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.false_stereo import SAME_DB
from uptrack_analysis.measure.results import BandMatrix, ChannelMatch
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
    # A stem's side over its mid: from here on it is stereo.
    stem_side_db=-30.0,
    grade="D",
    source="proposal",
)

CONFIDENCE = 0.75
MAYBE_MEANT = 0.45
STEMS_ARE_STEREO = 0.95
STEMS_ARE_MONO = 0.35


def check(case: Case) -> Verdict:
    if case.measured.channels < 2:
        return ()
    match = case.measured.details.channels
    if match is None:
        return case.why("stereo.false_stereo", "The channels could not be compared.")
    if match.kind == "stereo":
        return ()
    is_mix = case.measured.duration_s >= LIMITS.number("mix_from_s")
    confidence = CONFIDENCE if is_mix else MAYBE_MEANT
    return (_late(case, match, confidence) if match.kind == "delay" else _same(case, match, confidence),)


def _stereo_stems(case: Case) -> list[str] | None:
    """Names of the stems with a side signal, widest first; ``None`` where no stem came that sounds in the mix."""
    heard = [] if case.stems is None else [stem for stem in case.stems.stems if stem.alignment.gain_db != -math.inf]
    sides = [(_side_db(stem.measured.bands), stem.name) for stem in heard if not stem.measured.silent]
    if not sides:
        return None
    return [name for side_db, name in sorted(sides, reverse=True) if side_db >= LIMITS.number("stem_side_db")]


def _side_db(bands: BandMatrix) -> float:
    """Side power over mid power of the whole stem."""
    ll, rr, dd = (float(powers.sum(dtype=np.float64)) for powers in (bands.ll, bands.rr, bands.dd))
    mid = max(2 * ll + 2 * rr - dd, 1e-12 * (ll + rr))
    return 10 * math.log10(max(dd, 1e-12 * mid) / mid) if mid > 0 else -math.inf


def _same(case: Case, match: ChannelMatch, confidence: float) -> Draft:
    data = LIMITS.table("same")
    turned = match.inverted is True
    stereo = _stereo_stems(case)
    if stereo is not None:
        confidence = STEMS_ARE_STEREO if stereo else STEMS_ARE_MONO
    why = "If the mix is stereo in the project, look"
    if stereo:
        some = stereo[0] if len(stereo) == 1 else f"{stereo[0]} and {len(stereo) - 1} more"
        why = f"Of the stems {some} {'has' if len(stereo) == 1 else 'have'} a side signal, so the export lost it: look"
    elif stereo is not None:
        why = "No stem has a side signal either, so it may be meant. If not, look"
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
            f"{digits(-match.difference_db, 0)} dB under the music. {why} for a mono switch or a width of 0 % on the "
            f"master, and for the export's channel setting, and render again."
        ),
        spans=as_spans([case.whole]),
        place=match.kind,
        actions=(Action("UT", "Check mono switches and width on the master"), Action("NT", "Render again in stereo")),
        told_from=SAME_DB,
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
    measures="What is left of the right channel without the left one, in dB, and a delay between them, in ms; with "
    "stems, whether any of them has a side signal that the mix lacks.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=2,
)
