"""``ton.band``: octaves of the loud passage that stick out of, or are missing from, the shape of the rest.

Level and the best tilt are taken out first: a bright mix is ``ton.tilt``'s business, a nasal one is ours. Two things
speak against an octave: distance from the tonal average, which is pop's, and distance from its own neighbours on both
sides. What only the average says is likely to be a style, and is believed by less than half. The octave may lie
anywhere between 126 Hz and 8 kHz, because no fault keeps to the named bands; the air over it is ``ton.air``'s.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings import against_references
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.moments import moments
from uptrack_analysis.findings.places import TimeSpan, as_spans, share, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import OctaveShape, Prominence, octave_shape, sliding_octaves, strongest_hz
from uptrack_analysis.measure.ltas import bands_between
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
    out = [
        (octave, threshold)
        for octave in sliding_octaves(case.loud_spectrum, average, shape)
        if (threshold := _threshold(case, octave)).excess(octave.residual_db) >= WARN_EXCESS
    ]
    out.sort(key=lambda found: (-_sure(found[0]), -found[1].excess(found[0].residual_db), found[0].band.low_hz))
    kept: list[tuple[Prominence, Threshold]] = []
    for octave, threshold in out:
        apart = (abs(np.log2(octave.band.low_hz / other.band.low_hz)) for other, _ in kept)
        if all(octaves > 1.1 for octaves in apart):  # an octave and its neighbour may both be out, its shoulder is not
            kept.append((octave, threshold))
    return [_draft(case, octave, shape, threshold) for octave, threshold in kept[: int(LIMITS.number("most"))]]


def _sure(octave: Prominence) -> bool:
    contrast = octave.contrast_db if octave.residual_db > 0 else -octave.contrast_db
    return contrast >= LIMITS.number("contrast_db") and octave.beyond_db >= LIMITS.number("beyond_db")


def _threshold(case: Case, octave: Prominence) -> Threshold:
    """From what pop has to what electronic music usually has, everything is fine."""
    centre = np.log(octave.band.low_hz * octave.band.high_hz) / 2
    usual = float(np.interp(centre, np.log(LIMITS.numbers("usual_at_hz")), LIMITS.numbers("usual_db")))
    widen = LIMITS.number("widen_db")
    return Threshold.window(
        min(usual, 0.0), max(usual, 0.0), case.family.tonal_warn_db + widen, case.family.tonal_bad_db + widen
    )


def _draft(case: Case, octave: Prominence, shape: OctaveShape, threshold: Threshold) -> Draft:
    band, residual, sure = octave.band, octave.residual_db, _sure(octave)
    cap = LIMITS.number("eq_cap_db")
    over = residual > 0
    needed = max(0.5, np.ceil(2 * threshold.distance(residual)) / 2)
    move = float(min(cap, needed)) * (-1 if over else 1)
    centre = strongest_hz(case.loud_spectrum, load_tonal_average(), band, sign=1.0 if over else -1.0)
    at_hz = centre if centre is not None else float(np.sqrt(band.low_hz * band.high_hz))
    spans = _spans(case, octave, shape, threshold)
    place = f"{frequency(band.low_hz)} to {frequency(band.high_hz)} ({band.name})"
    advice = (
        f"{place} lies {digits(abs(residual))} dB {'over' if over else 'under'} the rest of the mix at {when(spans)}"
    )
    advice += ". " if sure else ", though not out of its neighbours: it may be the style. "
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
        value=residual,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE if sure else AVERAGE_ALONE_CONFIDENCE,
        exposure=share(spans, case.loud_spans),
        title=f"Too {'much' if over else 'little'} {SINGULAR.get(band.name, band.name)}",
        advice=advice,
        spans=as_spans(spans),
        low_hz=band.low_hz,
        high_hz=band.high_hz,
        actions=(Action("EQ", f"Bell on the part that is strongest in the {band.name}", move, at_hz, EQ_Q),),
        blame="power" if over else None,
        expected_delta=f"{band.name} {signed(residual)} → {signed(residual + move)} dB",
    )


def _spans(case: Case, octave: Prominence, shape: OctaveShape, threshold: Threshold) -> tuple[TimeSpan, ...]:
    """Loud passages in which the octave is out of shape; all of them where no window is by itself."""
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
    limit = (threshold.ok_high if octave.residual_db > 0 else threshold.ok_low) or 0.0
    residual = octave.residual_db + moved
    off = windows.loud & ((residual > limit) if octave.residual_db > 0 else (residual < limit))
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
    version=2,
    family_tables=("tonal",),
    data_files=("tonal_average.toml", against_references.DATA),
    by_references=True,
)
