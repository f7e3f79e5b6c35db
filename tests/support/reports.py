"""A whole report with figures in every field, for tests that show reports and must not wait for a measurement."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

from uptrack_analysis.report import (
    SCHEMA,
    Action,
    AreaScore,
    BandCrest,
    BandCurve,
    BandLevel,
    Clip,
    Context,
    DefectFigures,
    DynamicsFigures,
    Engine,
    Finding,
    GenreChoice,
    KeyCandidate,
    KeyFigures,
    LevelJump,
    LoudnessFigures,
    Measurements,
    ProjectFacts,
    Report,
    ResonanceFigures,
    Score,
    Section,
    SectionFeatures,
    Series,
    Severity,
    Source,
    Span,
    SpectrumFigures,
    StemFigures,
    StereoBand,
    StereoBandSeries,
    StereoFigures,
    TempoCandidate,
    TempoFigures,
    TransientFigures,
    Waveform,
)

DURATION_S = 180.0
BANDS = (("sub", 20.0, 60.0), ("bass", 60.0, 120.0), ("low mids", 120.0, 500.0), ("mids", 500.0, 2_000.0))


def a_finding(severity: Severity = "major", number: int = 1, **changes: Any) -> Finding:
    """One finding; give ``spans`` or any other field by name."""
    finding = Finding(
        id=f"low.sub_balance-{number:04x}",
        rule="low.sub_balance",
        area="low",
        severity=severity,
        confidence=0.6,
        title=f"The sub is 8.40 dB over the average (finding {number})",
        advice="Lower the sub or the kick's low shelf by up to 3 dB and compare with a reference.",
        value=8.4,
        unit="dB",
        ok_range=(-6.0, 6.0),
        scale=4.0,
        excess=0.6,
        exposure=1.0,
        grade="D",
        start_s=0.0,
        end_s=DURATION_S,
        low_hz=30.0,
        high_hz=60.0,
        actions=(Action("GN", "lower the sub by 3 dB", gain_db=-3.0),),
        expected_delta="Sub within the average after -2.40 dB.",
        points=6.1,
    )
    return dataclasses.replace(finding, **changes)


def a_section(
    kind: Literal["intro", "build", "drop", "break", "outro"] | None, start_s: float, end_s: float, **changes: Any
) -> Section:
    """A section of a track whose bars take 2 s."""
    section = Section(
        kind,
        start_s,
        end_s,
        bars=(end_s - start_s) / 2,
        first_bar=1 + round(start_s / 2),
        confidence=0.9,
        loudness_lufs=-9.5,
        bands_db=(-3.25,) * len(BANDS),
        third_octaves_db=(-3.25,) * 29,
        features=SectionFeatures(0.37, -0.4, 0.95, 0.9, -3.1, 0.2, 0.01, 1.0),
    )
    return dataclasses.replace(section, **changes)


def a_waveform(points: int = 2_000) -> Waveform:
    """Louder and louder, a little more above zero than below it."""
    high = tuple(round(0.2 + 0.7 * point / points, 3) for point in range(points))
    return Waveform(tuple(round(-0.9 * level, 3) for level in high), high, tuple(round(level / 3, 3) for level in high))


def a_report(*, name: str = "warehouse_v7.wav", findings: tuple[Finding, ...] | None = None, **changes: Any) -> Report:
    """A report of a 3:00 stereo mix; any top-level field can be replaced by name."""
    if findings is None:
        findings = (
            a_finding("major", 1),
            a_finding("moderate", 2, start_s=72.5, end_s=88.0, spans=(Span(72.5, 88.0), Span(120.0, 121.25))),
            a_finding("info", 3, start_s=12.345, end_s=12.345, low_hz=None, high_hz=None, value=None, points=0.0),
        )
    steps = int(DURATION_S * 10)
    curve = tuple(round(-9.0 - 4 * math.cos(step / 120), 2) if step >= 4 else None for step in range(steps))
    report = Report(
        schema=SCHEMA,
        source=Source(name, "WAV", "PCM 24-bit", 44_100, 24, 2, 7_938_000, DURATION_S, (), "ab" * 32),
        context=Context(
            GenreChoice("TEC", "techno", "guessed", 0.7, "138 BPM fits techno best."), "club", ProjectFacts(), (), ()
        ),
        measurements=Measurements(
            LoudnessFigures(-9.87, -5.01, 37.42, -7.2, 95.0, 5.5, 0.61, 37.402, 1, -0.1, 10.48, None),
            TempoFigures(138.02, 0.83, (TempoCandidate(92.01, 0.1),), 0.101, 0.536, 4, 0.87, 1.4),
            KeyFigures("F# minor", "11A", 0.71, (KeyCandidate("A major", "11B", 0.2),), -31.4),
            SpectrumFigures(
                tuple(BandLevel(band, low, high, -3.25) for band, low, high in BANDS),
                tuple(
                    BandLevel(
                        f"{centre:.0f} Hz", centre / 1.122, centre * 1.122, round(-3 * abs(math.log2(centre / 90)), 2)
                    )
                    for centre in (1000 * 2 ** (step / 3) for step in range(-16, 13))
                ),
                -4.61,
                cutoff_hz=16_490.9,
                cutoff_likely="MP3 at 128 kbit/s, or AAC at 96",
                resonances=(ResonanceFigures(2_093.4, "C7", 0.3, 7.25, 0.941),),
            ),
            StereoFigures(
                0.71,
                0.22,
                -9.4,
                0.31,
                tuple(StereoBand(band, low, high, 0.9, -12.5, 0.2, 0.1) for band, low, high in BANDS),
                false_stereo="no",
                channel_difference_db=-8.02,
                polarity="normal",
            ),
            DynamicsFigures(
                12.3,
                -12.4,
                bands=tuple(BandCrest(band, low, high, 4.75) for band, low, high in BANDS),
                transients=TransientFigures(193, 6.75, 14.86, 25.2),
                kick_transients=TransientFigures(91, 8.86, 14.73, 29.24),
                pumping_db=3.4,
                pumping_lowest_at=0.104,
                ducking_db=1.25,
                ducked_at=0.083,
                ducked_beats=1,
                level_jumps=(LevelJump(61.23, -3.1),),
            ),
            DefectFigures(
                3, 14, (Clip(37.4, 37.4001, 1, 1_649_340, 4, -0.1),), (0.000012, -0.00003), (), (), 0, 0.021, 0.4
            ),
            {
                "loudness.psr_min_db": "Peaks over time are not measured yet.",
                "stereo.channel_delay_ms": "the channels do not differ by a delay alone",
            },
        ),
        series=Series(
            0.1,
            0.1,
            curve,
            curve,
            (None,) * steps,
            (0.5,) * steps,
            stereo_bands=tuple(
                StereoBandSeries(band, (0.9,) * int(DURATION_S), (-12.5,) * int(DURATION_S)) for band, _, _ in BANDS
            ),
            bands=tuple(BandCurve(band, (-18.5,) * (steps // 5)) for band, _, _ in BANDS),
            waveform=a_waveform(),
        ),
        sections=(a_section("intro", 0.0, 32.0), a_section("drop", 32.0, 144.0), a_section("outro", 144.0, DURATION_S)),
        stems=(),
        findings=findings,
        score=Score(
            "score-1",
            76.0,
            0.92,
            (AreaScore("low", 62.0, 1.0), AreaScore("tonal", 88.0, 0.5), AreaScore("dj", 100.0, 1.0)),
            {"dj.tempo": "The project's tempo is not known."},
        ),
        engine=Engine("0.1.0", "0123456789ab"),
    )
    return dataclasses.replace(report, **changes)


def stem_figures(integrated_lufs: float, **changes: Any) -> StemFigures:
    """Of a stem as loud as that, with the spectrum and image of ``a_report``."""
    whole = a_report().measurements
    figures = StemFigures(
        integrated_lufs=integrated_lufs,
        momentary_max_lufs=integrated_lufs + 5.0,
        momentary_max_s=20.0,
        short_term_max_lufs=integrated_lufs + 3.0,
        short_term_max_s=21.0,
        range_lu=3.0,
        spectrum=whole.spectrum,
        stereo=whole.stereo,
        rms_dbfs=integrated_lufs - 2.0,
        sample_peak_dbfs=-3.0,
        crest_db=-1.0 - integrated_lufs,
        plr_db=-3.0 - integrated_lufs,
        psr_min_db=8.0,
        transients=None,
        dc_offset=(0.0, 0.0),
        lead_silence_s=0.0,
        tail_silence_s=0.0,
    )
    return dataclasses.replace(figures, **changes)
