"""Words and figures a person reads: times, bands, units, names. Text and page both speak through this file.

Nothing here rounds: the report did. Figures are written with the digits their unit carries.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from uptrack_analysis.figures import MINUS, clock, frequency
from uptrack_analysis.report import SEVERITIES, Finding, ProjectFacts, Report, Section, Source, Span

MOST_FINDINGS_SHOWN = 12
"""Text and markers stop here unless all are asked for: a list nobody reads helps nobody."""

AREA_NAMES = {"low": "Low end", "tonal": "Tonal balance", "dj": "DJ"}
"""Where a capital letter is not enough."""

GRADES = {
    "A": "standard or peer-reviewed",
    "B": "measured or documented",
    "C": "contested",
    "D": "our estimate",
}

ACTIONS = {
    "MK": "marker",
    "GN": "gain",
    "EQ": "equaliser",
    "DQ": "dynamic equaliser",
    "HP": "high-pass",
    "SC": "side-chain",
    "UT": "polarity, width, balance",
    "DL": "delay",
    "LM": "limiter",
    "CO": "compressor",
    "NT": "note",
}
"""What kind of move in a DAW an action is."""

WHOLE_FILE = "whole file"


def plain(text: str) -> str:
    """Text that cannot steer a terminal: control and direction-changing characters become U+FFFD."""
    return "".join(
        "\ufffd" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else character
        for character in text
    )


def short_clock(time_s: float) -> str:
    """A time for an axis: m:ss, with tenths only if it has them."""
    text = clock(time_s, 3)
    whole, _, fraction = text.partition(".")
    return whole if fraction == "000" else f"{whole}.{fraction.rstrip('0')}"


def bars_from_start(project: ProjectFacts) -> Callable[[float], str] | None:
    """Writes file seconds as "33.1" at the project's steady tempo, bar 1 at the first sample; ``None`` without a tempo.

    A DAW's own tempo map knows better; whoever has one hands its ``label`` to the presenter instead.
    """
    if project.bpm is None:
        return None
    beats_per_s, beats_per_bar = project.bpm / 60, project.beats_per_bar or 4

    def label(time_s: float) -> str:
        # A millisecond's worth of rounding must not push a downbeat into the bar before it.
        bar, beat = divmod(math.floor((time_s + 0.001) * beats_per_s), beats_per_bar)
        return f"{bar + 1}.{beat + 1}"

    return label


def band(low_hz: float | None, high_hz: float | None) -> str:
    """A stretch of the spectrum: "30-60 Hz", "800 Hz-2.5 kHz"; empty when the finding has none."""
    if low_hz is None and high_hz is None:
        return ""
    if low_hz is None or high_hz is None:
        return f"below {frequency(high_hz)}" if high_hz is not None else f"above {frequency(low_hz or 0.0)}"
    low, high = frequency(low_hz), frequency(high_hz)
    if low == high:
        return low
    low_number, low_unit = low.split()
    return f"{low_number}–{high}" if high.endswith(f" {low_unit}") else f"{low}–{high}"


def rate(hertz: int) -> str:
    """A sample rate: "44.1 kHz"."""
    return f"{hertz / 1000:g} kHz"


def format_line(source: Source) -> str:
    """The file in one line: "WAV, PCM 24-bit · stereo · 44.1 kHz · 4:30.000", "FLAC 16-bit · …"."""
    channels = {1: "mono", 2: "stereo"}.get(source.channels, f"{source.channels} channels")
    codec = source.codec
    if source.bit_depth is not None and str(source.bit_depth) not in codec:
        codec = f"{codec} {source.bit_depth}-bit"
    kind = codec if codec.split()[0] == source.format else f"{source.format}, {codec}"
    return f"{kind} · {channels} · {rate(source.sample_rate_hz)} · {clock(source.duration_s, 3)}"


def genre_line(report: Report) -> str:
    """What the mix was judged as: "techno (guessed), club"."""
    genre = report.context.genre
    how = {"given": "", "guessed": " (guessed)", "unsure": " (unsure)"}[genre.how]
    return f"{genre.name}{how}, {report.context.target}"


def reference_line(report: Report) -> str:
    """What it was held against: "vs your references: a.wav, b.wav and 3 more"; empty without any."""
    names = report.context.references
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    few = "" if len(names) >= 3 else " (three or more would be a firmer guide)"
    return f"vs your references: {', '.join(names[:3])}{more}{few}"


def severity_counts(findings: Iterable[Finding]) -> str:
    """How many of each, worst first: "1 blocker · 2 major"; "nothing found" for none."""
    counts = Counter(finding.severity for finding in findings)
    return " · ".join(f"{counts[name]} {name}" for name in reversed(SEVERITIES) if counts[name]) or "nothing found"


def wanted(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings to show anywhere: what was dismissed stands in the document only."""
    return tuple(finding for finding in findings if not finding.dismissed)


def advice(finding: Finding) -> str:
    """What to do; of what comes back because it is worse than what was dismissed, that as well."""
    if finding.dismissed_as is None:
        return finding.advice
    return f"{finding.advice} What you dismissed was {finding.dismissed_as} at most; this is worse."


def most_valuable_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Blockers, then by what mending regains; of as much by severity, and then as the report orders them."""

    def rank(finding: Finding) -> tuple[bool, float, int]:
        return finding.severity != "blocker", -finding.points, -SEVERITIES.index(finding.severity)

    return tuple(sorted(findings, key=rank))


def most_telling(findings: Sequence[Finding], at_most: int = MOST_FINDINGS_SHOWN) -> tuple[Finding, ...]:
    """The findings to show where not all have room, in the order given: each rule's first, then each rule's second …

    Not by points alone: two equal blockers of one cause are worth nothing each, because mending one regains nothing.
    """
    places: Counter[str] = Counter()
    ranked: list[tuple[int, str]] = []
    for finding in most_valuable_first(findings):
        ranked.append((places[finding.rule], finding.id))
        places[finding.rule] += 1
    ranked.sort(key=lambda rank: rank[0])
    chosen = {finding_id for _, finding_id in ranked[:at_most]}
    return tuple(finding for finding in findings if finding.id in chosen)


def where(finding: Finding, duration_s: float) -> str:
    """Where a finding is: "whole file", "1:12.500", "1:12.500-1:28.000 and 3 more places"."""
    places = finding.spans or (Span(finding.start_s, finding.end_s),)
    first = places[0]
    if not finding.spans and first.start_s == first.end_s == 0:
        return WHOLE_FILE  # a rule that names no place speaks of all of it
    if len(places) == 1 and first.start_s <= 0 and first.end_s >= duration_s:
        return WHOLE_FILE
    start, end = clock(first.start_s, 3), clock(first.end_s, 3)
    text = start if start == end else f"{start}–{end}"
    more = len(places) - 1
    return text if not more else f"{text} and {more} more place{'s' if more > 1 else ''}"


def measured_against(finding: Finding) -> str:
    """The figure and what it was held against: "5.20 dB (fine: up to 3.00)"; empty without a figure.

    Where the rule tells nothing until well beyond the fine range, that is the figure to know: "17 dB (told from 16)".
    """
    if finding.value is None:
        return ""
    value = f"{shortest(finding.value)} {finding.unit}".rstrip()
    if finding.told_from is not None:
        return f"{value} (told from {shortest(finding.told_from)})"
    match finding.ok_range:
        case (None, None):
            return value
        case (None, float(high)):
            return f"{value} (fine: up to {shortest(high)})"
        case (float(low), None):
            return f"{value} (fine: from {shortest(low)})"
        case (low, high):
            return f"{value} (fine: {shortest(low or 0.0)} to {shortest(high or 0.0)})"


def shortest(value: float) -> str:
    """All the digits the report kept and no trailing zeros; of thousands, the whole ones."""
    if abs(value) >= 1000:
        value = round(value)
    return f"{value:.3f}".rstrip("0").rstrip(".").replace("-", MINUS) if value else "0"


def section_name(section: Section) -> str:
    """A section's kind for people; empty without one."""
    return (section.kind or "").capitalize()


def arrangement(report: Report) -> str:
    """The arrangement in one line: "Intro bars 1–17 · Build 17–25", in bars where there are any, in time where not.

    Bars are the project's if its tempo is known, else counted from the first downbeat. Empty without sections.
    """
    bar_of = bars_from_start(report.context.project)
    parts: list[str] = []
    unit = "bars "  # said once
    for section in report.sections:
        if section.first_bar is None or section.bars is None:
            place = f"{short_clock(round(section.start_s, 1))}–{short_clock(round(section.end_s, 1))}"
        else:
            first, last = section.first_bar, section.first_bar + max(1, round(section.bars))
            ends_s = (section.start_s, section.end_s)
            ends = [str(first), str(last)] if bar_of is None else [_whole_bar(bar_of(time_s)) for time_s in ends_s]
            place, unit = f"{unit}{'–'.join(ends)}", ""
        parts.append(f"{section_name(section)} {place}".strip())
    return " · ".join(parts)


def _whole_bar(bar: str) -> str:
    """ "33.1" as "33": only what begins inside a bar needs its beat."""
    return bar.removesuffix(".1")


def area_name(area: str) -> str:
    """The area's name for people."""
    return AREA_NAMES.get(area, area.replace("_", " ").capitalize())


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One row of the key figures: ``text`` is ``None`` where it could not be measured, ``note`` says where or how."""

    name: str
    text: str | None
    note: str = ""
