"""Did a fix do it? The span of the finding it was for, measured again in the next version of the mix.

For what changes levels, the figure is the change where the fix was made, over the finding's own spans, each version's
own loudness taken off: a third octave where the fix named a frequency and the passage is a section of the arrangement,
else the named band. For anything else it is the finding's own value.

A fix can also be measured in a passage alone, rendered before it and after it by the same chain with nothing else
changed between: levels are compared as they are. What the passage does not show before, it cannot prove gone after.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from uptrack_analysis.compare.alignment import Alignment, TimeSpan, align, placed
from uptrack_analysis.compare.matching import match, spans_of
from uptrack_analysis.compare.versions import Change, Comparison, compare
from uptrack_analysis.figures import frequency, signed
from uptrack_analysis.report import Finding, Report

Status = Literal["closed", "remaining", "unknown"]

MOVES_LEVELS = ("", "EQ", "DQ", "HP", "GN", "SC")
"""Kinds of action that are seen in the level of a band; "" for a fix that does not say what it was."""
SAME_EXCESS = 0.5
"""Of a rule's own step: what a passage's edges may take off a finding."""
WHOLE_SECTION = 0.5
"""Share of a section that a finding's spans must cover for the section's own spectrum to speak of them."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What was done about a finding."""

    finding: str
    kind: str = ""
    """As in the report's actions: EQ, GN, HP ..."""
    gain_db: float | None = None
    frequency_hz: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    status: Status
    sentence: str
    before: float | None = None
    after: float | None = None
    """The finding's value; ``None`` where it is not found any more."""
    unit: str = ""
    change_db: float | None = None
    """Of the level at ``at_hz``."""
    at_hz: float | None = None


def check_fix(
    fix: Fix,
    old: Report,
    new: Report,
    comparison: Comparison | None = None,
    *,
    passages: bool = False,
) -> Outcome:
    """Measure the place of a fix again.

    Parameters
    ----------
    fix : Fix
    old, new : Report
        The run whose finding was fixed, and the next version.
    comparison : Comparison, optional
        Of the two, if there is one already.
    passages : bool
        Both are one passage of a mix: they begin at the same moment, and their levels compare as they are.
    """
    finding = next((finding for finding in old.findings if finding.id == fix.finding), None)
    if finding is None:
        return Outcome("unknown", f"The run that was fixed has no finding {fix.finding}.")
    alignment = placed(old, new, 0.0) if passages else align(old, new)
    comparison = comparison or compare(old, new, alignment=alignment)
    change = next((one for one in comparison.changes if one.old is not None and one.old.id == finding.id), None)
    if change is None:
        why = comparison.left_out.get(finding.rule, "It is dismissed.")
        return Outcome("unknown", f"{finding.title}: not checked. {why}")
    if change.only_here:
        return Outcome("unknown", f"{finding.title}: its passage is not in this version.")
    at_hz = (fix.frequency_hz or _centre_hz(finding)) if fix.kind in MOVES_LEVELS else None
    change_db = None
    if at_hz is not None:
        narrow = fix.frequency_hz is not None
        change_db = _level_change_db(finding, old, new, alignment, at_hz, narrow=narrow, matched=not passages)
    done = _done(finding, change, change_db, at_hz)
    after = next((one for one in new.findings if change.new is not None and one.id == change.new.id), None)
    if after is None:
        after = _still_there(finding, new, alignment)
    if after is None and finding.stem is not None and finding.stem not in _measured_stems(new):
        return Outcome("unknown", f"{finding.title}: the stem {finding.stem} was not measured this time.")
    figures = (finding.value, None if after is None else after.value, finding.unit, change_db, at_hz)
    if after is None:
        return Outcome("closed", f"{done}: closed.", *figures)
    return Outcome("remaining", f"{done}: {_what_remains(after)}", *figures)


def check_in_passage(fix: Fix, run: Report, before: Report, after: Report, start_s: float) -> Outcome:
    """Measure a fix of ``run`` in a passage alone, rendered before and after it from second ``start_s`` of the run on.

    The outcome is ``unknown`` where the passage before does not show the finding.
    """
    finding = next((finding for finding in run.findings if finding.id == fix.finding), None)
    if finding is None:
        return Outcome("unknown", f"The run that was fixed has no finding {fix.finding}.")
    seen = match([finding], before.findings, placed(run, before, start_s)).pairs
    # What shows more weakly than in the whole is another matter: a passage holds no leap from one section to the next.
    if not seen or seen[0][1].excess < finding.excess - SAME_EXCESS:
        return Outcome("unknown", f"{finding.title}: a passage alone does not show it.")
    shown = replace(fix, finding=seen[0][1].id)
    return check_fix(shown, before, after, passages=True)


def _still_there(finding: Finding, new: Report, alignment: Alignment) -> Finding | None:
    """The same rule's finding at the same place, whichever stem it is laid to now."""
    whoever = replace(finding, stem=None)
    found = match([whoever], [one for one in new.findings if not one.dismissed], alignment).pairs
    return found[0][1] if found else None


def _measured_stems(report: Report) -> set[str]:
    return {stem.name for stem in report.stems if stem.problem is None}


def _done(finding: Finding, change: Change, change_db: float | None, at_hz: float | None) -> str:
    if change_db is not None and at_hz is not None:
        return f"{signed(change_db)} dB at {frequency(at_hz)}"
    if change.new is not None and finding.value is not None and change.new.value is not None:
        return f"{finding.title}, {signed(finding.value, 2)} → {signed(change.new.value, 2)} {finding.unit}".rstrip()
    return finding.title


def _what_remains(finding: Finding) -> str:
    low, high = finding.ok_range
    if finding.value is None or (low is None and high is None):
        return "it is still there."
    over = 0.0 if high is None else finding.value - high
    under = 0.0 if low is None else low - finding.value
    rest, edge = (over, high) if over >= under else (under, low)
    fine = f"{signed(finding.value, 2)} now, fine {'up to' if over >= under else 'from'} {signed(edge or 0.0, 2)}"
    return f"{rest:.1f} {finding.unit} remain ({fine})." if finding.unit else f"{rest:.2f} remain ({fine})."


# -- levels ------------------------------------------------------------------------------------------------------------


def _centre_hz(finding: Finding) -> float | None:
    if finding.low_hz is None or finding.high_hz is None:
        return None
    return math.sqrt(finding.low_hz * finding.high_hz)


def _level_change_db(
    finding: Finding,
    old: Report,
    new: Report,
    alignment: Alignment,
    at_hz: float,
    *,
    narrow: bool,
    matched: bool,
) -> float | None:
    theirs, ours = spans_of(finding), alignment.to_new(spans_of(finding))
    by_section = [_section_level_db(report, spans, at_hz) for report, spans in ((old, theirs), (new, ours))]
    if narrow and by_section[0] is not None and by_section[1] is not None:
        return round(by_section[1] - by_section[0], 2)
    by_band = [_band_level_db(report, spans, at_hz, matched=matched) for report, spans in ((old, theirs), (new, ours))]
    if by_band[0] is not None and by_band[1] is not None:
        return round(by_band[1] - by_band[0], 2)
    return None


def _section_level_db(report: Report, spans: Sequence[TimeSpan], at_hz: float) -> float | None:
    """Third octave at ``at_hz`` over the section's 1 kHz, mean of the sections the spans cover."""
    octaves = report.measurements.spectrum.third_octaves
    place = next((k for k, band in enumerate(octaves) if band.low_hz <= at_hz < band.high_hz), None)
    if place is None:
        return None
    levels: list[tuple[float, float]] = []
    for section in report.sections:
        inside = sum(max(0.0, min(end, section.end_s) - max(start, section.start_s)) for start, end in spans)
        level = section.third_octaves_db[place] if place < len(section.third_octaves_db) else None
        if level is not None and inside >= WHOLE_SECTION * (section.end_s - section.start_s):
            levels.append((level, inside))
    whole = sum(length for _, length in levels)
    if not whole or whole < WHOLE_SECTION * sum(end - start for start, end in spans):
        return None
    return sum(level * length for level, length in levels) / whole


def _band_level_db(report: Report, spans: Sequence[TimeSpan], at_hz: float, *, matched: bool) -> float | None:
    """Named band around ``at_hz``, mean power over the spans, over the file's loudness if that is to be ``matched``."""
    loudness = report.measurements.loudness.integrated_lufs if matched else 0.0
    name = next((b.name for b in report.measurements.spectrum.bands if b.low_hz <= at_hz < b.high_hz), None)
    curve = next((band.level_dbfs for band in report.series.bands if band.name == name), None)
    if curve is None or loudness is None:
        return None
    step_s = report.series.bands_step_s
    powers = [
        10 ** (level / 10)
        for number, level in enumerate(curve)
        if level is not None
        and any(start - step_s / 2 <= (number + 0.5) * step_s <= end + step_s / 2 for start, end in spans)
    ]
    return 10 * math.log10(sum(powers) / len(powers)) - loudness if powers else None
