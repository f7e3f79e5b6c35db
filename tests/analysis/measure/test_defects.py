from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import amplitude, cut, music, tone
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.results import Defects
from uptrack_analysis.signal import Block, FloatArray

RATE = 44_100


def measured(signal: Block | FloatArray, rate_hz: int = RATE, bit_depth: int | None = None) -> Defects:
    meter = DefectMeter(rate_hz, signal.shape[0], bit_depth)
    meter.push(signal.astype(np.float32))
    return meter.finish()


def quantised(signal: Block | FloatArray, bits: int) -> Block:
    """As an integer file holds it: rounded, and saturated at both ends."""
    scale = 2 ** (bits - 1)
    held: Block = (np.clip(np.round(signal * scale), -scale, scale - 1) / scale).astype(np.float32)
    return held


def dithered(signal: Block | FloatArray, bits: int = 16, shape: str = "TPDF", seed: int = 1) -> Block:
    """As a DAW exports it: dither of one step either way (RPDF: half a step), then rounded."""
    rng, step = np.random.default_rng(seed), 2.0 ** (1 - bits)
    noise = rng.uniform(-0.5, 0.5, signal.shape)
    if shape == "TPDF":
        noise += rng.uniform(-0.5, 0.5, signal.shape)
    return quantised(signal + step * noise, bits)


def seconds_of(seconds: float) -> FloatArray:
    return np.arange(round(seconds * RATE)) / RATE


# --- clipping -------------------------------------------------------------------------------------------------------


def flat_runs(samples: Block, level: float) -> int:
    """How many stretches of at least three samples lie at ``level``."""
    there = np.concatenate([[0], samples == level, [0]])
    starts, ends = np.flatnonzero(np.diff(there) > 0), np.flatnonzero(np.diff(there) < 0)
    return int(np.count_nonzero(ends - starts >= 3))


@pytest.mark.parametrize(("bits", "found_share"), [(8, 0.35), (16, 0.95), (24, 0.95)])  # 8 bits make crests round
@pytest.mark.parametrize("gain_db", [6.0, 12.0])
def test_an_integer_export_that_saturates_is_clipped_on_both_sides(
    gain_db: float, bits: int, found_share: float
) -> None:
    export = quantised(music(RATE, 3) * amplitude(gain_db), bits)
    defects = measured(export, bit_depth=bits)
    top = 1 - 2.0 ** (1 - bits)
    flat = sum(flat_runs(channel, level) for channel in export for level in (top, -1.0))
    assert found_share * flat <= defects.clipped_runs <= flat
    sides = {float(np.sign(export[run.channel, run.start])) for run in defects.clip_runs}
    assert sides == {-1.0, 1.0}
    assert defects.clipped_samples == sum(run.length for run in defects.clip_runs)


def test_a_flat_top_under_full_scale_is_clipped_too() -> None:
    turned_down = np.clip(music(RATE, 4) * 2.5, -1, 1) * 0.6
    assert measured(turned_down).clipped_runs > 10


@pytest.mark.parametrize("gain_db", [0.0, -0.3, -6.0, -20.0])
def test_a_clipped_run_carries_the_level_it_was_cut_at(gain_db: float) -> None:
    runs = measured(np.clip(music(RATE, 4) * 2.5, -1, 1) * amplitude(gain_db)).clip_runs
    assert runs
    assert all(20 * math.log10(run.ceiling) == pytest.approx(gain_db, abs=0.001) for run in runs)


def test_clipping_at_full_scale_is_found_in_a_float_file_that_later_goes_higher() -> None:
    signal = np.clip(music(RATE, 4) * 2.5, -1, 1)
    signal[:, -RATE:] = music(RATE, 1) * 1.8
    assert measured(signal).clipped_runs > 10


def test_a_float_file_over_full_scale_without_flat_tops_is_over_and_not_clipped() -> None:
    assert measured(music(RATE, 4) * 3.0).clipped_runs == 0


def crest(level: float, held: int) -> FloatArray:
    rise = np.linspace(0, level - 0.02, 40)
    return np.concatenate([rise, np.full(held, level), rise[::-1], np.zeros(100)])


@pytest.mark.parametrize(("held", "runs"), [(1, 0), (2, 0), (3, 1), (4, 1)])
def test_at_full_scale_three_samples_are_a_run_and_two_are_not(held: int, runs: int) -> None:
    defects = measured(crest(1.0, held)[np.newaxis])
    assert [(run.channel, run.start, run.length) for run in defects.clip_runs] == [(0, 40, held)] * runs
    assert (defects.clipped_runs, defects.clipped_samples) == (runs, runs * held)


@pytest.mark.parametrize(("held", "times", "runs"), [(3, 1, 0), (3, 2, 0), (5, 1, 1), (3, 3, 3)])
def test_under_full_scale_it_takes_more_than_one_short_run_to_exclude_chance(held: int, times: int, runs: int) -> None:
    assert measured(np.tile(crest(0.92, held), times)[np.newaxis]).clipped_runs == runs


def test_a_run_names_its_channel() -> None:
    signal = music(RATE, 2) * 0.5
    signal[1] = np.clip(signal[1] * 4, -0.8, 0.8)
    assert {run.channel for run in measured(signal).clip_runs} == {1}


@pytest.mark.parametrize("bits", [8, 16, 24])
@pytest.mark.parametrize("frequency_hz", [20.0, 41.2, 55.0, 110.0, 441.0])
@pytest.mark.parametrize("level_dbfs", [-0.1, -12.0, -40.0])
def test_the_round_crest_of_a_quantised_low_note_is_not_clipping(
    level_dbfs: float, frequency_hz: float, bits: int
) -> None:
    note = tone(RATE, 1, level_dbfs, frequency_hz=frequency_hz)
    assert measured(quantised(note, bits), bit_depth=bits).clipped_runs == 0


def test_a_low_note_clipped_by_a_tenth_of_a_decibel_is_clipping() -> None:
    note = quantised(tone(RATE, 1, 0.1, frequency_hz=50.0), 16)
    assert measured(note, bit_depth=16).clipped_runs >= 49


@pytest.mark.parametrize("level", [1.0, 0.5])
@pytest.mark.parametrize("frequency_hz", [55.0, 440.0, 2_205.0, 5_512.5])
def test_a_square_wave_is_flat_by_nature(frequency_hz: float, level: float) -> None:
    square = level * np.where(np.sin(2 * np.pi * frequency_hz * seconds_of(1) + 0.01) >= 0, 1.0, -1.0)
    assert measured(quantised(square[np.newaxis], 16), bit_depth=16).clipped_runs == 0


def test_a_chord_of_pulse_waves_is_flat_by_nature() -> None:
    time_s = seconds_of(2)
    pulses = [np.where((time_s * f) % 1 < width, 0.3, -0.3) for f, width in ((110, 0.5), (138.6, 0.25), (164.8, 0.4))]
    assert measured(np.sum(pulses, axis=0)[np.newaxis]).clipped_runs == 0


def test_a_bit_crushed_staircase_is_flat_by_nature() -> None:
    held = np.repeat(np.sin(2 * np.pi * 220 * seconds_of(1)[::8]), 8)
    assert measured(held[np.newaxis]).clipped_runs == 0


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0, -1.0])
def test_silence_and_constants_are_not_clipping(value: float) -> None:
    assert measured(np.full((2, RATE), value)).clipped_runs == 0


def test_every_run_counts_but_ten_thousand_are_listed() -> None:
    clipped = np.clip(3 * np.sin(2 * np.pi * 3_001 * seconds_of(3)), -1, 1)
    defects = measured(np.stack([clipped, clipped]))
    assert defects.clipped_runs > 20_000
    assert len(defects.clip_runs) == 10_000
    starts = [run.start for run in defects.clip_runs]
    assert starts == sorted(starts)


@pytest.mark.parametrize(("bits", "shape"), [(16, "TPDF"), (16, "RPDF"), (24, "TPDF")])
@pytest.mark.parametrize(
    # Nearer to the noise, fewer tops that are left slowly can be told from round crests.
    ("ceiling_db", "found_share"),
    [(0.0, 0.95), (-0.3, 0.95), (-6.0, 0.95), (-18.0, 0.75)],
)
@pytest.mark.parametrize("over_db", [3.0, 8.0])
def test_dither_behind_a_clipper_hides_neither_its_flat_tops_nor_their_level(
    over_db: float, ceiling_db: float, found_share: float, bits: int, shape: str
) -> None:
    loud = music(RATE, 3)
    clipped = np.clip(loud * amplitude(over_db) / np.abs(loud).max(), -1, 1) * amplitude(ceiling_db)
    bare = measured(clipped)
    through = measured(dithered(clipped, bits, shape), bit_depth=bits)
    assert bare.clipped_runs > 50
    assert found_share * bare.clipped_runs <= through.clipped_runs <= bare.clipped_runs + 2
    assert through.clipped_samples == sum(run.length for run in through.clip_runs)
    levels_db = [20 * math.log10(run.ceiling) for run in through.clip_runs]
    assert levels_db == pytest.approx([ceiling_db] * len(levels_db), abs=0.001)
    places = {(run.channel, run.start + run.length // 2) for run in bare.clip_runs}
    found = {(run.channel, run.start + run.length // 2) for run in through.clip_runs}
    assert len(places & found) >= (found_share - 0.15) * len(places)


def limited(signal: FloatArray, ceiling: float, ahead: int) -> FloatArray:
    """Turned down around each peak, by a gain that reaches the peak's own there: peaks at the ceiling, and pointed."""
    wanted = np.minimum(1.0, ceiling / np.maximum(np.abs(signal).max(axis=0), 1e-9))
    padded = np.pad(wanted, ahead, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * ahead + 1).min(axis=1)
    smooth = np.pad(lowest, ahead // 2, mode="edge")
    gain = np.lib.stride_tricks.sliding_window_view(smooth, 2 * (ahead // 2) + 1).mean(axis=1)
    held: FloatArray = signal * gain
    return held


@pytest.mark.parametrize("ahead", [2, 8, 60])
@pytest.mark.parametrize("over_db", [4.0, 12.0])
def test_peaks_that_a_limiter_brought_to_one_ceiling_are_no_flat_tops(over_db: float, ahead: int) -> None:
    loud = music(RATE, 4).astype(np.float64)
    held = dithered(limited(loud * amplitude(over_db) / np.abs(loud).max(), amplitude(-0.3), ahead))
    assert np.count_nonzero(np.abs(held) > amplitude(-0.3) - 3 / 32_768) > 50
    assert measured(held, bit_depth=16).clipped_runs == 0


@pytest.mark.parametrize("level_dbfs", [-0.1, -12.0, -20.0])
@pytest.mark.parametrize("frequency_hz", [20.0, 41.2, 55.0, 110.0, 441.0, 5_000.0])
def test_the_round_crest_of_a_dithered_low_note_is_not_clipping(frequency_hz: float, level_dbfs: float) -> None:
    note = tone(RATE, 3, level_dbfs, frequency_hz=frequency_hz)
    assert measured(dithered(note), bit_depth=16).clipped_runs == 0


def test_a_dithered_low_note_clipped_by_a_tenth_of_a_decibel_is_clipping() -> None:
    note = dithered(amplitude(-0.3) * np.clip(tone(RATE, 1, 0.1, frequency_hz=50.0), -1, 1))
    assert measured(note, bit_depth=16).clipped_runs >= 99 * 2


@pytest.mark.parametrize("level", [1.0, 0.5, 0.1])
def test_dithered_square_and_crushed_waves_are_flat_by_nature(level: float) -> None:
    square = np.where(np.sin(2 * np.pi * 110 * seconds_of(2) + 0.01) >= 0, 1.0, -1.0)
    crushed = np.repeat(np.sin(2 * np.pi * 220 * seconds_of(2)[::8]), 8)
    for wave in (square, crushed):
        assert measured(dithered(level * wave[np.newaxis]), bit_depth=16).clipped_runs == 0


# --- offset, channels, edges ----------------------------------------------------------------------------------------


def test_offset_is_the_mean_of_each_channel() -> None:
    signal = tone(RATE, 1, -6) + np.array([[0.01], [-0.003]])
    np.testing.assert_allclose(measured(signal).dc_offset, [0.01, -0.003], atol=1e-6)


def test_a_channel_is_silent_only_while_another_plays() -> None:
    signal = music(RATE, 1)
    signal[1] = 1e-5
    assert measured(signal).silent_channels == (1,)
    assert measured(np.zeros((2, RATE))).silent_channels == ()
    assert measured(music(RATE, 1)).silent_channels == ()


def test_silence_before_and_after_is_measured_to_the_sample() -> None:
    signal = np.concatenate([np.zeros((2, 12_345)), np.full((2, 50_000), 0.1), np.full((2, 777), 0.0009)], axis=1)
    defects = measured(signal)
    assert defects.lead_silence_s == 12_345 / RATE
    assert defects.tail_silence_s == 777 / RATE


def test_a_constant_at_the_very_limit_of_silence_is_silence() -> None:
    defects = measured(np.full((1, 200_000), 0.001))  # as a float32 it lies over the limit, as a float64 under it
    assert defects.lead_silence_s == defects.tail_silence_s == 200_000 / RATE


def test_a_silent_file_is_silence_from_end_to_end() -> None:
    defects = measured(np.zeros((2, 1000)))
    assert defects.lead_silence_s == defects.tail_silence_s == 1000 / RATE
    assert defects.head_peak_dbfs is defects.head_step_dbfs is None
    assert defects.tail_rms_dbfs is None


def test_the_edges_are_the_first_sample_the_first_millisecond_and_the_last_ten() -> None:
    signal = np.zeros((1, RATE))
    signal[0, 0] = -0.125
    signal[0, 1:44] = 0.25
    signal[0, 44:1000] = 0.9
    signal[0, -441:] = 0.125
    defects = measured(signal)
    assert defects.head_step_dbfs == pytest.approx(20 * math.log10(0.125), abs=1e-6)
    assert defects.head_peak_dbfs == pytest.approx(20 * math.log10(0.25), abs=1e-6)
    assert defects.tail_rms_dbfs == pytest.approx(20 * math.log10(0.125), abs=1e-6)


@pytest.mark.parametrize("frames", [1, 2, 3, 5, 44, 441, 2205])
def test_the_shortest_files_have_figures(frames: int) -> None:
    defects = measured(np.full((2, frames), 0.5))
    assert defects.head_peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert defects.tail_rms_dbfs == pytest.approx(-6.02, abs=0.01)
    assert defects.clipped_runs == 0
    assert defects.gaps == ()


# --- gaps -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap_ms", [3, 5, 20, 100])
def test_zeros_in_the_middle_of_the_music_are_a_gap(gap_ms: int) -> None:
    found = 0
    for place in range(10):
        signal = music(RATE, 2)
        start = 30_000 + 1777 * place
        end = start + round(gap_ms * RATE / 1000)
        signal[:, start:end] = 0
        gaps = measured(signal).gaps
        assert len(gaps) <= 1
        found += [(gap.start, gap.end, gap.channels) for gap in gaps] == [(start, end, (0, 1))]
    assert found >= 9  # a hole may begin where the wave happens to cross zero


def test_a_gap_in_one_channel_names_it() -> None:
    signal = music(RATE, 2)
    signal[1, 40_000:40_500] = 0
    assert [(gap.start, gap.end, gap.channels) for gap in measured(signal).gaps] == [(40_000, 40_500, (1,))]


def test_a_held_sample_is_a_gap() -> None:
    signal = music(RATE, 2)
    signal[:, 40_000:40_500] = signal[:, 39_999:40_000] * 0.5
    assert [(gap.start, gap.end) for gap in measured(signal).gaps] == [(40_000, 40_500)]


@pytest.mark.parametrize(("bits", "shape"), [(16, "TPDF"), (16, "RPDF"), (24, "TPDF")])
@pytest.mark.parametrize("held", [0.0, 0.5])
@pytest.mark.parametrize("gap_ms", [5, 100])
def test_dither_behind_a_hole_does_not_fill_it(gap_ms: int, held: float, bits: int, shape: str) -> None:
    found = 0
    for place in range(4):
        signal = 0.5 * music(RATE, 2)
        start = 30_000 + 1777 * place
        end = start + round(gap_ms * RATE / 1000)
        signal[:, start:end] = held * signal[:, start - 1 : start]
        bare = [(gap.start, gap.end) for gap in measured(signal).gaps]
        through = [(gap.start, gap.end) for gap in measured(dithered(signal, bits, shape), bit_depth=bits).gaps]
        assert len(through) == len(bare)
        # A sample of music that happens to lie where the hole does is taken for dither.
        assert np.array(through) == pytest.approx(np.array(bare), abs=2)
        found += len(bare)
    assert found >= 2


@pytest.mark.parametrize("bits", [16, 24])
def test_what_is_left_of_a_note_is_no_dither_in_a_hole(bits: int) -> None:
    """A voice that is cut by its next note leaves a slow wave of a step or two, as one of LMMS's projects has it."""
    signal = quantised(0.5 * music(RATE, 2), bits)
    signal[:, 30_000:30_110] = quantised(1.5 / 32_768 * np.sin(2 * np.pi * np.arange(110) / 90), bits)
    assert measured(signal, bit_depth=bits).gaps == ()
    signal[:, 30_000:30_110] = dithered(np.zeros((2, 110)))
    (hole,) = measured(signal, bit_depth=bits).gaps
    assert hole.start == pytest.approx(30_000, abs=2)
    assert hole.end == pytest.approx(30_110, abs=2)


@pytest.mark.parametrize("fade_s", [0.0, 0.005])
@pytest.mark.parametrize("decay", [0.0, 20.0, 80.0])
def test_dithered_silence_between_hits_is_no_gap(decay: float, fade_s: float) -> None:
    signal = np.zeros((2, 4 * RATE))
    for number in range(30):
        sound = hit(0.075, number, decay=decay, fade_s=fade_s)
        start = round(0.125 * number * RATE)
        signal[:, start : start + sound.size] = 0.6 * sound
    assert measured(dithered(signal), bit_depth=16).gaps == ()


def test_lost_buffers_at_odd_times_are_gaps_however_many() -> None:
    signal = music(RATE, 10)
    starts = np.cumsum(np.random.default_rng(4).integers(5_000, 40_000, 18)) // 512 * 512
    for start in starts:
        signal[:, start : start + 512] = 0
    assert len(measured(signal).gaps) >= 15


def hit(seconds: float, seed: int, *, decay: float, fade_s: float) -> FloatArray:
    """A noisy percussive hit that ends in true zeros after a fade of ``fade_s``; 0 cuts it dead."""
    time_s = seconds_of(seconds)
    body = np.random.default_rng(seed).standard_normal(time_s.size) * 0.2 + np.sin(2 * np.pi * 150 * time_s) * 0.5
    fade = np.clip((seconds - time_s) / fade_s, 0, 1) if fade_s else 1.0
    return body * np.exp(-time_s * decay) * fade


@pytest.mark.parametrize("humanised", [False, True])
@pytest.mark.parametrize("fade_s", [0.0, 0.0005, 0.005])
@pytest.mark.parametrize("decay", [0.0, 20.0, 80.0])
@pytest.mark.parametrize("step_s", [0.0862, 0.125, 0.25])
def test_digital_silence_between_hits_is_no_gap(step_s: float, decay: float, fade_s: float, humanised: bool) -> None:
    rng = np.random.default_rng(5)
    signal = np.zeros((2, 4 * RATE))
    for number in range(int(3.8 / step_s)):
        # A player's hands: up to 3 ms early or late, which machines and quantised parts are not.
        late = rng.integers(0, 130) if humanised else 0
        start = round(number * step_s * RATE) + int(late)
        sound = hit(step_s * 0.6, number, decay=decay, fade_s=fade_s)
        signal[:, start : start + sound.size] = sound * rng.uniform(0.6, 1.0)
    assert measured(signal).gaps == ()


def test_silences_that_hits_have_died_away_into_do_not_excuse_a_hole() -> None:
    signal = np.zeros((2, 5 * RATE))
    signal[:, : 2 * RATE] = music(RATE, 2)
    for number in range(12):
        sound = hit(0.18, number, decay=80.0, fade_s=0.005)
        start = 2 * RATE + round(0.25 * number * RATE)
        signal[:, start : start + sound.size] = sound
    assert measured(signal).gaps == ()
    signal[:, 60_000:60_300] = 0
    assert [(gap.start, gap.end) for gap in measured(signal).gaps] == [(60_000, 60_300)]


def test_hits_that_stop_in_time_do_not_excuse_a_hole_that_ends_out_of_time() -> None:
    signal, step = np.zeros((2, 6 * RATE)), round(0.25 * RATE)
    for number in range(22):
        # Cut short, and begun softly: silences between hits, and no holes.
        sound = hit(0.2, number, decay=6.0, fade_s=0.0) * np.clip(seconds_of(0.2) / 0.004, 0, 1)
        signal[:, number * step : number * step + sound.size] += sound
    chord = np.sum([np.sin(2 * np.pi * f * seconds_of(0.24)) for f in (220.0, 277.2, 329.6)], axis=0)
    signal[:, 12 * step : 12 * step + chord.size] = 0.2 * chord
    assert measured(signal).gaps == ()
    # Between a third and half of a beat: on an eighth or a triplet it might be played.
    start = 12 * step + 3_750
    signal[:, start : start + 880] = 0
    assert [(gap.start, gap.end) for gap in measured(signal).gaps] == [(start, start + 880)]


@pytest.mark.parametrize("part", [1 / 2, 1 / 3, 2 / 3, 1 / 4, 3 / 4])
def test_a_rest_that_ends_on_an_eighth_a_triplet_or_a_sixteenth_is_played(part: float) -> None:
    signal, step = np.zeros((2, 8 * RATE)), round(0.5 * RATE)
    chord = np.sum([np.sin(2 * np.pi * f * seconds_of(0.42)) for f in (220.0, 277.2, 329.6)], axis=0)
    stab = 0.2 * chord * np.clip(seconds_of(0.42) / 0.004, 0, 1)
    for number in range(15):
        signal[:, number * step : number * step + stab.size] = stab
    end = 7 * step + round(part * step)
    signal[:, end - 1_764 : end] = 0
    assert measured(signal).gaps == ()


@pytest.mark.parametrize(("gap_ms", "fallen_db", "found"), [(100, 20.0, True), (5, 20.0, False), (100, 27.0, False)])
def test_after_a_long_hole_a_drum_may_have_died_away_further(gap_ms: int, fallen_db: float, found: bool) -> None:
    time_s = seconds_of(2)
    wave = 0.2 * np.sum([np.sin(2 * np.pi * f * time_s + f) for f in (110.0, 331.7, 787.3)], axis=0)
    start, end = 40_000, 40_000 + round(gap_ms * RATE / 1000)
    wave[end:] *= 10 ** (-fallen_db / 20)
    wave[start:end] = 0
    assert [(gap.start, gap.end) for gap in measured(np.stack([wave, wave])).gaps] == found * [(start, end)]


@pytest.mark.parametrize("pattern", ["x.x.x.x.", "x.xx.x.x", "xx.xx.x."])
def test_a_hard_trance_gate_is_no_gap(pattern: str) -> None:
    step = round(RATE * 60 / 138 / 4)
    gate = np.tile(np.repeat([float(slot == "x") for slot in pattern], step), 6)
    time_s = np.arange(gate.size) / RATE
    pad = sum(np.sin(2 * np.pi * f * time_s) for f in (220, 277.2, 329.6, 441.3, 880.7)) * 0.15
    assert measured((pad * gate)[np.newaxis]).gaps == ()


def test_a_break_a_pause_and_the_edges_of_the_file_are_no_gaps() -> None:
    signal = music(RATE, 3)
    signal[:, 40_000 : 40_000 + RATE] = 0  # a second of silence is arrangement
    signal[:, :300] = 0
    signal[:, -300:] = 0
    assert measured(signal).gaps == ()


@pytest.mark.parametrize("frequency_hz", [41.2, 110.0, 220.0])
@pytest.mark.parametrize("low", [-0.5, 0.0])
def test_pulse_waves_are_no_gaps(low: float, frequency_hz: float) -> None:
    pulse = np.where((seconds_of(2) * frequency_hz) % 1 < 0.5, 0.5, low)
    assert measured(pulse[np.newaxis]).gaps == ()


def test_long_flat_tops_of_a_clipped_sub_bass_are_no_gaps() -> None:
    clipped = np.clip(4 * np.sin(2 * np.pi * 40 * seconds_of(2)), -0.9, 0.9)
    assert measured(clipped[np.newaxis]).gaps == ()


@pytest.mark.parametrize("offset", [0.0, -0.1])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_flat_tops_of_a_sub_bass_clipped_on_one_side_alone_are_no_gaps(sign: float, offset: float) -> None:
    clipped = sign * np.clip(0.95 * np.sin(2 * np.pi * 40 * seconds_of(2)) + 0.05 * music(RATE, 2)[0], -0.999, 0.6)
    assert measured(clipped[np.newaxis] + offset).gaps == ()


def test_clean_music_has_none_of_these_faults() -> None:
    defects = measured(quantised(music(RATE, 5), 16), bit_depth=16)
    assert (defects.clipped_runs, defects.gaps, defects.silent_channels) == (0, (), ())


@settings(max_examples=15)
@given(st.lists(st.integers(1, 40_000), max_size=15), st.integers(0, 100))
def test_block_size_never_shows_in_the_result(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    signal = np.clip(music(RATE, 2) * 2, -1, 0.99)
    for start in rng.integers(5_000, 80_000, 5):
        signal[:, start : start + rng.integers(90, 4_000)] = 0
    # Plateaus and holes across the meter's own seams, too.
    for seam in (32_766, 32_767, 32_768, 65_530, 65_536):
        signal[0, seam - 2 : seam + 2] = -1.0
    whole = measured(signal)
    meter = DefectMeter(RATE, 2)
    for block in cut(signal, sizes):
        meter.push(block)
    pieced = meter.finish()
    np.testing.assert_array_equal(pieced.dc_offset, whole.dc_offset)
    assert (pieced.clip_runs, pieced.clipped_samples, pieced.gaps) == (
        whole.clip_runs,
        whole.clipped_samples,
        whole.gaps,
    )
    assert (pieced.head_peak_dbfs, pieced.tail_rms_dbfs) == (whole.head_peak_dbfs, whole.tail_rms_dbfs)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 40_000), max_size=15))
def test_block_size_never_shows_in_what_dither_hides(sizes: list[int]) -> None:
    signal = dithered(0.9 * np.clip(music(RATE, 3) * 2, -1, 1))
    whole = measured(signal, bit_depth=16)
    meter = DefectMeter(RATE, 2, 16)
    for block in cut(signal, sizes):
        meter.push(block)
    pieced = meter.finish()
    assert whole.clipped_runs > 50
    assert (pieced.clip_runs, pieced.clipped_samples, pieced.gaps) == (
        whole.clip_runs,
        whole.clipped_samples,
        whole.gaps,
    )


def test_dithered_runs_across_the_meters_own_seams_are_whole() -> None:
    ramp = np.linspace(0.1, 0.85, 8)
    crest_of_12 = np.concatenate([ramp, np.full(12, 0.9), ramp[::-1]])
    for start in range(65_520, 65_540):
        signal = 0.5 * music(RATE, 2)
        signal[1] = 0.25 * signal[0]
        for first in (10_000, start - 8, 80_000):
            signal[0, first : first + 28] = crest_of_12
        runs = [run for run in measured(dithered(signal), bit_depth=16).clip_runs if run.channel == 0]
        assert [(run.start, run.length) for run in runs] == [(10_008, 12), (start, 12), (80_008, 12)]


def test_runs_across_the_meters_own_seams_are_whole() -> None:
    for start in range(32_763, 32_770):
        signal = music(RATE, 1) * 0.5
        ramp = np.linspace(0.1, 0.95, 8)
        signal[0, start - 8 : start + 14] = np.concatenate([ramp, np.ones(6), ramp[::-1]])
        signal[1] = 0.25 * signal[0]
        runs = [run for run in measured(signal).clip_runs if run.channel == 0]
        assert [(run.start, run.length) for run in runs] == [(start, 6)]
