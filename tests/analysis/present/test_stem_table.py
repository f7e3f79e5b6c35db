"""What a reader is told of each stem."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

from rich.console import Console

from support.reports import a_report, stem_figures
from uptrack_analysis.present.html import report_page
from uptrack_analysis.present.stem_table import StemRow, stem_rows, sum_line
from uptrack_analysis.present.text import print_report
from uptrack_analysis.report import Report, StemBand, StemPlace, StemReport, StemSum


def a_stem(name: str, *, role_confidence: float = 0.9, shares: tuple[float, ...] = (), **place: Any) -> StemReport:
    lies = dataclasses.replace(StemPlace("waveform", 0.0, 0.0, inverted=False, in_mix=True, share=0.3), **place)
    return StemReport(
        name,
        None,
        source=a_report().source,
        role="bass",
        role_confidence=role_confidence,
        figures=stem_figures(-17.5),
        place=lies,
        band_shares=shares,
    )


def with_stems(*stems: StemReport, stem_sum: StemSum | None = None) -> Report:
    return dataclasses.replace(a_report(), stems=stems, stem_sum=stem_sum)


def remarks(**place: Any) -> str:
    others = [a_stem("Kick"), a_stem("Pad")]
    return stem_rows(with_stems(a_stem("Bass", **place), *others))[0].remarks


def test_a_stem_leads_where_half_of_the_band_is_its_own() -> None:
    (row,) = stem_rows(with_stems(a_stem("Bass", shares=(0.9, 0.6, 0.1, 0.0))))
    assert row == StemRow("Bass", "bass", "−17.5 LUFS", "90 % of the sub, 60 % of the bass")


def test_a_role_that_is_hardly_believed_is_not_told() -> None:
    assert stem_rows(with_stems(a_stem("Audio 7", role_confidence=0.4)))[0].role == ""


def test_how_it_lies_in_the_mix_is_told_where_it_differs() -> None:
    assert remarks() == ""
    assert remarks(delay_ms=12.0) == "12.0 ms later in the mix"
    assert remarks(delay_ms=-4.5) == "4.5 ms earlier in the mix"
    assert remarks(inverted=True) == "upside down in the mix"
    assert remarks(gain_db=-6.0) == "−6.0 dB against the other stems"
    assert remarks(in_mix=False, gain_db=None) == "not in the mix"


def test_a_stem_left_out_says_why_and_nothing_else() -> None:
    rows = stem_rows(with_stems(StemReport("Gone", None, problem="gone.wav does not exist.")))
    assert rows == (StemRow("Gone", "", "", "left out: gone.wav does not exist."),)


def test_the_sum_is_told_as_what_it_leaves_over_or_why_it_is_not() -> None:
    assert sum_line(a_report()) is None
    left = StemSum(-48.2, (StemBand(22.0, 44.0, 0.0, -60.0),))
    assert sum_line(with_stems(a_stem("Bass"), stem_sum=left)) == "The stems' sum leaves −48.2 dB of the mix over."
    why = dataclasses.replace(a_stem("Bass"), unmeasured={"stem_sum": "no stem could be measured"})
    assert sum_line(with_stems(why)) == "The stems' sum was not compared with the mix: no stem could be measured."


def test_text_and_page_show_the_stems_and_a_name_cannot_steer_them() -> None:
    report = with_stems(a_stem("<b>Bass</b>\x1b[31m"))
    out = io.StringIO()
    print_report(report, Console(file=out, width=120))
    assert "\nStems\n" in out.getvalue()
    assert "\x1b" not in out.getvalue()
    page = report_page(report)
    assert "&lt;b&gt;Bass&lt;/b&gt;" in page
    assert "<h2>Stems</h2>" in page


def test_a_report_without_stems_says_nothing_of_them() -> None:
    assert "Stems" not in report_page(a_report())
