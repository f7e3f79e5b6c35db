"""A mix with its stems, from files to the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from support.small_band import mixed, small_band, written
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.measure.one_pass import hear
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.report import Report, StemReport, from_json, to_document, to_json
from uptrack_analysis.settings import Settings, StemFile
from uptrack_analysis.signal import Block
from uptrack_analysis.stems.measure_stems import measure_stems

RATE_HZ = 44_100


@cache
def band() -> dict[str, Block]:
    return small_band()


def a_mix(folder: Path, stems: dict[str, Block]) -> Path:
    path = folder / "mix.wav"
    soundfile.write(path, mixed(stems).T, RATE_HZ, subtype="PCM_24")
    return path


def report_of(folder: Path, stems: dict[str, Block], files: tuple[StemFile, ...] | None = None) -> Report:
    given = written(folder / "stems", stems) if files is None else files
    return analyze_file(a_mix(folder, stems), Settings(genre="techno", stems=given)).report


def named(report: Report, name: str) -> StemReport:
    (stem,) = (stem for stem in report.stems if stem.name == name)
    return stem


def test_every_stem_is_told_with_figures_part_and_place(tmp_path: Path) -> None:
    report = report_of(tmp_path, band())
    assert report.context.stems == ("Kick", "Bass", "Hats", "Pad")
    assert [stem.role for stem in report.stems] == ["kick", "bass", "hats", "pad"]
    for stem in report.stems:
        assert stem.track == f"{{{stem.name}}}"
        assert stem.place is not None
        assert (stem.place.by, stem.place.delay_ms, stem.place.in_mix) == ("waveform", 0.0, True)
        assert stem.figures is not None
        assert stem.figures.integrated_lufs is not None
    assert report.stem_sum is not None
    assert report.stem_sum.null_db < -60
    for band_shares in zip(*(stem.band_shares for stem in report.stems), strict=True):
        assert sum(share or 0.0 for share in band_shares) == pytest.approx(1.0, abs=0.003)
    assert from_json(to_json(report)) == report


def test_the_stem_with_the_offset_is_named_in_the_finding_and_the_finding_in_the_stem(tmp_path: Path) -> None:
    report = report_of(tmp_path, band() | {"Bass": band()["Bass"] + np.float32(0.02)})
    (finding,) = (finding for finding in report.findings if finding.rule == "int.dc")
    assert finding.stem == "Bass"
    assert finding.shares[0].share > 0.95
    assert "comes from Bass" in finding.advice
    assert finding.id in named(report, "Bass").findings
    assert finding.id not in named(report, "Kick").findings


def test_the_stem_whose_stream_stalled_is_named_where_the_mix_holds_one_sample(tmp_path: Path) -> None:
    held = slice(10 * RATE_HZ, 11 * RATE_HZ)
    stems = {name: samples.copy() for name, samples in band().items()}
    for name, samples in stems.items():
        samples[:, held] = 0.0625 if name == "Bass" else 0.0  # the others rest
    report = report_of(tmp_path, stems)
    (finding,) = (one for one in report.findings if one.rule == "int.dropout" and "held" in one.advice)
    assert finding.stem == "Bass"
    assert finding.advice.endswith("It is in the stem Bass already.")
    assert finding.id in named(report, "Bass").findings


def test_a_finding_has_the_same_id_with_and_without_stems(tmp_path: Path) -> None:
    faulty = band() | {"Bass": band()["Bass"] + np.float32(0.02)}
    with_stems = {finding.id for finding in report_of(tmp_path, faulty).findings if finding.rule == "int.dc"}
    alone = analyze_file(tmp_path / "mix.wav", Settings(genre="techno")).report
    assert with_stems == {finding.id for finding in alone.findings if finding.rule == "int.dc"}


def test_what_no_stem_has_is_the_masters(tmp_path: Path) -> None:
    stems = written(tmp_path / "stems", band())
    mix = mixed(band())
    mix[1] *= np.float32(0.7)
    soundfile.write(tmp_path / "mix.wav", mix.T, RATE_HZ, subtype="PCM_24")
    report = analyze_file(tmp_path / "mix.wav", Settings(genre="techno", stems=stems)).report
    leaning = [finding for finding in report.findings if finding.rule in {"ste.balance", "int.channel"}]
    assert leaning
    assert all(finding.stem is None for finding in leaning)
    assert all("No stem has it" in finding.advice for finding in leaning)


def test_stems_that_cannot_be_used_are_left_out_with_a_sentence_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = written(tmp_path / "stems", band())
    (tmp_path / "stems" / "notes.wav").write_text("no audio at all, merely a name")
    files = (
        *good,
        StemFile("Notes", str(tmp_path / "stems" / "notes.wav")),
        StemFile("Gone", str(tmp_path / "gone.wav")),
        StemFile("Private", "/somewhere", problem="Private lies in UpTrack's own folder."),
    )
    report = report_of(tmp_path, band(), files)
    assert [stem.name for stem in report.stems if stem.problem is None] == ["Kick", "Bass", "Hats", "Pad"]
    assert "notes.wav" in (named(report, "Notes").problem or "")
    assert "gone.wav" in (named(report, "Gone").problem or "")
    assert named(report, "Private").problem == "Private lies in UpTrack's own folder."
    assert report.stem_sum is not None


def test_stems_none_of_which_can_be_read_cost_the_mix_nothing(tmp_path: Path) -> None:
    report = report_of(tmp_path, band(), (StemFile("Gone", str(tmp_path / "gone.wav")),))
    assert report.measurements.loudness.integrated_lufs is not None
    assert (report.stems[0].figures, report.stem_sum) == (None, None)


def test_silent_mono_short_and_differently_sampled_stems_are_all_told(tmp_path: Path) -> None:
    stems = dict(band())
    files = list(written(tmp_path / "stems", {"Kick": stems["Kick"][:1], "Bass": stems["Bass"]}))
    stems["Hats"] = stems["Hats"].copy()
    stems["Hats"][:, 10 * RATE_HZ :] = 0
    files += written(tmp_path / "stems", {"Hats": stems["Hats"][:, : 10 * RATE_HZ]})
    files += written(tmp_path / "stems", {"Pad": small_band(48_000)["Pad"]}, 48_000)
    files += written(tmp_path / "stems", {"Empty": np.zeros_like(stems["Kick"])})
    report = report_of(tmp_path, stems, tuple(files))
    assert all(stem.problem is None for stem in report.stems)
    empty = named(report, "Empty")
    assert empty.figures is not None
    assert empty.figures.integrated_lufs is None
    assert "figures.integrated_lufs" in empty.unmeasured
    assert report.stem_sum is not None
    assert named(report, "Kick").place is not None


def test_the_report_is_the_same_bytes_every_time(tmp_path: Path) -> None:
    assert to_json(report_of(tmp_path, band())) == to_json(report_of(tmp_path, band()))


def nulls(path: str, value: Any) -> Iterator[str]:
    """Dotted names of what is null in a document; of a band the name stands for its level."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if inner is None:
            yield path if key == "level_db" else f"{path}.{key}"
        for band in inner if isinstance(inner, list | tuple) and inner and isinstance(inner[0], dict) else ():
            yield from nulls(f"{path}.{key}.{band['name']}", band)
        yield from nulls(f"{path}.{key}", inner)


def test_every_figure_that_a_stem_lacks_says_why(tmp_path: Path) -> None:
    one_sided = band()["Pad"] * np.array([[1.0], [0.0]], dtype=np.float32)
    stems = {"Kick": band()["Kick"][:1], "Pad": one_sided, "Empty": np.zeros_like(band()["Bass"])}
    report = report_of(tmp_path, band(), written(tmp_path / "stems", stems))
    for stem in to_document(report)["stems"]:
        lacking = set(nulls("figures", stem["figures"]))
        assert len(lacking) > 5
        assert lacking <= stem["unmeasured"].keys()
    assert "mono" in named(report, "Kick").unmeasured["figures.stereo.correlation"]
    assert "one of them is silent" in named(report, "Pad").unmeasured["figures.stereo.correlation"]
    assert "zero" in named(report, "Empty").unmeasured["figures.stereo.width_db"]


def test_a_stem_alone_measures_as_among_others_and_is_known_by_no_fingerprint(tmp_path: Path) -> None:
    files = written(tmp_path / "stems", band())
    others, alone = report_of(tmp_path, band(), files), report_of(tmp_path, band(), files[1:2])
    assert named(alone, "Bass").figures == named(others, "Bass").figures
    assert named(alone, "Bass").source == named(others, "Bass").source
    assert to_json(alone).count("sha256") == 1


def test_a_stem_measures_as_the_same_file_does_by_itself(tmp_path: Path) -> None:
    files = written(tmp_path / "stems", band())
    stem = named(report_of(tmp_path, band(), files), "Kick")
    alone = analyze_file(Path(files[0].path), Settings(genre="techno")).report
    figures, loudness, dynamics = stem.figures, alone.measurements.loudness, alone.measurements.dynamics
    assert figures is not None
    assert figures.integrated_lufs == loudness.integrated_lufs
    assert figures.momentary_max_s == loudness.momentary_max_s
    assert figures.short_term_max_s == loudness.short_term_max_s
    assert figures.crest_db == dynamics.crest_db
    assert figures.psr_min_db == loudness.psr_min_db
    assert figures.transients == dynamics.transients
    assert loudness.sample_peak_dbfs is not None
    assert loudness.integrated_lufs is not None
    assert figures.plr_db == pytest.approx(loudness.sample_peak_dbfs - loudness.integrated_lufs, abs=0.011)
    assert stem.series is not None
    own, whole = stem.series, alone.series
    at_seconds = slice(9, None, 10)  # the mix's curves have ten values a second
    assert own.step_s == 1.0
    assert own.short_term_lufs[5] == max(level for level in whole.short_term_lufs[50:60] if level is not None)
    assert own.psr_db[5] == min(level for level in whole.psr_db[50:60] if level is not None)
    assert len(own.correlation) == len(whole.correlation[at_seconds])


def test_in_full_a_stem_is_told_as_its_own_report_would_tell_it_and_lies_where_it_lay(tmp_path: Path) -> None:
    files = written(tmp_path / "stems", band() | {"Bass": np.roll(band()["Bass"], 441)})
    mix = a_mix(tmp_path, band())
    short = analyze_file(mix, Settings(genre="techno", stems=files)).report
    full = analyze_file(mix, Settings(genre="techno", stems=files, stems_in_full=True)).report
    alone = analyze_file(Path(files[1].path), Settings(genre="techno")).report
    bass = named(full, "Bass").in_full
    assert bass is not None
    assert (bass.measurements, bass.series, bass.sections) == (alone.measurements, alone.series, alone.sections)
    assert named(short, "Bass").in_full is None
    assert [stem.role for stem in full.stems] == [stem.role for stem in short.stems]
    place, placed = named(full, "Bass").place, named(short, "Bass").place
    assert place is not None
    assert placed is not None
    assert (place.by, place.delay_ms) == (placed.by, placed.delay_ms) == ("waveform", -10.0)
    figures, short_figures = named(full, "Bass").figures, named(short, "Bass").figures
    assert figures is not None
    assert short_figures is not None
    assert (figures.psr_min_db, figures.plr_db) == (short_figures.psr_min_db, short_figures.plr_db)
    assert from_json(to_json(full)) == full


@pytest.mark.parametrize("in_full", [False, True])
@pytest.mark.parametrize("count", [1, 4])
def test_a_cancelled_analysis_ends_while_stems_are_read(tmp_path: Path, count: int, in_full: bool) -> None:
    files = written(tmp_path / "stems", band())[:count]
    mix = a_mix(tmp_path, band())

    class Cancelled(Exception):
        pass

    def cancel(_fraction: float, stage: str) -> None:
        if stage == "stems":
            raise Cancelled

    with pytest.raises(Cancelled):
        analyze_file(mix, Settings(stems=files, stems_in_full=in_full), cancel)


def test_a_mix_that_cannot_be_completed_does_not_wait_for_its_stems(tmp_path: Path) -> None:
    (one, *_) = written(tmp_path / "stems", band())
    reached: list[float] = []

    def fail() -> Measured:
        raise MemoryError

    with open_audio(a_mix(tmp_path, band())) as source:
        mix = replace(hear(source, lambda _fraction, _stage: None, probes=True), complete=fail)
    with pytest.raises(MemoryError):
        measure_stems(mix, [one] * 40, Limits(), lambda fraction, _stage: reached.append(fraction))
    assert max(reached, default=0.0) < 0.5


def test_progress_never_goes_back(tmp_path: Path) -> None:
    heard: list[float] = []
    files = written(tmp_path / "stems", band())
    analyze_file(a_mix(tmp_path, band()), Settings(stems=files), lambda fraction, _stage: heard.append(fraction))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
