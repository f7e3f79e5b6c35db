"""Two versions side by side, in words: one sentence for a report's head, and the list of what changed."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from uptrack_analysis.compare.versions import Change, Comparison, Side, Status
from uptrack_analysis.figures import clock, digits
from uptrack_analysis.present.wording import MOST_FINDINGS_SHOWN, band, plain, shortest

STYLES: dict[Status, str] = {
    "new": "bold red",
    "worse": "bold yellow",
    "fixed": "bold green",
    "better": "green",
    "unchanged": "dim",
}
SMALLEST_GAIN_DB = 0.1


def since_before(comparison: Comparison) -> str:
    """The line a report carries: "Since mix_v1.wav: fixed 2, new 1, …; score 71 → 79; under today's rules"."""
    return f"Since {plain(comparison.old.name)}: {comparison.sentence}"


def print_comparison(comparison: Comparison, console: Console, *, every_change: bool = False) -> None:
    """Write a comparison; without ``every_change`` the first ``MOST_FINDINGS_SHOWN`` changes, news first."""
    for line in comparison_lines(comparison, every_change=every_change):
        console.print(line, soft_wrap=not console.is_terminal)


def comparison_lines(comparison: Comparison, *, every_change: bool = False) -> list[Text]:
    lines = [
        Text(f"{plain(comparison.old.name)} → {plain(comparison.new.name)}", style="bold"),
        Text(comparison.sentence[:1].upper() + comparison.sentence[1:]),
        *(Text(fact, style="dim") for fact in facts(comparison)),
        *(Text(plain(note), style="yellow") for note in comparison.notes),
    ]
    shown = comparison.changes if every_change else comparison.changes[:MOST_FINDINGS_SHOWN]
    if shown:
        lines.append(Text())
    lines += [
        Text.assemble((f"  {change.status.upper():<9}  ", STYLES[change.status]), plain(change_in_words(change)))
        for change in shown
    ]
    hidden = len(comparison.changes) - len(shown)
    if hidden:
        lines.append(Text(f"  {hidden} more: --all shows every one.", style="dim"))
    return lines


def facts(comparison: Comparison) -> list[str]:
    """What happened to the file itself: gain, and passages put in or taken out."""
    told: list[str] = []
    if comparison.gain_db is not None and abs(comparison.gain_db) >= SMALLEST_GAIN_DB:
        louder = "louder" if comparison.gain_db > 0 else "quieter"
        told.append(
            f"{digits(abs(comparison.gain_db))} LU {louder}; tone, low end and stereo are judged apart from that."
        )
    for word, spans in (("put in", comparison.inserted), ("taken out", comparison.removed)):
        told += [f"{digits(end - start)} s {word} at {clock(start)}." for start, end in spans if end - start >= 1.0]
    if comparison.dismissed:
        told.append(f"{comparison.dismissed} dismissed and left out.")
    return told


def change_in_words(change: Change) -> str:
    side = change.new or change.old
    severity: str = side.severity if side else ""
    if change.old and change.new and change.old.severity != change.new.severity:
        severity = f"{change.old.severity} → {change.new.severity}"
    stem = f"stem {change.stem}" if change.stem else ""
    parts = [change.title, severity, _place(change), band(change.low_hz, change.high_hz), stem, _figures(change)]
    return " · ".join(part for part in parts if part)


def _place(change: Change) -> str:
    if change.start_s is None or change.end_s is None:
        return "a passage that was taken out" if change.only_here else ""
    start, end = clock(change.start_s), clock(change.end_s)
    place = start if start == end else f"{start}–{end}"
    return f"{place}, a passage that was put in" if change.only_here and change.status == "new" else place


def _figures(change: Change) -> str:
    values = [_figure(side) for side in (change.old, change.new)]
    if not any(values):
        return ""
    both = change.old and change.new and values[0] != values[1]
    return f"{' → '.join(values) if both else values[1] or values[0]} {change.unit}".rstrip()


def _figure(side: Side | None) -> str:
    return "" if side is None or side.value is None else shortest(side.value)
