"""``ton.mud``: several sustained stems crowd 200 to 500 Hz, and there is more of it than the rest of the mix bears.

Where ``ton.band`` finds too little of an octave there, nothing is taken from it.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import digits, frequency, percent
from uptrack_analysis.findings import against_references
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans, inside
from uptrack_analysis.findings.promises import promise
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.rules import ton_band
from uptrack_analysis.findings.stem_places import NO_STEMS, stem_power, strongest_band_hz
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import octave_shape
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.report import Action
from uptrack_analysis.stems.results import Role, Stem
from uptrack_analysis.stems.roles import traits

# What 250 to 500 Hz has over the mix's own tonal shape.
LIMITS = table(
    "ton.mud",
    low_hz=200.0,
    high_hz=500.0,
    least_share=0.25,
    sustained_from=0.6,
    warn_db=2.5,
    bad_db=6.0,
    cut_db=2.5,
    high_pass_hz=180.0,
    low_end_share=0.2,  # of what all stems have under it: what has more is no stem to take it from
    grade="D",
    source="proposal: two sustained stems of a quarter each, where the low mids stand out",
)

CONFIDENCE = 0.65
BAND = "low mids"
LOW_END: tuple[Role, ...] = ("kick", "bass", "drums")
LOWEST_HZ = 20.0
OVERLAP = 2**0.5
"""What an octave and the crowded range have in common, at least, for the one to speak of the other; a ratio."""


def check(case: Case) -> Verdict:
    if case.stems is None:
        return NO_STEMS
    shape = octave_shape(case.loud_spectrum, load_tonal_average()) if case.loud_mask.any() else None
    if shape is None:
        return Unmeasured("There is no loud passage whose tone could be compared.")
    residuals = [
        residual if case.lean is None else case.lean.left_in(residual, shape.tilt_db_per_octave, octave)
        for octave, residual in zip(shape.bands, shape.residual_db.tolist(), strict=True)
        if octave.name == BAND
    ]
    if not residuals:
        return Unmeasured("The file has no low midrange to judge.")
    value = float(np.mean(residuals))
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    crowd = _crowd(case)
    if len(crowd) < 2 or not threshold.excess(value):
        return ()
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    lacking = _lacking(case)
    if any(low < high_hz / OVERLAP and high > OVERLAP * low_hz for low, high in lacking):
        return ()
    (first, its_share), (second, second_share) = crowd[:2]
    # Kick, bass and drums keep their body where the other part is one that can make room.
    giving = second if first.role in LOW_END and second.role not in LOW_END else first
    at_hz = strongest_band_hz(case, giving.name, low_hz, high_hz, case.loud_spans)
    cut, pass_hz = LIMITS.number("cut_db"), LIMITS.number("high_pass_hz")
    of_it = its_share if giving is first else second_share
    taken_db = -10 * float(np.log10(1 - of_it * (1 - 10 ** (-cut / 10))))
    actions = [Action("EQ", f"Bell on {giving.name}", -cut, at_hz, 1.2, tool="bell", on=giving.name)]
    or_high_pass = ""
    if not _carries_the_low_end(case, giving) and all(low > pass_hz for low, _high in lacking):
        or_high_pass = f", or a high-pass at {frequency(pass_hz)}"
        text = f"High-pass at {frequency(pass_hz)} on {giving.name}"
        actions.append(Action("HP", text, frequency_hz=pass_hz, tool="high-pass", on=giving.name))
    return (
        Draft(
            value=value,
            unit="dB",
            threshold=threshold,
            confidence=CONFIDENCE,
            exposure=1.0,
            advice=(
                f"{first.name} ({percent(its_share)}) and {second.name} ({percent(second_share)}) both hold on between "
                f"200 and 500 Hz, which lies {digits(value)} dB over the rest of the mix. Let one of them have it: "
                f"{digits(-cut)} dB at {digits(at_hz, 0)} Hz, Q 1.2, on {giving.name}{or_high_pass}."
            ),
            spans=as_spans(case.joined(case.loud_spans)),
            low_hz=low_hz,
            high_hz=high_hz,
            stem=giving.name,
            actions=tuple(actions),
            expected_delta=promise("low mids", value, value - taken_db, threshold.ok_high or 0.0, of=" over the rest"),
        ),
    )


def _lacking(case: Case) -> list[tuple[float, float]]:
    """Edges of the octaves of which ``ton.band`` says that there is too little."""
    verdict = case.verdict_of(ton_band.check)
    return [
        (draft.low_hz, draft.high_hz)
        for draft in (() if isinstance(verdict, Unmeasured) else verdict)
        if draft.value < 0 and draft.low_hz is not None and draft.high_hz is not None
    ]


def _carries_the_low_end(case: Case, stem: Stem) -> bool:
    """A high-pass would take part of the mix's low end with it."""
    powers = _loud_powers(case, LOWEST_HZ, LIMITS.number("high_pass_hz"))
    own = sum(power for one, power in powers if one.name == stem.name)
    return stem.role in LOW_END or own > LIMITS.number("low_end_share") * sum(power for _one, power in powers)


def _loud_powers(case: Case, low_hz: float, high_hz: float) -> list[tuple[Stem, float]]:
    """What each stem that sounds has between two frequencies in the loud passage."""
    powers: list[tuple[Stem, float]] = []
    for stem in case.stems.stems if case.stems else ():
        bands = stem.measured.bands
        columns = bands_between(bands.edges_hz, low_hz, high_hz)
        if columns is None or stem.measured.silent:
            continue
        loud = inside(bands.times_s + stem.alignment.delay_s, case.loud_spans)
        frame_s = float(bands.times_s[1] - bands.times_s[0]) if bands.times_s.size > 1 else 1.0
        powers.append((stem, float(stem_power(stem, columns)[loud].sum()) * frame_s))
    return powers


def _crowd(case: Case) -> list[tuple[Stem, float]]:
    """Sustained stems that have a quarter of the band each in the loud passage, largest first."""
    powers = _loud_powers(case, LIMITS.number("low_hz"), LIMITS.number("high_hz"))
    whole = sum(power for _stem, power in powers)
    if not whole > 0:
        return []
    crowd = [
        (stem, power / whole)
        for stem, power in powers
        if power >= LIMITS.number("least_share") * whole
        and traits(stem.measured).filled >= LIMITS.number("sustained_from")
    ]
    return sorted(crowd, key=lambda one: -one[1])


RULE = Rule(
    id="ton.mud",
    area="tonal",
    group="low mids",
    weight=0.2,
    title="Crowded low midrange",
    measures="Sustained stems with a quarter of 200–500 Hz each, and what that octave has over the mix's shape, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    family_tables=("tonal", "tilt"),
    data_files=("tonal_average.toml", against_references.DATA),
    by_references=True,
    version=3,
)
