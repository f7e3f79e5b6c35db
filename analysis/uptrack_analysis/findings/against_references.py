"""What rules say when the user has given references: the same questions, held against the range of those tracks.

Each function stands in for one rule's own check and is called by it (``if case.references is not None``), so that a
rule keeps its id, its weight and its group whatever it judges by. Distances are in ``references.toml``; what does not
even warn is a mix's own way, and no finding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.lean import Lean, shelf_for
from uptrack_analysis.findings.places import as_spans, inside, share, when
from uptrack_analysis.findings.reference_profile import (
    CORRELATION_PERCENTILE,
    SUB_HZ,
    Range,
    ReferenceProfile,
    band_over_mids_db,
    band_widths_db,
    octave_levels_db,
    shape_against,
)
from uptrack_analysis.findings.rule import Verdict
from uptrack_analysis.findings.side_moves import mend_correlation, width_delta
from uptrack_analysis.findings.tables import read_table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.findings.tone import OCTAVES
from uptrack_analysis.measure.ltas import NAMED_BANDS, THIRD_OCTAVES, Band, spectral_tilt, third_octave_levels
from uptrack_analysis.report import Action

DATA = "references.toml"
CONFIDENCE, FEW_CONFIDENCE = 0.85, 0.6
"""Of what three or more references say, and of what one or two do."""
EQ_CAP_DB = 4.0
LEVEL_CAP_DB = 3.0
WIDTH_CAP_PERCENT = 30.0
EQ_Q = 0.9
SHELF_Q = 0.7
SHELF_FROM_HZ = 7_900.0
"""Of the octave over 8 kHz an equaliser's bell leaves the upper end as it was."""
WIDTH_FROM_HZ = 250.0
SINGULAR = {"low mids": "low midrange", "mids": "midrange"}


def band(case: Case, profile: ReferenceProfile) -> Verdict:
    """``ton.band``: octaves over 120 Hz against those of the references, level and best tilt taken out."""
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge its tone in.")
    levels = [np.nan if v is None else v for v in octave_levels_db(case.loud_spectrum)]
    found = shape_against(levels, profile.octaves_db)
    if found is None:
        return Unmeasured("Too few octaves over 120 Hz hold signal both here and in your references.")
    residual, tilt_db = found
    lean = _lean(case, profile)
    drafts: list[Draft] = []
    for named in NAMED_BANDS:
        places = [k for k, octave in enumerate(OCTAVES) if octave.name == named.name and np.isfinite(residual[k])]
        ranges = [theirs for k in places if (theirs := profile.octave_ranges_db[k]) is not None]
        if not places or not ranges:
            continue
        value = float(np.mean(residual[places]))
        if lean is not None:
            value = lean.left_in(value, tilt_db, named)
        fine = Range(min(0.0, _mean(r.low for r in ranges)), 0.0, max(0.0, _mean(r.high for r in ranges)))
        threshold = _around(profile, fine, "band", "db")
        if threshold.excess(value) >= WARN_EXCESS:
            drafts.append(_band(case, profile, named, value, fine, threshold))
    return drafts


def _band(case: Case, profile: ReferenceProfile, named: Band, value: float, fine: Range, threshold: Threshold) -> Draft:
    over = value > 0
    needed = max(0.5, math.ceil(2 * threshold.distance(value)) / 2)
    move = min(EQ_CAP_DB, needed) * (-1 if over else 1)
    text = f"on the part that is strongest in the {named.name}"
    if named.low_hz >= SHELF_FROM_HZ:
        where = f"with a shelf above {frequency(named.low_hz)}"
        action = Action("EQ", f"High shelf {text}", move, named.low_hz, SHELF_Q, tool="high shelf")
    else:
        at_hz = _furthest_hz(case, profile, named, over=over)
        where = f"around {frequency(at_hz)}, Q {EQ_Q}"
        action = Action("EQ", f"Bell {text}", move, at_hz, EQ_Q, tool="bell")
    said = "Cut the part that is strongest there by" if over else "Bring up what plays there, or"
    amount = digits(-move) if over else signed(move)
    return _draft(
        profile,
        value=value,
        unit="dB",
        threshold=threshold,
        title=f"Too {'much' if over else 'little'} {SINGULAR.get(named.name, named.name)}",
        advice=(
            f"{frequency(named.low_hz)} to {frequency(named.high_hz)} ({named.name}) lies {digits(abs(value))} dB "
            f"{'over' if over else 'under'} {profile.name}{_reach(profile, fine)}. {said} {amount} dB {where}."
            + (" The rest is a matter of sounds and arrangement." if needed > EQ_CAP_DB else "")
        ),
        case=case,
        low_hz=named.low_hz,
        high_hz=named.high_hz,
        actions=(action,),
        expected_delta=f"{named.name} {signed(value)} → {signed(value + move)} dB vs your references",
    )


def tilt(case: Case, profile: ReferenceProfile, octaves: Iterable[Draft]) -> Verdict:
    """``ton.tilt``: the slope of the spectrum against theirs; ``octaves`` are what is told of single ones."""
    lean = _lean(case, profile)
    if lean is None:
        return case.why("spectrum.tilt_db_per_octave", "The slope of the spectrum is not known here and there.")
    shelf = shelf_for(lean, octaves) if lean.warns else None
    if shelf is None:
        return ()
    return (
        _draft(
            profile,
            value=lean.value,
            unit="dB/oct",
            threshold=lean.threshold,
            title="Bright mix" if lean.bright else "Dark mix",
            advice=(
                f"The spectrum falls by {digits(-lean.value)} dB an octave, that of {profile.name} by "
                f"{digits(-lean.expected)}. {shelf.advice}"
            ),
            case=case,
            low_hz=100.0,
            high_hz=10_000.0,
            actions=(shelf.action,),
            expected_delta=f"tilt {signed(lean.value, 2)} → {signed(shelf.after, 2)} dB/oct",
        ),
    )


def _lean(case: Case, profile: ReferenceProfile) -> Lean | None:
    theirs = profile.range_of("tilt_db_per_octave")
    value = spectral_tilt(case.loud_spectrum) if case.loud_mask.any() else None
    if value is None or theirs is None:
        return None
    return Lean(value, theirs.mean, _around(profile, theirs, "tilt", "db_per_octave"))


def sub(case: Case, profile: ReferenceProfile) -> Verdict:
    """``low.sub_balance``: 30 to 60 Hz over the mids against theirs."""
    theirs = profile.range_of("sub_db")
    value = band_over_mids_db(case.loud_spectrum, *SUB_HZ) if case.loud_mask.any() else None
    if value is None or theirs is None:
        return Unmeasured("There is no sub, or nothing between 500 and 2000 Hz, to compare with your references.")
    threshold = _around(profile, theirs, "sub", "db")
    if threshold.excess(value) < WARN_EXCESS:
        return ()
    over = value > theirs.mean
    step = min(LEVEL_CAP_DB, max(0.5, round(2 * threshold.distance(value)) / 2))
    move = -step if over else step
    return (
        _draft(
            profile,
            value=value,
            unit="dB",
            threshold=threshold,
            title="Much sub" if over else "Little sub",
            advice=(
                f"{frequency(SUB_HZ[0])} to {frequency(SUB_HZ[1])} lies {digits(abs(value - theirs.mean))} dB "
                f"{'over' if over else 'under'} {profile.name} in the loud passages. Start with the sub "
                f"{signed(move)} dB."
            ),
            case=case,
            low_hz=SUB_HZ[0],
            high_hz=SUB_HZ[1],
            actions=(
                Action("GN", "Sub or bass bus", gain_db=move, tool="gain"),
                Action(
                    "EQ", "Low shelf on the bass bus", gain_db=move, frequency_hz=SUB_HZ[1], q=0.7, tool="low shelf"
                ),
            ),
            expected_delta=f"sub {signed(value)} → {signed(value + move)} dB over 500–2000 Hz",
        ),
    )


def loudness(case: Case, profile: ReferenceProfile) -> Verdict:
    """``lou.integrated``: programme loudness against theirs."""
    theirs = profile.range_of("integrated_lufs")
    value = case.measured.loudness.integrated_lufs
    if value is None or theirs is None:
        return case.why("loudness.integrated_lufs", "The file is silent.")
    threshold = _around(profile, theirs, "loudness", "lu")
    if threshold.excess(value) < WARN_EXCESS:
        return ()
    quiet = value < theirs.mean
    step = min(LEVEL_CAP_DB, theirs.low - value if quiet else value - theirs.high)
    return (
        _draft(
            profile,
            value=value,
            unit="LUFS",
            threshold=threshold,
            title="Quieter than your references" if quiet else "Louder than your references",
            advice=(
                f"{digits(value)} LUFS integrated; {profile.name} "
                f"{'lies' if len(profile.tracks) == 1 else 'lie'} at {_spread(theirs)} LUFS. "
                + (
                    f"Drive the master limiter {digits(step)} dB harder, and gain the rest from balance and sounds."
                    if quiet
                    else f"Ease the master limiter's drive by {digits(step)} dB."
                )
            ),
            case=case,
            whole=True,
            actions=(Action("LM", "Master limiter's drive", gain_db=step if quiet else -step),),
            expected_delta=f"{digits(value)} → {digits(value + (step if quiet else -step))} LUFS",
        ),
    )


def plr(case: Case, profile: ReferenceProfile) -> Verdict:
    """``dyn.plr``: how far peaks stand over the loudness, against the flattest of theirs."""
    theirs, value = profile.range_of("plr_db"), case.plr_db
    if value is None or theirs is None:
        return case.why("loudness.integrated_lufs", "The file is silent.")
    data = read_table(DATA).table("plr")
    threshold = Threshold.below(
        theirs.low - data.number("warn_db") * profile.widen, theirs.low - data.number("bad_db") * profile.widen
    )
    if threshold.excess(value) < WARN_EXCESS:
        return ()
    # A dB less drive gives about 0.8 dB of PLR back, as long as the limiter is what took it.
    step = min(LEVEL_CAP_DB, max(0.5, math.ceil(2 * threshold.distance(value) / 0.8) / 2))
    return (
        _draft(
            profile,
            value=value,
            unit="dB",
            threshold=threshold,
            title="Peaks flatter than in your references",
            advice=(
                f"Peaks stand {digits(value)} dB over the loudness, those of {profile.name} {_spread(theirs)} dB. Ease "
                f"the limiter's drive by {digits(step)} dB: expect a PLR of {digits(value + 0.8 * step)} dB."
            ),
            case=case,
            whole=True,
            actions=(Action("LM", "Ease the limiter's drive", gain_db=-step),),
            expected_delta=f"PLR {digits(value)} → {digits(value + 0.8 * step)} dB",
        ),
    )


def correlation(case: Case, profile: ReferenceProfile) -> Verdict:
    """``ste.corr``: how low the correlation falls, against the lowest of theirs."""
    from uptrack_analysis.findings.rules.int_channel import inverted_spans  # a rule: it is still being found

    windows, theirs = case.stereo, profile.range_of("correlation_low")
    if isinstance(windows, Unmeasured):
        return windows
    if theirs is None:
        return Unmeasured("None of your references has two channels to compare the sides with.")
    asked = windows.sounding & ~inside(windows.ends_s - windows.length_s / 2, inverted_spans(windows))
    if not asked.any():
        return ()
    value = float(np.percentile(windows.correlation[asked], CORRELATION_PERCENTILE))
    data = read_table(DATA).table("correlation")
    threshold = Threshold.below(
        theirs.low - data.number("warn") * profile.widen, theirs.low - data.number("bad") * profile.widen
    )
    if threshold.excess(value) < WARN_EXCESS:
        return ()
    limit = threshold.ok_low or 0.0
    with np.errstate(invalid="ignore"):
        spans = case.joined(windows.spans(asked & (windows.correlation < limit)))
    mend = mend_correlation(case, spans, value, limit, WIDTH_CAP_PERCENT)
    return (
        Draft(
            value=value,
            unit="correlation",
            threshold=threshold,
            confidence=_confidence(profile),
            exposure=share(spans, windows.spans(windows.sounding)),
            advice=(
                f"The sides fall apart at {when(spans)}: correlation {signed(value, 2)} in the weakest twentieth of "
                f"the music, {_spread(theirs, 2)} in {profile.name}. {mend.advice}"
            ),
            spans=as_spans(spans),
            actions=(mend.action,),
            expected_delta=mend.expected_delta,
            whatever_genre=True,
        ),
    )


def width(case: Case, profile: ReferenceProfile) -> Verdict:
    """``ste.narrow_wide``: side over mid of the named bands over 250 Hz against theirs."""
    if isinstance(case.stereo, Unmeasured):
        return case.stereo
    drafts: list[Draft] = []
    for place, (named, value) in enumerate(
        zip(NAMED_BANDS, band_widths_db(case.measured.bands, case.loud_mask), strict=True)
    ):
        theirs = profile.width_db(place)
        if named.low_hz < WIDTH_FROM_HZ or value is None or theirs is None:
            continue
        threshold = _around(profile, theirs, "width", "db")
        if threshold.excess(value) < WARN_EXCESS:
            continue
        wide = value > theirs.mean
        change = -WIDTH_CAP_PERCENT if wide else WIDTH_CAP_PERCENT
        drafts.append(
            _draft(
                profile,
                value=value,
                unit="dB",
                threshold=threshold,
                title=f"{'Wide' if wide else 'Narrow'} {SINGULAR.get(named.name, named.name)}",
                advice=(
                    f"{frequency(named.low_hz)} to {frequency(named.high_hz)}: side is {digits(abs(value))} dB "
                    f"{'under' if value < 0 else 'over'} mid, {_spread(theirs)} dB in {profile.name}. Change the width "
                    f"of what plays there by {'−' if wide else '+'}{WIDTH_CAP_PERCENT:.0f} % at most."
                ),
                case=case,
                low_hz=named.low_hz,
                high_hz=named.high_hz,
                actions=(Action("UT", f"Width {'−' if wide else '+'}{WIDTH_CAP_PERCENT:.0f} % in the {named.name}"),),
                expected_delta=width_delta("side over mid", value, theirs.mean, change),
            )
        )
    return drafts


# -- what they share ---------------------------------------------------------------------------------------------------


def _around(profile: ReferenceProfile, fine: Range, table: str, unit: str) -> Threshold:
    data = read_table(DATA).table(table)
    return Threshold.window(
        fine.low, fine.high, data.number(f"warn_{unit}") * profile.widen, data.number(f"bad_{unit}") * profile.widen
    )


def _draft(
    profile: ReferenceProfile,
    *,
    case: Case,
    value: float,
    unit: str,
    threshold: Threshold,
    title: str,
    advice: str,
    actions: tuple[Action, ...],
    expected_delta: str,
    low_hz: float | None = None,
    high_hz: float | None = None,
    whole: bool = False,
) -> Draft:
    return Draft(
        value=value,
        unit=unit,
        threshold=threshold,
        confidence=_confidence(profile),
        exposure=1.0,
        title=title,
        advice=advice,
        spans=as_spans([case.whole] if whole else case.joined(case.loud_spans)),
        low_hz=low_hz,
        high_hz=high_hz,
        actions=actions,
        expected_delta=expected_delta,
        whatever_genre=True,
    )


def _confidence(profile: ReferenceProfile) -> float:
    return CONFIDENCE if profile.enough else FEW_CONFIDENCE


def _furthest_hz(case: Case, profile: ReferenceProfile, named: Band, *, over: bool) -> float:
    """Third octave of a band that lies furthest from the references': its centre."""
    own = third_octave_levels(case.loud_spectrum)
    furthest, place_hz = -math.inf, math.sqrt(named.low_hz * named.high_hz)
    for k, octave in enumerate(THIRD_OCTAVES):
        centre_hz = math.sqrt(octave.low_hz * octave.high_hz)
        theirs = [level for track in profile.tracks if (level := track.third_octaves_db[k]) is not None]
        here = own[k].level_db
        if not named.low_hz <= centre_hz <= named.high_hz or here is None or not theirs:
            continue
        off = (here - _mean(theirs)) * (1 if over else -1)
        if off > furthest:
            furthest, place_hz = off, centre_hz
    return place_hz


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


def _reach(profile: ReferenceProfile, fine: Range) -> str:
    return f", which themselves lie within {signed(fine.low)} to {signed(fine.high)} dB" if profile.enough else ""


def _spread(found: Range, decimals: int = 1) -> str:
    low, high = digits(found.low, decimals), digits(found.high, decimals)
    return low if low == high else f"{low} to {high}"
