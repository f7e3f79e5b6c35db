"""``int.stemsum``: the stems are not what the mix was made of: one is not in it, late, upside down; or one is missing.

What a stem's place in the mix rests on is in ``stems/alignment.py``, what the sum leaves over in
``stems/sum_check.py``, and which part of that no master chain makes in ``stems/left_over.py``. A master chain changes
every stem alike and is told as a fact, not as a fault.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import TimeSpan, as_spans, share, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.stem_places import NO_STEMS
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.band_sums import mean_of
from uptrack_analysis.measure.probes import LENGTH_S
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.results import LeftOver, Stem, SumCheck
from uptrack_analysis.stems.sum_check import LEAST_STRETCHES

LIMITS = table(
    "int.stemsum",
    # level of a stem that the mix lacks, under the mix
    absent={"warn_db": -32.0, "bad_db": -18.0, "grade": "D", "source": "proposal"},
    # a plug-in's latency that is not compensated
    delay={"least_ms": 0.1, "warn_ms": 1.0, "bad_ms": 4.0, "grade": "D", "source": "proposal"},
    # seconds, where a stem was exported from its first clip: told however many, and easily put right
    begins={"ok_s": 0.1, "scale_s": 1000.0, "grade": "D", "source": "proposal"},
    # of one stem against the others
    gain={"least_db": 2.0, "warn_db": 4.0, "bad_db": 14.0, "grade": "D", "source": "proposal: another fader"},
    # what neither a stem nor a master chain accounts for, in the octave and in the part of the time with most of it
    missing={
        "warn_db": -9.0,
        "bad_db": -2.0,
        "audible_db": -25.0,
        "worst_percent": 30.0,
        "grade": "D",
        "source": "proposal, by benchmarks/stem_sums.py: chains leave -10.7 dB at most, 74 of 76 missing stems over -9",
    },
    # of the mix over the sum, one octave against the others: told however large, it is what a master chain is for
    master={"ok_db": 2.0, "scale_db": 100.0, "grade": "D", "source": "proposal"},
)

CONFIDENCE = 0.9
MISSING_CONFIDENCE = 0.75
UPSIDE_DOWN = Threshold(None, 0.0, 1 / 1.5)
"""A stem is or is not: moderate."""


def check(case: Case) -> Verdict:
    stems = case.stems
    if stems is None:
        return NO_STEMS
    if not stems.stems:
        return Unmeasured("None of the stems could be measured.")
    usual_db = _usual_gain_db(stems.stems)
    drafts = [draft for stem in stems.stems for draft in _of_stem(case, stem, usual_db)]
    if stems.check is not None:
        absent = any(stem.alignment.gain_db == -math.inf for stem in stems.stems)
        left_over = stems.check.left_over
        drafts += [] if absent or left_over is None else _missing(case, left_over)
        drafts += _master(case, stems.check, _levels_db(case, stems.check))
    elif not drafts and stems.no_check is not None:
        return Unmeasured(f"The stems cannot be summed: {stems.no_check}.")
    return drafts


def _usual_gain_db(stems: Sequence[Stem]) -> float | None:
    known = [
        stem.alignment.gain_db
        for stem in stems
        if stem.alignment.gain_db is not None and math.isfinite(stem.alignment.gain_db)
    ]
    return statistics.median(known) if known else None


def _of_stem(case: Case, stem: Stem, usual_db: float | None) -> list[Draft]:
    place = stem.alignment
    if place.gain_db == -math.inf:
        return _absent(case, stem)
    if place.by == "level":
        return [_begins(case, stem)]
    drafts: list[Draft] = []
    if place.delay_s:
        drafts += _delayed(case, stem)
    if place.inverted:
        drafts.append(_upside_down(case, stem))
    if place.gain_db is not None and usual_db is not None:
        drafts += _louder(case, stem, place.gain_db - usual_db)
    return drafts


def _absent(case: Case, stem: Stem) -> list[Draft]:
    data, level, mix = LIMITS.table("absent"), stem.measured.rms_dbfs, case.measured.rms_dbfs
    threshold = Threshold.above(data.number("warn_db"), data.number("bad_db"))
    if level is None or mix is None or not threshold.excess(level - mix):
        return []
    value = level - mix
    return [
        _draft(
            case,
            stem,
            "absent",
            value,
            "dB re the mix",
            threshold,
            f"{stem.name} is not in the mix",
            f"{stem.name}, {digits(abs(value))} dB {'under' if value < 0 else 'over'} the mix by itself, is heard "
            f"nowhere in it: look for a mute, a solo elsewhere or an automation at zero, and export the mix again.",
            Action("NT", f"Unmute {stem.name} and export the mix again"),
            f"{stem.name} is in the mix",
        )
    ]


def _begins(case: Case, stem: Stem) -> Draft:
    data, delay_s = LIMITS.table("begins"), stem.alignment.delay_s
    return _draft(
        case,
        stem,
        "begins",
        delay_s,
        "s",
        Threshold(-data.number("ok_s"), data.number("ok_s"), data.number("scale_s")),
        f"{stem.name} does not begin with the mix",
        f"{stem.name} lies {digits(abs(delay_s))} s {'later' if delay_s > 0 else 'earlier'} in the mix than in its own "
        f"file: export all stems from the same bar. Until then it is compared by its level alone.",
        Action("NT", f"Export {stem.name} from bar 1"),
        "all stems begin together",
        informs=True,
    )


def _delayed(case: Case, stem: Stem) -> list[Draft]:
    data, delay_ms = LIMITS.table("delay"), 1000 * stem.alignment.delay_s
    threshold = Threshold.around(0.0, data.number("warn_ms"), data.number("bad_ms"))
    if abs(delay_ms) < data.number("least_ms"):
        return []
    later = "later" if delay_ms > 0 else "earlier"
    return [
        _draft(
            case,
            stem,
            "delay",
            delay_ms,
            "ms",
            threshold,
            f"{stem.name} is {later} in the mix",
            f"{stem.name} sounds {digits(abs(delay_ms), 2)} ms {later} in the mix than in its stem: look for a track "
            f"delay or a plug-in whose latency is not compensated, on it or on all others.",
            Action("DL", f"Move {stem.name} by {signed(-delay_ms, 2)} ms"),
            f"delay {signed(delay_ms, 2)} → 0.00 ms",
        )
    ]


def _upside_down(case: Case, stem: Stem) -> Draft:
    return _draft(
        case,
        stem,
        "polarity",
        1.0,
        "inverted",
        UPSIDE_DOWN,
        f"{stem.name} is upside down in the mix",
        f"{stem.name} has the opposite polarity in the mix: look for a phase switch on its track or bus, and turn it "
        f"off unless it is meant.",
        Action("UT", f"Flip the polarity of {stem.name} back"),
        "same polarity in both",
    )


def _louder(case: Case, stem: Stem, over_db: float) -> list[Draft]:
    data = LIMITS.table("gain")
    threshold = Threshold.around(0.0, data.number("warn_db"), data.number("bad_db"))
    if abs(over_db) < data.number("least_db"):
        return []
    return [
        _draft(
            case,
            stem,
            "gain",
            over_db,
            "dB",
            threshold,
            f"{stem.name} is {'louder' if over_db > 0 else 'quieter'} in the mix",
            f"{stem.name} is {digits(abs(over_db))} dB {'louder' if over_db > 0 else 'quieter'} in the mix than its "
            f"stem, next to the other stems: it was exported at another fader, or the master chain treats it "
            f"differently. What is said of stems allows for that.",
            Action("NT", f"Export {stem.name} as it is in the mix"),
            f"{signed(over_db)} → 0.0 dB",
            confidence=0.6,
        )
    ]


def _missing(case: Case, left_over: LeftOver) -> list[Draft]:
    data = LIMITS.table("missing")
    warn_db = data.number("warn_db")
    threshold = Threshold.above(warn_db, data.number("bad_db"))
    sounding = _sounding(left_over)
    values_db = octaves_left_db(left_over)
    much = values_db >= warn_db
    if not much.any():
        return []
    most = int(np.where(much, (left_over.left * sounding).sum(axis=1), -1.0).argmax())
    value, told = float(values_db[most]), left_over.octaves_hz[most]
    here = sounding[most] & (left_over.left[most] >= left_over.mix[most] * 10 ** (warn_db / 10))
    spans = _around(case, left_over, here)
    there = np.array(left_over.octaves_hz)[much]
    low_hz = float(there[0]) / math.sqrt(2)
    high_hz = min(float(there[-1]) * math.sqrt(2), case.measured.sample_rate_hz / 2)
    return [
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=MISSING_CONFIDENCE,
            exposure=share(spans, [case.whole]),
            title="Something in the mix is in no stem",
            advice=(
                f"Around {frequency(told)}, {digits(100 * 10 ** (value / 10), 0)} % of the mix's power comes from none "
                f"of the stems ({when(spans)}), nor can a master chain make it of them; it lies between "
                f"{frequency(low_hz)} and {frequency(high_hz)}. A track or a return was left out of the export, or a "
                f"stem is another take: export the missing one, and what is found can be named after it."
            ),
            spans=as_spans(spans),
            low_hz=told / math.sqrt(2),
            high_hz=told * math.sqrt(2),
            place="missing",
            actions=(Action("NT", "Export every track and return as a stem"),),
            expected_delta="everything in the mix has a stem",
        )
    ]


def octaves_left_db(left_over: LeftOver) -> FloatArray:
    """What is left of each octave in the part of the time where it sounds and is left most, re the mix there.

    Shape (n_octaves,); ``-inf`` of an octave that hardly counts in the mix, which may hold anything. From the table's
    ``warn_db`` on something is missing.
    """
    share_of_it = LIMITS.table("missing").number("worst_percent") / 100
    values_db: FloatArray = np.full(len(left_over.octaves_hz), -np.inf)
    for octave, here in enumerate(_sounding(left_over)):
        mix, left = left_over.mix[octave, here], left_over.left[octave, here]
        if mix.size < LEAST_STRETCHES:
            continue
        worst = np.argsort(-left / mix, kind="stable")[: max(LEAST_STRETCHES, math.ceil(share_of_it * mix.size))]
        values_db[octave] = 10 * math.log10(max(float(left[worst].sum() / mix[worst].sum()), 1e-8))
    return values_db


def _sounding(left_over: LeftOver) -> NDArray[np.bool_]:
    """Stretches in which an octave counts, shape (n_octaves, n_probes)."""
    means = left_over.mix.mean(axis=1, keepdims=True)
    least = max(float(means.max(initial=0.0)) * 10 ** (LIMITS.table("missing").number("audible_db") / 10), 1e-30)
    counts: NDArray[np.bool_] = (left_over.mix >= least) & (means >= least)
    return counts


def _levels_db(case: Case, check: SumCheck) -> FloatArray:
    """Of each of the sum's octaves in the mix, under the strongest octave's."""
    bands = case.measured.bands
    power = mean_of(bands.ll) + mean_of(bands.rr)
    middles = np.sqrt(bands.edges_hz[:-1] * bands.edges_hz[1:])

    def total(low_hz: float, high_hz: float) -> float:
        return max(float(power[(middles >= low_hz) & (middles < high_hz)].sum()), 1e-30)

    strongest = max(total(low_hz, 2 * low_hz) for low_hz in 22.1 * 2.0 ** np.arange(10))
    return np.array([10 * math.log10(total(band.low_hz, band.high_hz) / strongest) for band in check.bands])


def _around(case: Case, left_over: LeftOver, chosen: NDArray[np.bool_]) -> tuple[TimeSpan, ...]:
    """The chosen stretches, each half-way to its neighbours on either side."""
    starts_s = left_over.starts_s
    around_s = (starts_s[1] - starts_s[0] - LENGTH_S) / 2 if len(starts_s) > 1 else 0.0
    return case.joined(
        [
            (max(0.0, start_s - around_s), start_s + LENGTH_S + around_s)
            for start_s, here in zip(starts_s, chosen, strict=True)
            if here
        ]
    )


def _master(case: Case, check: SumCheck, levels_db: FloatArray) -> list[Draft]:
    """The octave that a master chain changes most against the others, if the mix is otherwise the sum."""
    data = LIMITS.table("master")
    told = [
        band
        for band, level_db in zip(check.bands, levels_db, strict=True)
        if band.unexplained_db < -6 and level_db >= -40
    ]
    if len(told) < 3:
        return []
    usual = statistics.median(band.gain_db for band in told)
    furthest = max(told, key=lambda band: abs(band.gain_db - usual))
    value = furthest.gain_db - usual
    threshold = Threshold(-data.number("ok_db"), data.number("ok_db"), data.number("scale_db"))
    if not threshold.excess(value):
        return []
    at = frequency(math.sqrt(furthest.low_hz * furthest.high_hz))
    return [
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=MISSING_CONFIDENCE,
            exposure=1.0,
            title="What the master chain does",
            advice=(
                f"The master chain {'adds' if value > 0 else 'takes'} {digits(abs(value))} dB around {at} against the "
                f"rest of the spectrum: if a finding points there, look at the master before the stems."
            ),
            spans=as_spans([case.whole]),
            low_hz=furthest.low_hz,
            high_hz=furthest.high_hz,
            place="master",
            informs=True,
            actions=(Action("NT", f"Check the master's EQ around {at}"),),
            expected_delta=f"{signed(value)} → 0.0 dB around {at}, unless meant",
        )
    ]


def _draft(
    case: Case,
    stem: Stem,
    place: str,
    value: float,
    unit: str,
    threshold: Threshold,
    title: str,
    advice: str,
    action: Action,
    expected: str,
    confidence: float = CONFIDENCE,
    *,
    informs: bool = False,
) -> Draft:
    """One stem that lies in the mix otherwise than in its own file."""
    return Draft(
        value=value,
        unit=unit,
        threshold=threshold,
        confidence=confidence,
        exposure=1.0,
        title=title,
        advice=advice,
        spans=as_spans([case.whole]),
        stem=stem.name,
        place=place,
        informs=informs,
        actions=(action,),
        expected_delta=expected,
    )


RULE = Rule(
    id="int.stemsum",
    area="integrity",
    group="stem sum",
    weight=0.3,
    title="Stems and mix differ",
    measures="Delay, gain and polarity of each stem in the mix, and what of the mix no stem accounts for, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=2,
)
