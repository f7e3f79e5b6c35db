"""``ton.band``: octaves of the loud passage that stick out of, or are missing from, the shape of the rest.

Level and the best tilt are taken out first: a bright mix is ``ton.tilt``'s business, a nasal one is ours; what is out
against the lean of such a mix is judged with the tilt left in (``lean.py``). Two things speak against an octave:
distance from the tonal average, which is pop's, and distance from its own neighbours on both sides, which no tilt
hides; the larger one is the finding's figure. What only the average says is likely to be a style, and is believed by
less than half; what only the neighbours say, within the style's tolerance, informs. The octave may lie anywhere
between 126 Hz and 8 kHz, because no fault keeps to the named bands; the air over it is ``ton.air``'s.

A third witness is the mix itself. Where the same bars come again with one octave moved, an equaliser was left on or
off (``loop_leaps.py``), which weighs. Where no bar comes again, an octave may still leap for a stretch of the loud
music while its neighbours and the rest play on, or, however the rest changes, beside neighbours that stay, all of its
notes alike (``leaps.py``). Arrangements do that, too, so it informs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings import against_references
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.leaps import LeapLimits, OctaveLeap, octave_leaps
from uptrack_analysis.findings.loop_leaps import LoopLeap, loop_leap
from uptrack_analysis.findings.moments import Moments, moments
from uptrack_analysis.findings.places import TimeSpan, as_spans, inside, share, total_s, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import OctaveShape, Prominence, octave_shape, sliding_octaves, strongest_hz
from uptrack_analysis.measure.ltas import Band, bands_between, mean_spectrum
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray

LIMITS = table(
    "ton.band",
    # Until the shape is a genre's own, the family's tolerance is wider by this much.
    widen_db=1.5,
    # What electronic music usually has less of than pop, at the centres of the octaves, in dB.
    usual_at_hz=[178.0, 355.0, 708.0, 1413.0, 2818.0, 5623.0],
    usual_db=[0.0, 0.0, -1.5, -3.5, -1.5, 0.0],
    # What an octave must do to its neighbours to be believed: stand out of both, and out of their mean.
    contrast_db=3.0,
    beyond_db=0.5,
    believed_on_db=1.0,
    # From where its contrast itself is the figure.
    clearly_beyond_db=1.5,
    # What so clearly stands out of both its neighbours is worth knowing where the style's tolerance is wider: of 20
    # freely licensed tracks 14 have no such octave.
    neighbours={
        "beyond_db": 2.0,
        "warn_db": 4.4,
        "bad_db": 8.0,
        "confidence": 0.35,
        "grade": "D",
        "source": "70th percentile of 20 freely licensed tracks",
    },
    # Between two levels of one octave beside its neighbours, both in loud music.
    leap={
        "warn_db": 4.0,
        "bad_db": 6.0,
        # Where nothing else changed meanwhile, and both levels are clear; deviations, and shares of a large leap.
        "alone_warn_db": 2.5,
        "alone_bad_db": 5.0,
        "alone_rest_db": 0.6,
        "alone_rest_share": 0.12,
        "alone_spread_db": 0.9,
        "alone_spread_share": 0.3,
        "alone_sides_share": 0.75,
        # What only an equaliser does: of 48 clean songs none has such a leap that is not told anyway.
        "equalised_db": 3.0,
        "equalised_spread_share": 0.25,
        "equalised_even_db": 1.2,
        "equalised_sides_db": 2.5,
        "rest_within_db": 3.0,  # of the loud passage: quieter windows are another part of the song
        "least_share": 0.12,  # of the loud music, for either level
        "most_share": 0.5,  # for the odd one
        "at_once_s": 5.0,
        # What the neighbours may move by themselves, and what a large leap's own skirts move them by.
        "sides_within_db": 3.5,
        "sides_within_share": 0.55,
        # Over the sixths of an octave, the deviation of what they moved by: an equaliser moves notes and what lies
        # between them alike, an instrument that enters does not.
        "even_within_db": 1.7,
        "even_within_share": 0.33,
        # Arrangements do it as well. While it weighed, seven in ten of this rule's findings were right, so it informs.
        "confidence": 0.35,
        "grade": "D",
        "source": "proposal",
    },
    # The same of one bar that comes twice.
    loop={
        "warn_db": 2.5,
        "bad_db": 8.0,
        "confidence": 0.6,
        "grade": "C",
        "source": "measured: no bars of 62 clean songs, a minute each, and of 24 whole ones agree on such a move",
    },
    eq_cap_db=4.0,
    most=3.0,
    grade="D",
    source="shape: Elowsson and Friberg 2017; usual: medians of 24 freely licensed tracks; tolerances: family files",
)

CONFIDENCE = 0.75
AVERAGE_ALONE_CONFIDENCE = 0.45
WINDOW_S = 4.0
EQ_Q = 0.9
SINGULAR = {"low mids": "low midrange", "mids": "midrange"}
"""What there is too much or too little of, where the band's own name is a plural."""


def check(case: Case) -> Verdict:
    if case.references is not None:
        return against_references.band(case, case.references)
    average = load_tonal_average()
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge its tone in.")
    shape = octave_shape(case.loud_spectrum, average)
    if shape is None:
        return Unmeasured("Too few octaves over 120 Hz hold signal for a shape to compare.")
    # Every mix has a shape of its own: what does not even warn is that, and no finding.
    octaves = sliding_octaves(case.loud_spectrum, average, shape)
    out = [odd for octave in octaves if (odd := _odd(case, octave, shape)).excess >= WARN_EXCESS]
    # Octaves that overlap can have one contrast: the one that holds most of the hump comes first.
    out.sort(key=lambda odd: (-odd.sure, -abs(odd.octave.residual_db), -odd.excess))
    most = int(LIMITS.number("most"))
    passage = _passage(case)
    if passage is not None:
        out = _standing_without(case, passage, out)
    kept = _spread([], out)[:most]
    if passage is None and (windows := moments(case, WINDOW_S)) is not None:
        passage = _leap_elsewhere(case, windows, kept)
        if passage is not None:
            kept = _standing_without(case, passage, kept)
    informing = _spread(kept, _beside_neighbours(octaves), passage)[: most - len(kept)]
    drafts = [_draft(case, odd, shape) for odd in (*kept, *informing)]
    if passage is not None:
        drafts.append(_part(passage))
    return drafts


def _spread(kept: Sequence[_Odd], more: Sequence[_Odd], passage: _Passage | None = None) -> list[_Odd]:
    """Of ``more``, what lies apart from all before it: an octave and its neighbour may be out, its shoulder is not."""
    told = [odd.octave.band for odd in kept] + ([passage.band] if passage else [])
    new: list[_Odd] = []
    for odd in more:
        if all(_apart(odd.octave.band, band) for band in told):
            told.append(odd.octave.band)
            new.append(odd)
    return new


@dataclass(frozen=True, slots=True)
class _Passage:
    """A passage in which one octave is out of what it is in the rest of the music."""

    band: Band
    apart_db: float
    spans: tuple[TimeSpan, ...]
    exposure: float
    threshold: Threshold
    confidence: float
    what_it_is_elsewhere: str
    what_does_that: str


def _passage(case: Case) -> _Passage | None:
    """Where an equaliser is heard between two passes of the same bars."""
    grid, data = case.measured.tempo.grid, LIMITS.table("loop")
    found: LoopLeap | None = None if grid is None else loop_leap(case.measured.bands, grid)
    if found is None:
        return None
    threshold = Threshold.window(0.0, 0.0, data.number("warn_db"), data.number("bad_db"))
    return _Passage(
        found.band,
        found.apart_db,
        case.joined((found.span,)),
        min(1.0, total_s((found.span,)) / total_s(case.loud_spans)),
        threshold,
        data.number("confidence"),
        "when the same bars come again with all else as it is",
        "An EQ, a filter or the fader of the one part that plays there does that. If it is not meant: look for",
    )


def _standing_without(case: Case, passage: _Passage, out: Sequence[_Odd]) -> list[_Odd]:
    """Of octaves that are out in the whole, those that still are on their side without the passage's moments.

    What the passage alone makes is told once, by the passage, which says where it is. Octaves apart from the one
    that it moves are none of its making.
    """
    average = load_tonal_average()
    rest = case.loud_mask & ~inside(case.measured.bands.times_s, passage.spans)
    spectrum = mean_spectrum(case.measured.bands, rest)
    shape = octave_shape(spectrum, average) if rest.any() else None
    there: dict[Band, _Odd] = {}
    if shape is not None:
        there = {octave.band: _odd(case, octave, shape) for octave in sliding_octaves(spectrum, average, shape)}

    def stands(odd: _Odd) -> bool:
        still = there.get(odd.octave.band)
        return still is not None and still.excess >= WARN_EXCESS and still.value * odd.value > 0

    return [odd for odd in out if _apart(odd.octave.band, passage.band) or stands(odd)]


def _leap_threshold(leap: OctaveLeap) -> Threshold:
    data = LIMITS.table("leap")
    warn, bad = ("alone_warn_db", "alone_bad_db") if leap.alone else ("warn_db", "bad_db")
    return Threshold.window(0.0, 0.0, data.number(warn), data.number(bad))


def _leap_elsewhere(case: Case, windows: Moments, kept: Sequence[_Odd]) -> _Passage | None:
    """The clearest leap of an octave of which nothing is said yet, but that it may be the style."""
    data = LIMITS.table("leap")
    limits = LeapLimits(
        rest_within_db=data.number("rest_within_db"),
        least_share=data.number("least_share"),
        most_share=data.number("most_share"),
        at_once_s=data.number("at_once_s"),
        sides_within_db=data.number("sides_within_db"),
        sides_within_share=data.number("sides_within_share"),
        even_within_db=data.number("even_within_db"),
        even_within_share=data.number("even_within_share"),
        alone_rest_db=data.number("alone_rest_db"),
        alone_rest_share=data.number("alone_rest_share"),
        alone_sides_share=data.number("alone_sides_share"),
        alone_spread_db=data.number("alone_spread_db"),
        alone_spread_share=data.number("alone_spread_share"),
        equalised_db=data.number("equalised_db"),
        equalised_spread_share=data.number("equalised_spread_share"),
        equalised_even_db=data.number("equalised_even_db"),
        equalised_sides_db=data.number("equalised_sides_db"),
    )
    for leap in octave_leaps(windows, WINDOW_S, limits):
        untold = all(_apart(leap.band, odd.octave.band) for odd in kept if odd.sure)
        threshold = _leap_threshold(leap)
        if untold and threshold.excess(leap.apart_db) >= WARN_EXCESS:
            spans = case.joined(windows.spans(leap.odd))
            return _Passage(
                leap.band,
                leap.apart_db,
                spans,
                share(spans, windows.spans(leap.music)),
                threshold,
                data.number("confidence"),
                "in the other loud passages, its neighbours and the rest playing on",
                "An EQ or a filter left on does that: look for",
            )
    return None


@dataclass(frozen=True, slots=True)
class _Odd:
    """An octave with the figure that speaks against it most."""

    octave: Prominence
    value: float
    threshold: Threshold
    by_neighbours: bool
    """The figure is the distance from its neighbours, not from the average."""
    only_informs: bool = False
    """The style's tolerance allows it."""

    @property
    def excess(self) -> float:
        return self.threshold.excess(self.value)

    @property
    def sure(self) -> bool:
        """More than the average says so."""
        return self.clear_by_db >= 0.0

    @property
    def clear_by_db(self) -> float:
        """By how much more the neighbours say so than they must."""
        octave = self.octave
        contrast = octave.contrast_db if self.value > 0 else -octave.contrast_db
        return min(contrast - LIMITS.number("contrast_db"), octave.beyond_db - LIMITS.number("beyond_db"))


def _odd(case: Case, octave: Prominence, shape: OctaveShape) -> _Odd:
    threshold, residual_db = _threshold(case, octave), octave.residual_db
    if case.lean is not None:
        residual_db = case.lean.left_in(residual_db, shape.tilt_db_per_octave, octave.band)
    by_average = _Odd(octave, residual_db, threshold, by_neighbours=False)
    if octave.beyond_db < LIMITS.number("clearly_beyond_db"):
        return by_average
    by_neighbours = _Odd(octave, octave.contrast_db, threshold, by_neighbours=True)
    return by_neighbours if by_neighbours.excess > by_average.excess else by_average


def _beside_neighbours(octaves: Sequence[Prominence]) -> list[_Odd]:
    """Those that stand out of their neighbours, whatever tolerance the style has, the clearest first."""
    data = LIMITS.table("neighbours")
    found: list[_Odd] = []
    for octave in octaves:
        if octave.beyond_db < data.number("beyond_db"):
            continue
        usual = _usual_db(octave.band) - (_usual_db(octave.band, 0.5) + _usual_db(octave.band, 2.0)) / 2
        threshold = Threshold.window(min(usual, 0.0), max(usual, 0.0), data.number("warn_db"), data.number("bad_db"))
        found.append(_Odd(octave, octave.contrast_db, threshold, by_neighbours=True, only_informs=True))
    return sorted((odd for odd in found if odd.excess >= WARN_EXCESS), key=lambda odd: -odd.excess)


def _apart(one: Band, other: Band) -> bool:
    return abs(float(np.log2(one.low_hz / other.low_hz))) > 1.1


def _threshold(case: Case, octave: Prominence) -> Threshold:
    """From what pop has to what electronic music usually has, everything is fine."""
    usual = _usual_db(octave.band)
    widen = LIMITS.number("widen_db")
    return Threshold.window(
        min(usual, 0.0), max(usual, 0.0), case.family.tonal_warn_db + widen, case.family.tonal_bad_db + widen
    )


def _usual_db(band: Band, ratio: float = 1.0) -> float:
    """What electronic music usually has of an octave over pop, at ``ratio`` times the band's frequencies."""
    centre = np.log(ratio * float(np.sqrt(band.low_hz * band.high_hz)))
    return float(np.interp(centre, np.log(LIMITS.numbers("usual_at_hz")), LIMITS.numbers("usual_db")))


def _draft(case: Case, odd: _Odd, shape: OctaveShape) -> Draft:
    octave, value, threshold = odd.octave, odd.value, odd.threshold
    band, over = octave.band, value > 0
    cap = LIMITS.number("eq_cap_db")
    needed = max(0.5, np.ceil(2 * threshold.distance(value)) / 2)
    move = float(min(cap, needed)) * (-1 if over else 1)
    centre = strongest_hz(case.loud_spectrum, load_tonal_average(), band, sign=1.0 if over else -1.0)
    at_hz = centre if centre is not None else float(np.sqrt(band.low_hz * band.high_hz))
    spans = _spans(case, odd, shape)
    advice = (
        f"{_place(band)} lies {digits(abs(value))} dB {'over' if over else 'under'} "
        f"{'its neighbours' if odd.by_neighbours else 'the rest of the mix'} at {when(spans)}"
    )
    if odd.only_informs:
        advice += ", which styles do too. "
    else:
        advice += ". " if odd.sure else ", though not out of its neighbours: it may be the style. "
    if needed > cap:
        advice += (
            "That is a matter of sounds and arrangement more than of EQ: "
            + ("thin out or turn down what plays there" if over else "something should play there")
            + f"; as EQ not more than {signed(move)} dB around {frequency(at_hz)}, Q {EQ_Q}."
        )
    elif over:
        advice += f"Cut the part that is strongest there by {digits(-move)} dB around {frequency(at_hz)}, Q {EQ_Q}."
    else:
        advice += f"Bring up what plays there, or {signed(move)} dB around {frequency(at_hz)}, Q {EQ_Q}."
    return Draft(
        value=value,
        unit="dB",
        threshold=threshold,
        confidence=_confidence(odd),
        exposure=share(spans, case.loud_spans),
        title=_title(band, over=over),
        advice=advice,
        spans=as_spans(spans),
        low_hz=band.low_hz,
        high_hz=band.high_hz,
        actions=(_eq(band, move, at_hz),),
        blame="power" if over else None,
        expected_delta=f"{band.name} {signed(value)} → {signed(value + move)} dB",
    )


def _confidence(odd: _Odd) -> float:
    if odd.only_informs:
        return LIMITS.table("neighbours").number("confidence")
    # A decibel on, it is believed in full: at the limit itself the next measurement may say otherwise.
    share = min(1.0, max(0.0, odd.clear_by_db / LIMITS.number("believed_on_db")))
    return AVERAGE_ALONE_CONFIDENCE + share * (CONFIDENCE - AVERAGE_ALONE_CONFIDENCE)


def _part(passage: _Passage) -> Draft:
    band, over, apart, threshold = passage.band, passage.apart_db > 0, abs(passage.apart_db), passage.threshold
    at_hz = float(np.sqrt(band.low_hz * band.high_hz))
    move = float(min(LIMITS.number("eq_cap_db"), max(0.5, np.ceil(2 * threshold.distance(apart)) / 2)))
    move *= -1 if over else 1
    return Draft(
        value=passage.apart_db,
        unit="dB",
        threshold=threshold,
        confidence=passage.confidence,
        exposure=passage.exposure,
        title=_title(band, over=over),
        advice=(
            f"{_place(band)} leaps: at {when(passage.spans)} it lies {digits(apart)} dB {'over' if over else 'under'} "
            f"what it is {passage.what_it_is_elsewhere}. {passage.what_does_that} an automation there, or set "
            f"{signed(move)} dB around {frequency(at_hz)}, Q {EQ_Q}."
        ),
        spans=as_spans(passage.spans),
        low_hz=band.low_hz,
        high_hz=band.high_hz,
        place="part",
        whatever_genre=True,
        actions=(_eq(band, move, at_hz), Action("MK", "Mark the passage")),
        blame="power" if over else None,
        expected_delta=f"{band.name} {digits(apart)} → under {digits(threshold.ok_high or 0.0)} dB apart",
    )


def _place(band: Band) -> str:
    return f"{frequency(band.low_hz)} to {frequency(band.high_hz)} ({band.name})"


def _title(band: Band, *, over: bool) -> str:
    return f"Too {'much' if over else 'little'} {SINGULAR.get(band.name, band.name)}"


def _eq(band: Band, move_db: float, at_hz: float) -> Action:
    return Action("EQ", f"Bell on the part that is strongest in the {band.name}", move_db, at_hz, EQ_Q, tool="bell")


def _spans(case: Case, odd: _Odd, shape: OctaveShape) -> tuple[TimeSpan, ...]:
    """Loud passages in which the octave is out of shape; all of them where no window is by itself."""
    octave, threshold = odd.octave, odd.threshold
    windows = moments(case, WINDOW_S)
    here = None if windows is None else bands_between(windows.edges_hz, octave.band.low_hz, octave.band.high_hz)
    if windows is None or here is None:
        return case.joined(case.loud_spans)
    power = windows.power

    def level_db(low_hz: float, high_hz: float) -> FloatArray:
        columns = bands_between(windows.edges_hz, low_hz, high_hz)
        level: FloatArray = 10 * np.log10(np.maximum(power[:, columns].sum(axis=1), 1e-20))
        return level

    # Against the rest of the same moment, so that a quieter bar is not taken for a missing octave.
    rest = np.median([level_db(band.low_hz, band.high_hz) for band in shape.bands], axis=0)
    own = level_db(octave.band.low_hz, octave.band.high_hz) - rest
    moved = own - float(np.mean(own[windows.loud])) if windows.loud.any() else own
    limit = (threshold.ok_high if odd.value > 0 else threshold.ok_low) or 0.0
    value = odd.value + moved
    off = windows.loud & ((value > limit) if odd.value > 0 else (value < limit))
    return case.joined(windows.spans(off)) or case.joined(case.loud_spans)


RULE = Rule(
    id="ton.band",
    area="tonal",
    group="tone",
    weight=0.4,
    title="Tonal balance",
    measures="Octaves of 126 Hz–8 kHz in the loud passage against the average and their neighbours, tilt taken out.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_genre=True,
    version=11,
    family_tables=("tonal", "tilt"),
    data_files=("tonal_average.toml", against_references.DATA),
    by_references=True,
)
