"""The report as HTML: one self-contained page, or its body for another page's layout.

There is no script, no inline ``style`` attribute, no identifier and nothing to fetch. A page that embeds
``report_body`` needs ``stylesheet()``, either in a ``<style>`` block allowed by its hash (``style_hash``) or served as
a file; ``content_security_policy()`` is the strictest policy under which the page looks as intended.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from uptrack_analysis.figures import channel_name, clock, digits, percent, signed
from uptrack_analysis.present import wording
from uptrack_analysis.present.key_figures import key_figures, unmeasured_by_reason
from uptrack_analysis.present.playback_table import HEADING, NOTHING_LOST, playback_line, playback_table
from uptrack_analysis.present.plots import PlotMark, loudness_plot, spectrum_plot
from uptrack_analysis.present.stem_table import stem_rows, sum_line
from uptrack_analysis.present.waveform import waveform_plot
from uptrack_analysis.report import Finding, Report

BarOf = Callable[[float], str]
"""From seconds in the file to "bar.beat" in the project."""

MOST_PLACES_MARKED = 60


def report_page(report: Report, *, bar_of: BarOf | None = None, since: Sequence[str] = ()) -> str:
    """A whole page, ready to be written to a file in UTF-8.

    Parameters
    ----------
    report : Report
    bar_of : callable, optional
        Names the bar of a time; without it bars are counted from the file's start if the project's tempo is known.
    since : sequence of str
        Lines about what changed since the version before, shown under the score.
    """
    return (
        _environment()
        .get_template("report_page.html")
        .render(
            title=f"{report.source.name} · UpTrack report",
            policy=content_security_policy(),
            stylesheet=Markup(stylesheet()),  # noqa: S704 - our own file, no part of it from a report
            body=report_body(report, bar_of=bar_of, since=since),
        )
    )


def report_body(report: Report, *, bar_of: BarOf | None = None, since: Sequence[str] = ()) -> Markup:
    """The report as one ``<article class="uptrack-report">``, safe to put into any template as it is."""
    return Markup(  # noqa: S704 - rendered with autoescape
        _environment().get_template("report_body.html").render(_context(report, bar_of, since))
    )


@cache
def stylesheet() -> str:
    """The style sheet of page and body, made only of classes under ``.uptrack-report`` and the page's own ground."""
    templates = files("uptrack_analysis.present") / "templates"
    return "".join((templates / name).read_text("utf-8") for name in ("page.css", "report.css"))


@cache
def style_hash() -> str:
    """The source expression that allows ``<style>{stylesheet()}</style>``, quotes included: ``'sha256-…'``."""
    digest = hashlib.sha256(stylesheet().encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def content_security_policy() -> str:
    """The policy the page itself declares: its one style block, and nothing else from anywhere."""
    return f"default-src 'none'; style-src {style_hash()}; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("uptrack_analysis.present"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters.update(
        advice=wording.advice,
        plain=wording.plain,
        digits=digits,
        signed=signed,
        percent=percent,
        clock=partial(clock, decimals=3),
        area_name=wording.area_name,
    )
    return environment


def _context(report: Report, bar_of: BarOf | None, since: Sequence[str]) -> dict[str, Any]:
    bar_of = bar_of or wording.bars_from_start(report.context.project)
    shown = wording.wanted(report.findings)
    findings = wording.most_valuable_first(shown)
    places, bands = _places(findings, report.source.duration_s), _bands(findings)
    channels = report.source.channels
    return {
        "source": report.source,
        "format_line": wording.format_line(report.source),
        "score": report.score,
        "genre": report.context.genre,
        "genre_line": wording.genre_line(report),
        "reference_line": wording.reference_line(report),
        "reference_notes": report.context.reference_notes,
        "severity_counts": wording.severity_counts(shown),
        "dismissed": len(report.findings) - len(shown),
        "since": list(since),
        "findings": [
            {"finding": finding, "facts": _facts(finding, report.source.duration_s, bar_of)} for finding in findings
        ],
        "grades": wording.GRADES,
        "channel_name": partial(channel_name, channels=channels),
        "loudness": report.measurements.loudness,
        "loudness_plot": Markup(loudness_plot(report, places)),  # noqa: S704 - serialised from a tree, which escapes
        "marked": bool(places),
        "waveform_plot": Markup(waveform_plot(report)),  # noqa: S704 - serialised from a tree, which escapes
        "arrangement": wording.arrangement(report),
        "spectrum_plot": Markup(spectrum_plot(report, bands)),  # noqa: S704 - serialised from a tree, which escapes
        "bands_marked": bool(bands),
        "stems": stem_rows(report),
        "stem_sum": sum_line(report),
        "playback_rows": playback_table(report),
        "playback_line": playback_line(report),
        "playback_heading": HEADING,
        "nothing_lost": NOTHING_LOST,
        "key_figures": key_figures(report),
        "unmeasured": unmeasured_by_reason(report),
        "engine": report.engine,
    }


def _facts(finding: Finding, duration_s: float, bar_of: BarOf | None) -> list[str]:
    place = wording.where(finding, duration_s)
    facts = [
        f"bar {bar_of(finding.start_s)}" if bar_of is not None and place != wording.WHOLE_FILE else "",
        place,
        wording.band(finding.low_hz, finding.high_hz),
        f"stem {finding.stem}" if finding.stem else "",
        wording.measured_against(finding),
    ]
    return [fact for fact in facts if fact]


def _places(findings: Sequence[Finding], duration_s: float) -> list[PlotMark]:
    """Places of findings on the time axis; a finding about the whole file marks none."""
    marks: list[PlotMark] = []
    for number, finding in enumerate(findings, start=1):
        if wording.where(finding, duration_s) == wording.WHOLE_FILE:
            continue
        spans = [(span.start_s, span.end_s) for span in finding.spans] or [(finding.start_s, finding.end_s)]
        marks += [PlotMark(number, finding.severity, start_s, end_s) for start_s, end_s in spans]
    return marks[:MOST_PLACES_MARKED]


def _bands(findings: Sequence[Finding]) -> list[PlotMark]:
    """Bands of findings on the frequency axis."""
    return [
        PlotMark(number, finding.severity, finding.low_hz, finding.high_hz)
        for number, finding in enumerate(findings, start=1)
        if finding.low_hz is not None and finding.high_hz is not None
    ]
