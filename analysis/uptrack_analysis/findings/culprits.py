"""Which stem a finding comes from, and the sentence that says so."""

from __future__ import annotations

from dataclasses import dataclass

from uptrack_analysis.figures import percent
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.report import StemShare
from uptrack_analysis.stems.attribution import shares

MOST_SHARES = 8
MOST_OF_IT = 0.5
LEAST_SHARE = 0.2
"""A largest share below this points at everybody."""


@dataclass(frozen=True, slots=True)
class Culprits:
    """``stem`` is ``None`` where none stands out; the sentence starts with a space, or is empty."""

    stem: str | None = None
    shares: tuple[StemShare, ...] = ()
    sentence: str = ""


def find_culprits(case: Case, draft: Draft) -> Culprits:
    """Ask the stems for their part in what ``draft`` says, at its places and in its band."""
    if case.stems is None or not case.stems.stems or draft.blame is None or draft.stem is not None:
        return Culprits()
    places = [(span.start_s, span.end_s) for span in draft.spans]
    found = shares(case.measured, case.stems, draft.blame, places, draft.low_hz, draft.high_hz)
    if not found:
        return Culprits(sentence=" No stem has it: it comes from the master chain or the export.")
    told = tuple(StemShare(name, share) for name, share in found[:MOST_SHARES])
    (name, share), *rest = found
    if draft.blame == "faults":
        return Culprits(name, told, f" It is in the stem {name} already.")
    if share < LEAST_SHARE:
        return Culprits(None, told)
    if share >= MOST_OF_IT or not rest:
        return Culprits(name, told, f" {percent(share)} of it comes from {name}.")
    second, its_share = rest[0]
    return Culprits(
        name, told, f" The largest part comes from {name} ({percent(share)}), then {second} ({percent(its_share)})."
    )
