"""The playback block, in text and on the page: whole for streaming, a line for the club."""

from __future__ import annotations

import dataclasses
import html
import io
import re

from rich.console import Console

from support.reports import a_report
from uptrack_analysis.findings.playback import load_platforms, playback_rows
from uptrack_analysis.present.html import report_body
from uptrack_analysis.present.text import print_report
from uptrack_analysis.report import Report, Target

HEADING = "Playback: what services do to its level"


def delivered_for(target: Target, lufs: float | None = -9.0) -> Report:
    report = a_report(playback=playback_rows(target, lufs, 0.3))
    return dataclasses.replace(report, context=dataclasses.replace(report.context, target=target))


def in_text(report: Report, *, everything: bool = False) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=100), every_finding=everything)
    return out.getvalue()


def test_for_streaming_every_service_has_a_row_with_its_level_and_evidence() -> None:
    text = in_text(delivered_for("stream"))
    assert re.search(r"Spotify +5\.0 dB lower +−14\.0 LUFS +A\n", text)
    assert re.search(r"SoundCloud +0\.0 to 5\.0 dB lower +−14\.0 to −8\.0 LUFS +C, contested\n", text)
    assert "adds no distortion" in text
    assert "read on 2026-11-01" in " ".join(text.split())
    assert "andres.audio" not in text
    assert "andres.audio" in in_text(delivered_for("stream"), everything=True)


def test_the_page_names_every_service_with_source_and_day() -> None:
    body = html.unescape(report_body(delivered_for("stream")))
    assert HEADING in body
    assert "<td>5.0 dB lower</td>" in body
    for platform in load_platforms().values():
        assert platform.evidence.source in body
    assert "(C, contested, 2026-11-01)" in body


def test_for_the_club_it_is_one_line_of_services_whose_level_is_settled() -> None:
    line = "5.0 dB lower: Spotify, YouTube, TIDAL · 2.0 dB lower: Spotify Loud"
    for shown in (in_text(delivered_for("club")), str(report_body(delivered_for("club")))):
        assert HEADING in shown
        assert line in shown
        assert "SoundCloud" not in shown


def test_a_premaster_and_a_track_without_a_loudness_have_no_block() -> None:
    for report in (delivered_for("premaster"), delivered_for("stream", None), a_report()):
        assert HEADING not in in_text(report)
        assert HEADING not in str(report_body(report))
