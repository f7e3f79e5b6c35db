"""The report as text: coloured and with bars on a terminal, plain words and spaces in a pipe; 80 columns are enough.

Nothing from the file (its name, a project's key) is ever read as markup or reaches the terminal as a control
character.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from uptrack_analysis.figures import digits, percent, signed
from uptrack_analysis.present import wording
from uptrack_analysis.present.key_figures import key_figures, unmeasured_by_reason
from uptrack_analysis.present.playback_table import (
    HEADING,
    NOTHING_LOST,
    dates,
    playback_line,
    playback_table,
    sources_line,
)
from uptrack_analysis.present.stem_table import stem_rows, sum_line
from uptrack_analysis.report import Finding, Report, Severity

SEVERITY_STYLES: dict[Severity, str] = {
    "blocker": "bold white on red",
    "major": "bold red",
    "moderate": "bold yellow",
    "minor": "yellow",
    "info": "blue",
}

BAR_CELLS = 24
WIDEST = 100
"""Lines longer than this are hard to read, however wide the window is."""


def print_report(report: Report, console: Console, *, every_finding: bool = False, since: Sequence[str] = ()) -> None:
    """Write one report.

    Parameters
    ----------
    report : Report
    console : Console
        Decides colour and width; bars are drawn only where it is a terminal.
    every_finding : bool
        Show all findings instead of the first ``MOST_FINDINGS_SHOWN``.
    since : sequence of str
        Lines about what changed since the version before, shown under the score.
    """
    print_wide(_report(report, graphic=console.is_terminal, every_finding=every_finding, since=since), console)


def print_wide(content: RenderableType, console: Console) -> None:
    """Print what belongs to a report, as wide as it is; without padding where nobody sees it."""
    width = min(console.width, WIDEST)
    if console.is_terminal:
        console.print(content, width=width)
        return
    with console.capture() as captured:
        console.print(content, width=width)
    # Tables pad their cells to the full width, which only litters a file or a diff.
    for line in captured.get().splitlines():
        console.file.write(line.rstrip() + "\n")


def _report(report: Report, *, graphic: bool, every_finding: bool, since: Sequence[str]) -> RenderableType:
    parts: list[RenderableType] = [
        Text(wording.plain(report.source.name), style="bold", overflow="fold"),
        Text(wording.format_line(report.source), style="dim"),
        *(Text(f"Note: {wording.plain(note)}", style="yellow") for note in report.source.notes),
        Text(),
        _score(report, graphic=graphic),
        *(Text(wording.plain(line), style="cyan") for line in since),
        Text(),
        *_findings(report, every_finding=every_finding),
        *_arrangement(report),
        *_stems(report),
        *_playback(report, sources=every_finding),
        _heading("Key figures"),
        _figures(report),
        *_unmeasured(report),
    ]
    return Group(*parts)


def _heading(text: str) -> Text:
    return Text(text, style="bold underline")


def _score(report: Report, *, graphic: bool) -> RenderableType:
    score = report.score
    overall = "No score" if score.overall is None else f"Score {digits(score.overall, 0)} of 100"
    head = Text.assemble((overall, f"bold {_score_style(score.overall)}"), f" as {wording.genre_line(report)}")
    counts = f"{wording.severity_counts(wording.wanted(report.findings))} · coverage {percent(score.coverage)}"
    areas = Table.grid(padding=(0, 2, 0, 0))
    areas.add_column(style="dim", no_wrap=True)
    areas.add_column(justify="right", no_wrap=True)
    areas.add_column(no_wrap=True)
    for area in score.areas:
        style = _score_style(area.score)
        note = Text() if area.coverage >= 1 else Text(f"coverage {percent(area.coverage)}", style="dim")
        cells = Text.assemble(_bar(area.score, style), "  ", note) if graphic else note
        areas.add_row(wording.area_name(area.area), Text(digits(area.score, 0), style=style), cells)
    lines: list[RenderableType] = [head, Text(counts)]
    if report.context.genre.reason:
        lines.append(Text(wording.plain(report.context.genre.reason), style="dim"))
    if reference := wording.reference_line(report):
        lines.append(Text(wording.plain(reference), style="dim"))
    lines += [Text(f"Note: {wording.plain(note)}", style="yellow") for note in report.context.reference_notes]
    return Group(*lines, Padding(areas, (0, 0, 0, 2)))


def _score_style(score: float | None) -> str:
    if score is None:
        return "dim"
    return "green" if score >= 85 else "yellow" if score >= 65 else "red"


def _bar(score: float, style: str) -> Text:
    full = max(0, min(BAR_CELLS, round(score / 100 * BAR_CELLS)))
    return Text.assemble(("━" * full, style), ("━" * (BAR_CELLS - full), "bright_black"))


def _findings(report: Report, *, every_finding: bool) -> list[RenderableType]:
    findings = wording.wanted(report.findings)
    dismissed = len(report.findings) - len(findings)
    aside = [Text(f"  {dismissed} dismissed in this project.", style="dim"), Text()] if dismissed else []
    if not findings:
        return [_heading("Findings"), Text("  Nothing found by the rules that could be measured."), Text(), *aside]
    shown = wording.most_valuable_first(findings if every_finding else wording.most_telling(findings))
    parts: list[RenderableType] = [_heading("Findings")]
    bar_of = wording.bars_from_start(report.context.project)
    for finding in shown:
        parts += [Padding(_finding(finding, report.source.duration_s, bar_of), (0, 0, 0, 2)), Text()]
    hidden = len(findings) - len(shown)
    if hidden:
        parts += [
            Text(f"  {hidden} more finding{'s' if hidden > 1 else ''}: --all shows every one.", style="dim"),
            Text(),
        ]
    return parts + aside


def _finding(finding: Finding, duration_s: float, bar_of: Callable[[float], str] | None) -> RenderableType:
    title = Text.assemble(
        (finding.severity.upper(), SEVERITY_STYLES[finding.severity]), "  ", (wording.plain(finding.title), "bold")
    )
    place = wording.where(finding, duration_s)
    if bar_of is not None and place != wording.WHOLE_FILE:
        place = f"bar {bar_of(finding.start_s)} · {place}"
    facts = [
        place,
        wording.band(finding.low_hz, finding.high_hz),
        f"stem {wording.plain(finding.stem)}" if finding.stem else "",
        wording.measured_against(finding),
        f"worth {signed(finding.points, 1)} points" if finding.points else "",
    ]
    trust = f"confidence {percent(finding.confidence)}, evidence {finding.grade} ({wording.GRADES[finding.grade]})"
    lines: list[RenderableType] = [
        title,
        Text(" · ".join(fact for fact in facts if fact), style="cyan"),
        Text(wording.plain(wording.advice(finding))),
    ]
    if finding.expected_delta:
        lines.append(Text(f"Expect: {wording.plain(finding.expected_delta)}"))
    lines.append(Text(f"{trust} · {finding.id}", style="dim"))
    return Group(lines[0], Padding(Group(*lines[1:]), (0, 0, 0, 2)))


def _arrangement(report: Report) -> list[RenderableType]:
    if not report.sections:
        return []
    return [_heading("Arrangement"), Padding(Text(wording.arrangement(report)), (0, 0, 0, 2)), Text()]


def _stems(report: Report) -> list[RenderableType]:
    if not report.stems:
        return []
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for row in stem_rows(report):
        table.add_row(wording.plain(row.name), row.role, row.loudness, wording.plain(row.remarks))
    total = sum_line(report)
    lines: list[RenderableType] = [table, *([Text(wording.plain(total), style="dim")] if total else [])]
    return [_heading("Stems"), Padding(Group(*lines), (0, 0, 0, 2)), Text()]


def _playback(report: Report, *, sources: bool) -> list[RenderableType]:
    rows, line = playback_table(report), playback_line(report)
    if not rows and not line:
        return []
    lines: list[RenderableType] = [Text(wording.plain(line))] if line else []
    if rows:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(justify="right", no_wrap=True)
        table.add_column(style="dim", no_wrap=True)
        for row in rows:
            table.add_row(wording.plain(row.name), wording.plain(row.plays), row.level, wording.plain(row.evidence))
        named = sources_line(rows) if sources else "--all names the sources"
        said = f"{NOTHING_LOST} Levels as read on {dates(rows)}; {named}."
        lines = [table, Text(wording.plain(said), style="dim")]
    return [_heading(HEADING), Padding(Group(*lines), (0, 0, 0, 2)), Text()]


def _figures(report: Report) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for row in key_figures(report):
        value = Text("not measured", style="dim") if row.text is None else Text(wording.plain(row.text))
        table.add_row(row.name, value, wording.plain(row.note))
    return Padding(table, (0, 0, 0, 2))


def _unmeasured(report: Report) -> list[RenderableType]:
    groups = unmeasured_by_reason(report)
    if not groups:
        return []
    parts: list[RenderableType] = [Text(), _heading("Could not be measured")]
    for reason, names in groups:
        line = Text.assemble(", ".join(names), ": ", (wording.plain(reason), "dim"))
        parts.append(Padding(line, (0, 0, 0, 2)))
    return parts
