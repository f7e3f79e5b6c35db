"""``ton.mask_lead``: another stem covers the lead or the voice where words and melody are understood.

It informs until its precision has been measured: no fault is planted that it answers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits, frequency
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans, share, spans_of_windows, when
from uptrack_analysis.findings.promises import loss_after_db, promise
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.stem_places import NO_STEMS, stem_power, strongest_band_hz
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.results import Stem

# The lead's loss to one other stem, 10 log10(1 + other / lead), median over what the lead plays.
LIMITS = table(
    "ton.mask_lead",
    low_hz=1000.0,
    high_hz=4000.0,
    warn_db=5.0,
    bad_db=12.0,
    active_db=-15.0,
    dip_db=2.5,
    grade="D",
    source="proposal: 4 dB of loss to another stem while the lead plays",
)

CONFIDENCE = 0.7
ROLE_BELIEVED_FROM = 0.7
WINDOW_S = 0.4
"""Sustained cover counts; a hit between two syllables does not."""
LEAST_S = 4.0


def check(case: Case) -> Verdict:
    if case.stems is None:
        return NO_STEMS
    leads = [stem for role in ("vocal", "lead") for stem in case.stems.named(role, ROLE_BELIEVED_FROM)]
    leads = [stem for stem in leads if not stem.measured.silent and stem.alignment.gain_db != -np.inf]
    if not leads:
        return Unmeasured("No stem is known to be a lead or a voice.")
    others = [stem for stem in case.stems.stems if not stem.measured.silent and stem.role not in {"lead", "vocal"}]
    drafts: list[Draft] = []
    for lead in leads:
        found = [draft for other in others if (draft := _against(case, lead, other)) is not None]
        if found:
            drafts.append(max(found, key=lambda draft: draft.value))
    return drafts


def _against(case: Case, lead: Stem, other: Stem) -> Draft | None:
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    own, theirs, ends_s = _levels(lead, other, low_hz, high_hz)
    if own.size == 0 or not own.max() > 0:
        return None
    loud = float(np.percentile(own[own > own.max() * 1e-4], 95))
    active: NDArray[np.bool_] = own >= loud * 10 ** (LIMITS.number("active_db") / 10)
    if active.sum() * WINDOW_S < LEAST_S:
        return None
    loss_db = 10 * np.log10(1 + theirs / np.maximum(own, 1e-30))
    value = float(np.median(loss_db[active]))
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    if threshold.excess(value) < WARN_EXCESS:
        return None
    covered = active & (loss_db >= LIMITS.number("warn_db"))
    spans = case.joined(spans_of_windows(covered, ends_s, WINDOW_S))
    if not spans:
        return None
    at_hz = strongest_band_hz(case, other.name, low_hz, high_hz, spans)
    dip = LIMITS.number("dip_db")
    return Draft(
        value=value,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=share(spans, case.joined(spans_of_windows(active, ends_s, WINDOW_S))),
        title=f"{other.name} covers {lead.name}",
        advice=(
            f"From {frequency(low_hz)} to {frequency(high_hz)}, {lead.name} loses {digits(value)} dB to {other.name} "
            f"while it plays ({when(spans)}). Dip {other.name} by {digits(dip)} dB at {frequency(at_hz)}, Q 1, keyed "
            f"by {lead.name}, or make room for it in the arrangement."
        ),
        spans=as_spans(spans),
        low_hz=low_hz,
        high_hz=high_hz,
        stem=other.name,
        place=lead.name,
        actions=(
            Action("SC", f"Dynamic EQ on {other.name}, keyed by {lead.name}", -dip, at_hz, 1.0),
            Action("EQ", f"Bell on {other.name}", -dip, at_hz, 1.0, tool="bell", on=other.name),
        ),
        expected_delta=promise(f"loss of {lead.name}", value, loss_after_db(value, -dip), threshold.ok_high or 0.0),
    )


def _levels(lead: Stem, other: Stem, low_hz: float, high_hz: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Power of both in windows of the lead's time, and the windows' ends, shape (n_windows,)."""
    ends_s = np.arange(WINDOW_S, lead.measured.duration_s, WINDOW_S)
    powers: list[FloatArray] = []
    for stem in (lead, other):
        bands = stem.measured.bands
        columns = bands_between(bands.edges_hz, low_hz, high_hz)
        if columns is None or bands.times_s.size == 0 or ends_s.size == 0:
            return np.zeros(0), np.zeros(0), np.zeros(0)
        sums = np.concatenate([[0.0], np.cumsum(stem_power(stem, columns).sum(axis=1))])
        times_s = bands.times_s + stem.alignment.delay_s
        edges = np.searchsorted(times_s, np.concatenate([[0.0], ends_s]) + lead.alignment.delay_s)
        counts = np.maximum(1, np.diff(edges))
        powers.append((sums[edges[1:]] - sums[edges[:-1]]) / counts)
    return powers[0], powers[1], ends_s + lead.alignment.delay_s


RULE = Rule(
    id="ton.mask_lead",
    area="tonal",
    group="lead",
    weight=0.3,
    title="Lead is covered",
    measures="Power of another stem over the lead's or voice's, 1–4 kHz while it plays, as the lead's loss in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
    version=2,
)
