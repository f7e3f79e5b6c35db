"""EBU Tech 3341 (2023) and Tech 3342 (2016) minimum requirements, and agreement with two other meters."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from support.libebur128 import libebur128
from support.needs import need_program
from support.signals import cut, music, tone, tones
from uptrack_analysis.audio.layout import speaker_layout
from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.results import Loudness
from uptrack_analysis.signal import Block

STEREO = ("L", "R")
TOLERANCE_LU = 0.1
SILENT = -math.inf
RATES = [44_100, 48_000, 96_000]


def measured(signal: Block, rate_hz: int, layout: tuple[str, ...] = STEREO) -> Loudness:
    meter = LoudnessMeter(rate_hz, layout)
    meter.push(signal)
    return meter.finish()


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_tech_3341_cases_1_and_2_a_steady_tone_reads_its_level_in_all_three(level: float, rate_hz: int) -> None:
    loudness = measured(tone(rate_hz, 20, level), rate_hz)
    assert loudness.integrated_lufs == pytest.approx(level, abs=TOLERANCE_LU)
    assert loudness.momentary_max_lufs == pytest.approx(level, abs=TOLERANCE_LU)
    np.testing.assert_allclose(loudness.short_term_lufs[300:], level, atol=TOLERANCE_LU)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([(10, -36.0), (60, -23.0), (10, -36.0)], id="case 3"),
        pytest.param([(10, -72.0), (10, -36.0), (60, -23.0), (10, -36.0), (10, -72.0)], id="case 4"),
        pytest.param([(20, -26.0), (20.1, -20.0), (20, -26.0)], id="case 5"),
    ],
)
def test_tech_3341_cases_3_to_5_the_gates_leave_quiet_parts_out(parts: list[tuple[float, float]], rate_hz: int) -> None:
    assert measured(tones(rate_hz, parts), rate_hz).integrated_lufs == pytest.approx(-23.0, abs=TOLERANCE_LU)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("with_lfe", [False, True])
def test_tech_3341_case_6_surrounds_weigh_more_and_the_lfe_nothing(rate_hz: int, with_lfe: bool) -> None:
    levels = {"L": -28.0, "R": -28.0, "C": -24.0, "Ls": -30.0, "Rs": -30.0}
    if with_lfe:
        levels = {"LFE": 0.0, **levels}
    signal = np.concatenate([tone(rate_hz, 20, level, channels=1) for level in levels.values()])
    assert measured(signal, rate_hz, tuple(levels)).integrated_lufs == pytest.approx(-23.0, abs=TOLERANCE_LU)


SEVEN_ONE = speaker_layout(8)
PLUS_1_5_DB = 10 * math.log10(1.41)


@pytest.mark.parametrize("speaker", SEVEN_ONE)
def test_each_loudspeaker_of_7_1_weighs_what_table_4_of_bs_1770_says(speaker: str) -> None:
    signal = np.zeros((8, 5 * 48_000), dtype=np.float32)
    signal[SEVEN_ONE.index(speaker)] = tone(48_000, 5, -20.0, channels=1)
    expected = {"Ls": -23.0 + PLUS_1_5_DB, "Rs": -23.0 + PLUS_1_5_DB, "LFE": None}.get(speaker, -23.0)
    loudness = measured(signal, 48_000, SEVEN_ONE).integrated_lufs
    assert loudness == (None if expected is None else pytest.approx(expected, abs=TOLERANCE_LU))


@pytest.mark.parametrize("rate_hz", RATES)
def test_tech_3341_case_9_short_term_bridges_a_pattern_of_its_own_length(rate_hz: int) -> None:
    loudness = measured(tones(rate_hz, [(1.34, -20.0), (1.66, -30.0)] * 5), rate_hz)
    np.testing.assert_allclose(loudness.short_term_lufs[300:], -23.0, atol=TOLERANCE_LU)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("delay", range(20))
def test_tech_3341_case_10_three_seconds_are_caught_wherever_they_start(delay: int, rate_hz: int) -> None:
    signal = tones(rate_hz, [(delay * 0.15, SILENT), (3, -23.0), (1, SILENT)])
    assert measured(signal, rate_hz).short_term_max_lufs == pytest.approx(-23.0, abs=TOLERANCE_LU)


@pytest.mark.parametrize("rate_hz", RATES)
def test_tech_3341_case_11_each_louder_burst_raises_the_short_term_maximum(rate_hz: int) -> None:
    for step in range(20):
        signal = tones(rate_hz, [(step * 0.15, SILENT), (3, -38.0 + step), (3 - step * 0.15, SILENT)])
        assert measured(signal, rate_hz).short_term_max_lufs == pytest.approx(-38 + step, abs=TOLERANCE_LU)


@pytest.mark.parametrize("rate_hz", RATES)
def test_tech_3341_case_12_momentary_bridges_a_pattern_of_its_own_length(rate_hz: int) -> None:
    loudness = measured(tones(rate_hz, [(0.18, -20.0), (0.22, -30.0)] * 25), rate_hz)
    np.testing.assert_allclose(loudness.momentary_lufs[100:], -23.0, atol=TOLERANCE_LU)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("delay", range(20))
def test_tech_3341_case_13_four_hundred_milliseconds_are_caught_wherever_they_start(delay: int, rate_hz: int) -> None:
    signal = tones(rate_hz, [(delay * 0.02, SILENT), (0.4, -23.0), (1, SILENT)])
    assert measured(signal, rate_hz).momentary_max_lufs == pytest.approx(-23.0, abs=TOLERANCE_LU)


@pytest.mark.parametrize("rate_hz", RATES)
def test_tech_3341_case_14_each_louder_burst_raises_the_momentary_maximum(rate_hz: int) -> None:
    for step in range(20):
        signal = tones(rate_hz, [(step * 0.02, SILENT), (0.4, -38.0 + step), (0.4 - step * 0.02, SILENT)])
        assert measured(signal, rate_hz).momentary_max_lufs == pytest.approx(-38 + step, abs=TOLERANCE_LU)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize(
    ("levels", "range_lu"),
    [([-20, -30], 10), ([-20, -15], 5), ([-40, -20], 20), ([-50, -35, -20, -35, -50], 15)],
)
def test_tech_3342_cases_1_to_4_the_range_is_the_distance_of_the_levels(
    levels: list[float], range_lu: float, rate_hz: int
) -> None:
    loudness = measured(tones(rate_hz, [(20, level) for level in levels]), rate_hz)
    assert loudness.range_lu == pytest.approx(range_lu, abs=1.0)  # the standard allows 1 LU


@pytest.mark.parametrize("rate_hz", RATES)
def test_agrees_with_pyloudnorm_on_music(rate_hz: int) -> None:
    signal = music(rate_hz, 20)
    other = pyloudnorm.Meter(rate_hz, filter_class="DeMan")
    loudness = measured(signal, rate_hz)
    assert loudness.integrated_lufs == pytest.approx(other.integrated_loudness(signal.T.astype(float)), abs=0.01)


@pytest.mark.parametrize("rate_hz", RATES)
def test_agrees_with_libebur128_on_music(rate_hz: int) -> None:
    signal = music(rate_hz, 20)
    loudness, other = measured(signal, rate_hz), libebur128(signal, rate_hz)
    assert loudness.integrated_lufs == pytest.approx(other.integrated_lufs, abs=0.01)
    assert loudness.range_lu == pytest.approx(other.range_lu, abs=0.2)


def test_another_rate_or_depth_of_the_same_music_reads_the_same() -> None:
    at_48 = music(48_000, 20)
    at_44 = soxr.resample(at_48.T, 48_000, 44_100, quality="VHQ").T
    of_24_bits = (np.round(at_48 * 2.0**23) / 2.0**23).astype(np.float32)
    reference = measured(at_48, 48_000).integrated_lufs
    assert measured(at_44, 44_100).integrated_lufs == pytest.approx(reference, abs=0.02)
    assert measured(of_24_bits, 48_000).integrated_lufs == pytest.approx(reference, abs=0.02)


@pytest.mark.parametrize("rate_hz", RATES)
def test_agrees_with_ffmpeg_on_music(rate_hz: int, tmp_path: Path) -> None:
    ffmpeg = need_program("ffmpeg")
    signal = music(rate_hz, 30)
    path = tmp_path / "music.wav"
    soundfile.write(path, signal.T, rate_hz, subtype="FLOAT")
    command = [ffmpeg, "-nostats", "-hide_banner", "-i", str(path), "-af", "ebur128", "-f", "null", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = text[text.rindex("Summary:") :]
    figures = {name: float(value) for name, value in re.findall(r"(I|LRA):\s+(-?[\d.]+) LU", summary)}
    loudness = measured(signal, rate_hz)
    assert loudness.integrated_lufs == pytest.approx(figures["I"], abs=0.1)
    assert loudness.range_lu == pytest.approx(figures["LRA"], abs=0.2)


def test_mono_counts_as_one_channel() -> None:
    assert measured(tone(48_000, 5, -20, channels=1), 48_000, ("M",)).integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_the_maximum_is_placed_at_the_end_of_its_window() -> None:
    loudness = measured(tones(48_000, [(2, -40.0), (0.4, -20.0), (3, -40.0)]), 48_000)
    assert loudness.momentary_max_s == pytest.approx(2.4, abs=0.02)
    assert loudness.short_term_max_s is not None
    assert 3.0 <= loudness.short_term_max_s <= 5.0


def test_curves_hold_nan_before_the_first_whole_window_and_minus_infinity_in_silence() -> None:
    loudness = measured(np.zeros((2, 4 * 48_000), dtype=np.float32), 48_000)
    assert loudness.momentary_lufs.shape == loudness.short_term_lufs.shape == (400,)
    assert np.isnan(loudness.momentary_lufs[:39]).all()
    assert np.isneginf(loudness.momentary_lufs[39:]).all()
    assert np.isnan(loudness.short_term_lufs[:299]).all()
    assert np.isneginf(loudness.short_term_lufs[299:]).all()


@pytest.mark.parametrize(
    ("signal", "missing"),
    [
        pytest.param(np.zeros((2, 0), dtype=np.float32), {"integrated", "momentary", "short", "range"}, id="nothing"),
        pytest.param(np.ones((2, 1), dtype=np.float32), {"integrated", "momentary", "short", "range"}, id="1 sample"),
        pytest.param(tone(48_000, 0.05, -20), {"integrated", "momentary", "short", "range"}, id="50 ms"),
        pytest.param(tone(48_000, 1, -20), {"short", "range"}, id="1 s"),
        pytest.param(np.zeros((2, 480_000), np.float32), {"integrated", "momentary", "short", "range"}, id="silence"),
        pytest.param(tone(48_000, 5, -80), {"integrated", "range"}, id="under the gate"),
        pytest.param(tone(48_000, 5, -20), set[str](), id="enough"),
    ],
)
def test_what_cannot_be_measured_is_none_with_a_reason(signal: Block, missing: set[str]) -> None:
    meter = LoudnessMeter(48_000, STEREO)
    meter.push(signal)
    loudness = meter.finish()
    figures = {
        "integrated_lufs": loudness.integrated_lufs,
        "momentary_max_lufs": loudness.momentary_max_lufs,
        "short_term_max_lufs": loudness.short_term_max_lufs,
        "range_lu": loudness.range_lu,
    }
    assert {name.split("_")[0] for name, value in figures.items() if value is None} == missing
    assert {name.removeprefix("loudness.").split("_")[0] for name in meter.unmeasured} == missing
    assert all(meter.unmeasured.values())


@pytest.mark.parametrize("rate_hz", [8_000, 9_700, 11_025, 22_051, 25_300, 44_056, 44_100, 192_000])
def test_hops_keep_real_time_also_at_rates_that_no_step_of_the_filter_divides(rate_hz: int) -> None:
    loudness = measured(tone(rate_hz, 20, -23), rate_hz)
    assert loudness.momentary_lufs.size == 2000
    np.testing.assert_allclose(loudness.momentary_lufs[60:], -23.0, atol=TOLERANCE_LU)


NOISE = (np.random.default_rng(3).standard_normal((2, 200_000)) * np.linspace(0.01, 0.3, 200_000)).astype(np.float32)


WHOLE = {rate_hz: measured(NOISE, rate_hz) for rate_hz in (11_025, 44_100)}


@settings(max_examples=15)
@given(st.lists(st.integers(1, 40_000), max_size=30), st.sampled_from(sorted(WHOLE)))
def test_block_size_never_shows_in_the_result(sizes: list[int], rate_hz: int) -> None:
    whole = WHOLE[rate_hz]
    meter = LoudnessMeter(rate_hz, STEREO)
    for block in cut(NOISE, sizes):
        meter.push(block)
    pieced = meter.finish()
    np.testing.assert_array_equal(pieced.momentary_lufs, whole.momentary_lufs)
    assert (pieced.integrated_lufs, pieced.range_lu) == (whole.integrated_lufs, whole.range_lu)


@pytest.mark.parametrize(("rate_hz", "layout"), [(3, STEREO), (400_000, STEREO), (48_000, ())])
def test_refuses_what_is_not_a_stream_of_audio(rate_hz: int, layout: tuple[str, ...]) -> None:
    with pytest.raises(InvalidSignal):
        LoudnessMeter(rate_hz, layout)


def test_refuses_a_block_with_other_channels() -> None:
    with pytest.raises(InvalidSignal, match="shape"):
        LoudnessMeter(48_000, STEREO).push(np.zeros((3, 10), dtype=np.float32))
