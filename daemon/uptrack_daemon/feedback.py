"""From a report to what a DAW shows: markers on the timeline, notes on tracks, one status line.

The form is neutral: project seconds, a bar.beat where the host sent a tempo map, a colour by severity. Scripts put it
into their DAW as they can and answer with what they really placed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from uptrack_analysis.figures import signed
from uptrack_analysis.present.wording import advice, band, most_telling, wanted
from uptrack_analysis.report import SEVERITIES, Action, Finding, Report, Severity, StemReport
from uptrack_bridges.messages import (
    Analyze,
    Area,
    ChangedFinding,
    Feedback,
    FixResult,
    Marker,
    Project,
    SectionMark,
    SinceBefore,
    Step,
    TrackNote,
)
from uptrack_bridges.tempo_map import TempoMap

if TYPE_CHECKING:
    from uptrack_analysis.compare.versions import Change, Comparison

COLOURS: dict[Severity, str] = {
    "info": "#8b8d98",
    "minor": "#e2b203",
    "moderate": "#f76b15",
    "major": "#e5484d",
    "blocker": "#b0123b",
}


def compose(
    report: Report,
    request: Analyze,
    *,
    job: str,
    run: str,
    report_id: str,
    project_name: str | None = None,
    since: SinceBefore | None = None,
    fixes: Sequence[FixResult] = (),
) -> Feedback:
    """Word a report for the host that asked.

    Parameters
    ----------
    report : Report
        Its most telling findings become markers, in its order, most valuable first; ``more`` has the others.
    request : Analyze
        What the host asked; its project places file seconds on the timeline, its stems name the tracks.
    job, run, report_id : str
        Ids; the host acknowledges with ``run`` and finds the report again with ``report_id``.
    project_name : str, optional
        The project the run belongs to.
    since : SinceBefore, optional
        What changed since that project's version before.
    fixes : sequence of FixResult
        What this version shows of fixes applied to earlier ones.
    """
    project = request.project or Project()
    # By the names the report has: two tracks of one name are told apart there.
    named = {stem.name: stem.track for stem in request.stems if stem.name and stem.track}
    tracks = named | {stem.name: stem.track for stem in report.stems if stem.track}
    colours = {stem.track: stem.colour for stem in request.stems if stem.track}
    tempo_map = TempoMap.of(project.tempo_map)
    start_s = project.start_s
    shown = most_telling(wanted(report.findings))
    on_timeline = {finding.id for finding in shown}
    more = [finding for finding in report.findings if finding.id not in on_timeline]
    return Feedback(
        id=request.id,
        job=job,
        run=run,
        report=report_id,
        status=status_line(report),
        score=report.score.overall,
        markers=[_marker(finding, start_s, tempo_map, tracks) for finding in shown],
        tracks=[_note(stem, report, colours.get(stem.track)) for stem in report.stems if stem.track],
        project=project_name,
        since=since,
        fixes=list(fixes),
        passage=request.passage is not None,
        more=[_marker(finding, start_s, tempo_map, tracks) for finding in more],
        coverage=report.score.coverage,
        genre=report.context.genre.name,
        target=report.context.target,
        start_s=start_s,
        duration_s=report.source.duration_s,
        areas=[Area(area=one.area, score=one.score, coverage=one.coverage) for one in report.score.areas],
        sections=[
            SectionMark(
                kind=section.kind,
                start_s=round(start_s + section.start_s, 6),
                end_s=round(start_s + section.end_s, 6),
                bar=None if tempo_map is None else tempo_map.label(start_s + section.start_s),
            )
            for section in report.sections
        ],
    )


def since_before(comparison: Comparison, report_id: str, project: Project | None = None) -> SinceBefore:
    """A comparison with the report ``report_id`` as a host hears of it, on the timeline of its ``project``."""
    project = project or Project()
    tempo_map = TempoMap.of(project.tempo_map)
    return SinceBefore(
        report=report_id,
        sentence=comparison.sentence,
        **comparison.counts,
        score_before=comparison.old.score,
        score_after=comparison.new.score,
        changes=[
            _changed(change, change.status, project.start_s, tempo_map)
            for change in comparison.changes
            if change.status != "unchanged"
        ],
        notes=list(comparison.notes),
    )


def _changed(
    change: Change,
    status: Literal["fixed", "new", "worse", "better"],
    offset_s: float,
    tempo_map: TempoMap | None,
) -> ChangedFinding:
    side = change.new or change.old
    start_s = None if change.start_s is None else round(offset_s + change.start_s, 6)
    return ChangedFinding(
        status=status,
        title=change.title,
        severity=side.severity if side else "info",
        finding=change.new.id if change.new else None,
        start_s=start_s,
        bar=None if start_s is None or tempo_map is None else tempo_map.label(start_s),
        stem=change.stem,
    )


def status_line(report: Report) -> str:
    """One line for a status bar: ``76 · techno, club · 2 major · coverage 92 %``."""
    counts = Counter(finding.severity for finding in wanted(report.findings))
    worst = [f"{counts[severity]} {severity}" for severity in reversed(SEVERITIES[2:]) if counts[severity]][:2]
    silent = report.measurements.loudness.sample_peak_dbfs is None
    score = "no score" if report.score.overall is None else f"{report.score.overall:.0f}"
    return " · ".join(
        [
            score,
            f"{report.context.genre.name}, {report.context.target}",
            *(worst or ["silent" if silent else "nothing moderate or worse"]),
            f"coverage {report.score.coverage * 100:.0f} %",
        ]
    )


def _marker(finding: Finding, offset_s: float, tempo_map: TempoMap | None, tracks: dict[str, str]) -> Marker:
    start_s = offset_s + finding.start_s
    return Marker(
        id=finding.id,
        rule=finding.rule,
        severity=finding.severity,
        start_s=round(start_s, 6),
        end_s=round(offset_s + finding.end_s, 6),
        bar=None if tempo_map is None else tempo_map.label(start_s),
        text=marker_text(finding),
        colour=COLOURS[finding.severity],
        stem=finding.stem,
        track=tracks.get(finding.stem) if finding.stem else None,
        area=finding.area,
        title=finding.title,
        advice=advice(finding),
        value=finding.value,
        unit=finding.unit,
        confidence=finding.confidence,
        points=finding.points,
        low_hz=finding.low_hz,
        high_hz=finding.high_hz,
        expected_delta=finding.expected_delta,
        actions=[_made_step(action, finding, tracks) for action in finding.actions if action.kind != "MK"],
        dismissed=finding.dismissed,
        dismissed_as=finding.dismissed_as,
    )


def _made_step(action: Action, finding: Finding, tracks: dict[str, str]) -> Step:
    stem = action.on or finding.stem
    return Step(
        kind=action.kind,
        text=action.text,
        gain_db=action.gain_db,
        frequency_hz=action.frequency_hz,
        q=action.q,
        tool=action.tool,
        amount=action.amount,
        on_mix=action.on_mix,
        track=tracks.get(stem) if stem and not action.on_mix else None,
    )


def marker_text(finding: Finding) -> str:
    """What a flag on the timeline says: problem, band, guilty stem, and the first thing to do, with its number."""
    problem = ", ".join(part for part in (finding.title, band(finding.low_hz, finding.high_hz)) if part)
    if finding.stem and finding.shares:  # a rule that speaks of one stem has it in its title
        problem += f", from {finding.stem}"
    steps = [action for action in finding.actions if action.kind != "MK"]
    return f"{problem}: {_step(steps[0])}" if steps else problem


def _step(action: Action) -> str:
    gain = "" if action.gain_db is None or not action.gain_db else f" {signed(action.gain_db)} dB"
    return f"{action.text}{gain}"


def _score_of(findings: Sequence[Finding], report: Report) -> float | None:
    """What the mix would score if these were all there is; ``None`` for a report that kept no costs."""
    if report.score.overall is None or not report.engine.rules:
        return None
    from uptrack_analysis.findings.score import Kept, overall_score

    return float(round(overall_score([Kept.of(finding) for finding in findings], report.context.target)))


def _note(stem: StemReport, report: Report, colour: str | None) -> TrackNote:
    named = [finding for finding in wanted(report.findings) if finding.id in stem.findings]
    track, name = stem.track or "", stem.name
    if stem.figures is None:
        return TrackNote(track=track, name=name, text=f"left out: {stem.problem}", colour=colour)
    loudness = stem.figures.integrated_lufs
    level = "silent" if loudness is None else f"{loudness:.1f} LUFS"
    text = f"{level}; " + ("; ".join(marker_text(finding) for finding in named) if named else "no finding names it")
    return TrackNote(
        track=track,
        name=name,
        text=text,
        score=_score_of(named, report),
        loudness_lufs=loudness,
        findings=[finding.id for finding in named],
        colour=colour,
    )
