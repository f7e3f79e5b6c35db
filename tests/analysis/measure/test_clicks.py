from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import cut, music
from uptrack_analysis.measure import clicks as measured_clicks
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.results import Click
from uptrack_analysis.signal import Block, FloatArray

RATE = 44_100


def clicks(signal: Block | FloatArray, rate_hz: int = RATE) -> tuple[Click, ...]:
    meter = DefectMeter(rate_hz, signal.shape[0])
    meter.push(signal.astype(np.float32))
    return meter.finish().clicks


def seconds_of(seconds: float, rate_hz: int = RATE) -> FloatArray:
    return np.arange(round(seconds * rate_hz)) / rate_hz


def pad(rate_hz: int, seconds: float) -> Block:
    """Sustained chords with a slow beat in them."""
    time_s = seconds_of(seconds, rate_hz)
    chord = sum(np.sin(2 * np.pi * f * time_s + f) for f in (110, 220.7, 277.2, 329.6, 441.3, 880.1))
    return np.stack([0.1 * chord, 0.08 * np.roll(chord, 40)]).astype(np.float32)


def noise_wash(rate_hz: int, seconds: float) -> Block:
    """Pink-like noise as of rain or tape: every sample a surprise, and no click."""
    rng = np.random.default_rng(8)
    white = rng.standard_normal((2, round(seconds * rate_hz) + 64))
    smooth = np.stack([np.convolve(row, np.hanning(9) / 4.5, "same") for row in white])
    return (0.05 * smooth[:, :-64]).astype(np.float32)


def arpeggio(rate_hz: int, seconds: float) -> Block:
    """Plucked sines on a grid, each faded in and out."""
    time_s = seconds_of(seconds, rate_hz)
    step = time_s % 0.12
    pitch = 220 * 2 ** (np.array([0, 4, 7, 11])[(time_s / 0.12).astype(int) % 4] / 12)
    wave = np.sin(2 * np.pi * pitch * step) * np.exp(-step * 12) * np.clip(step / 0.004, 0, 1)
    wave *= np.clip((0.12 - step) / 0.004, 0, 1)
    return np.stack([0.4 * wave, 0.3 * wave]).astype(np.float32)


KINDS: dict[str, Callable[[int, float], Block]] = {
    "groove": music,
    "pad": pad,
    "noise": noise_wash,
    "arpeggio": arpeggio,
}


@pytest.mark.parametrize("kind", KINDS)
def test_music_without_a_click_has_none(kind: str) -> None:
    assert clicks(KINDS[kind](RATE, 6)) == ()


@pytest.mark.parametrize("amplitude", [0.5, 0.15])
@pytest.mark.parametrize(("kind", "at_least"), [("groove", 8), ("pad", 20), ("noise", 17), ("arpeggio", 19)])
def test_a_wrong_sample_is_found_at_its_place_with_its_size(kind: str, at_least: int, amplitude: float) -> None:
    # The groove's hats are noise on every sixteenth, under which half of the clicks lie; in the arpeggio one lies where
    # a note begins.
    signal = KINDS[kind](RATE, 10)
    frames = np.arange(20) * 20_011 + np.random.default_rng(1).integers(9_000, 19_000, 20)
    signal[:, frames] += np.float32(amplitude)
    found = clicks(signal)
    assert {click.frame for click in found} <= set(frames.tolist())
    assert len(found) >= at_least
    for click in found:
        assert click.channels == (0, 1)
        assert click.level_dbfs == pytest.approx(20 * np.log10(amplitude), abs=2.5)  # what music adds to it there


@pytest.mark.parametrize("kind", ["pad", "arpeggio"])
def test_a_faint_wrong_sample_is_found_where_the_music_is_dark(kind: str) -> None:
    signal = KINDS[kind](RATE, 6)
    signal[1, 123_456] -= 0.05
    assert [(click.frame, click.channels) for click in clicks(signal)] == [(123_456, (1,))]


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_found_at_any_rate_and_in_any_number_of_channels(rate_hz: int, channels: int) -> None:
    signal = np.tile(pad(rate_hz, 3)[:1], (channels, 1))
    frame = rate_hz + 4_321
    signal[-1, frame] += 0.3
    assert [(click.frame, click.channels) for click in clicks(signal, rate_hz)] == [(frame, (channels - 1,))]


@pytest.mark.parametrize("milliseconds", [0.2, 0.7, 1.5])
def test_a_burst_of_up_to_two_milliseconds_is_one_click(milliseconds: float) -> None:
    signal = pad(RATE, 4)
    burst = np.random.default_rng(2).uniform(-0.4, 0.4, round(milliseconds * RATE / 1000)).astype(np.float32)
    burst[0] = 0.4
    signal[:, 80_000 : 80_000 + burst.size] += burst
    assert [click.frame for click in clicks(signal)] == [80_000]


def test_an_edit_without_a_fade_is_a_click_at_the_cut() -> None:
    signal = pad(RATE, 5)
    edited = np.concatenate([signal[:, :70_000], signal[:, 90_050:]], axis=1)
    assert [click.frame for click in clicks(edited)] == [70_000]


def test_a_click_with_others_like_it_near_by_is_less_rare_than_one_alone() -> None:
    signal = pad(RATE, 8)
    alone = np.concatenate([signal[:, :70_000], signal[:, 90_050:]], axis=1)
    # The same cut once more, two seconds on, in what fades in after a fade.
    ramp = np.linspace(0.0, 1.0, 20_000)
    first, second = alone[:, :100_000].copy(), alone[:, 5_000:].copy()
    first[:, -ramp.size :] *= ramp[::-1]
    second[:, : ramp.size] *= ramp
    again = np.concatenate([first, second], axis=1)
    (one,) = clicks(alone)
    (same,) = [click for click in clicks(again) if click.frame == one.frame]
    assert one.rarity == 1.0
    assert same.rarity < 0.7


def wave(shape: str, frequency_hz: float) -> FloatArray:
    phase = (seconds_of(4) * frequency_hz) % 1
    return {
        "saw": 2 * phase - 1,
        "square": np.where(phase < 0.5, 1.0, -1.0),
        "pulse": np.where(phase < 0.07, 1.0, 0.0),
        "impulse": (np.diff(phase, prepend=0) < 0).astype(float),
    }[shape]


@pytest.mark.parametrize("frequency_hz", [35.0, 55.0, 110.0, 441.0, 1234.5])
@pytest.mark.parametrize("shape", ["saw", "square", "pulse", "impulse"])
def test_waves_that_are_steep_by_nature_are_no_clicks(shape: str, frequency_hz: float) -> None:
    assert clicks(0.4 * wave(shape, frequency_hz)[np.newaxis]) == ()


@pytest.mark.parametrize("notes_s", [0.125, 0.25, 0.48])
@pytest.mark.parametrize("shape", ["saw", "square"])
def test_notes_switched_hard_are_no_clicks(shape: str, notes_s: float) -> None:
    number = (seconds_of(4) / notes_s).astype(int)
    tones = np.stack([wave(shape, f) for f in (110.0, 130.8, 164.8, 98.0)])
    played = tones[number % 4, np.arange(number.size)] * (number % 3 != 2)
    assert clicks(0.4 * played[np.newaxis]) == ()


def test_a_bit_crushed_and_held_signal_has_no_clicks() -> None:
    held = np.repeat(np.round(music(RATE, 4)[:, ::6] * 16) / 16, 6, axis=1)
    assert clicks(held) == ()


def test_hats_and_rim_shots_are_no_clicks() -> None:
    rng = np.random.default_rng(3)
    signal = 0.3 * pad(RATE, 6).astype(np.float64)
    for beat in range(1, 11):
        start = round(beat * 0.5 * RATE)
        time_s = seconds_of(0.1)
        shot = np.sin(2 * np.pi * 1_700 * time_s) * np.exp(-time_s * 90) + rng.standard_normal(time_s.size) * np.exp(
            -time_s * 150
        )
        signal[:, start : start + time_s.size] += 0.5 * shot
    assert clicks(signal) == ()


def test_a_hard_gate_and_a_pumping_side_chain_are_no_clicks() -> None:
    time_s = seconds_of(6)
    gated = pad(RATE, 6) * (time_s % 0.25 < 0.14)
    pumped = pad(RATE, 6) * np.clip((time_s % 0.5) / 0.2, 0.1, 1)
    assert clicks(gated) == ()
    assert clicks(pumped) == ()


def test_a_metronome_of_single_samples_is_played_and_no_fault() -> None:
    signal = pad(RATE, 8)
    signal[:, RATE // 2 :: RATE // 2] += 0.4
    assert clicks(signal) == ()


def test_a_short_run_of_impulses_is_a_wave_however_few() -> None:
    signal = pad(RATE, 5)
    signal[:, 90_000 + 1_100 * np.arange(6)] += 0.3
    assert clicks(signal) == ()


def test_a_voice_that_stops_dead_once_is_arrangement() -> None:
    signal = pad(RATE, 5)
    signal[:, 100_003:] *= 0.4
    assert clicks(signal) == ()


def test_edges_by_the_dozen_are_how_the_track_sounds_and_one_is_a_fault() -> None:
    signal = pad(RATE, 40)
    cuts = np.cumsum(np.random.default_rng(5).integers(9_000, 40_000, 12))
    many, kept = signal.copy(), 30 * RATE
    for place in (*cuts.tolist(), kept):
        many[:, place:-700] = many[:, place + 700 :].copy()
    assert [click.frame for click in clicks(many)] == [kept]


def test_a_burst_far_over_such_edges_is_a_fault_among_them() -> None:
    signal = pad(RATE, 20)
    for place in np.cumsum(np.random.default_rng(5).integers(9_000, 40_000, 12)).tolist():
        signal[:, place:-700] = signal[:, place + 700 :].copy()
    assert clicks(signal) == ()
    signal[:, 200_000:200_040] += np.random.default_rng(2).uniform(-0.6, 0.6, 40).astype(np.float32)
    assert [click.frame for click in clicks(signal)] == [pytest.approx(200_000, abs=2)]


def crackle(size: float, seed: int, per_s: int = 20) -> Block:
    """Bursts of a third of a millisecond in both channels of a pad, 20 a second, off every grid."""
    signal, rng = pad(RATE, 8), np.random.default_rng(seed)
    for frame in np.sort(rng.choice(np.arange(3_000, 8 * RATE - 3_000), 8 * per_s, replace=False)):
        signal[:, frame : frame + 15] += (size * rng.uniform(0.7, 1.0) * rng.uniform(-1, 1, 15)).astype(np.float32)
    return signal


def test_a_burst_far_over_a_crackle_is_a_click_and_the_crackle_a_texture() -> None:
    signal = crackle(0.02, 1)
    assert clicks(signal) == ()
    burst = np.random.default_rng(2).uniform(-0.5, 0.5, 44).astype(np.float32)
    signal[:, 200_000:200_044] += burst
    assert [abs(click.frame - 200_000) < 44 for click in clicks(signal)] == [True]


def test_wrong_samples_as_strong_as_a_crackle_belong_to_it() -> None:
    signal, rng = crackle(0.05, 3, per_s=8), np.random.default_rng(4)
    assert clicks(signal) == ()
    signal[:, rng.choice(np.arange(3_000, 8 * RATE - 3_000), 6, replace=False)] += np.float32(0.04)
    assert clicks(signal) == ()
    signal[:, 200_000] += np.float32(0.9)
    assert [click.frame for click in clicks(signal)] == [200_000]


@pytest.mark.parametrize("later_s", [0.0, 0.9, 1.8, 2.7, 3.6, 4.5, 5.4, 6.3, 7.2])
def test_edges_more_than_four_seconds_away_excuse_nothing_wherever_a_stretch_begins(later_s: float) -> None:
    """At 8 kHz a stretch is eight seconds long."""
    time_s = seconds_of(24, 8_000)
    signal = np.stack([0.1 * np.sin(2 * np.pi * 90 * time_s)] * 2)
    for at_s, size in ((6.0, 0.03), (10.6, 0.012), (11.0, -0.012), (11.7, 0.012), (12.1, -0.012)):
        signal[1, round((at_s + later_s) * 8_000) :] += size
    assert [click.frame for click in clicks(signal, 8_000)] == [round((6.0 + later_s) * 8_000)]


@pytest.mark.parametrize("gain_db", [0.0, -6.0, -12.0, -13.0, -14.0])
def test_a_quieter_copy_of_edges_by_the_dozen_has_no_click_either(gain_db: float) -> None:
    """One edge is 3 dB stronger, and the last to fall under the size from which a step is looked at."""
    rng = np.random.default_rng(5)
    level = np.zeros(8 * RATE)
    for number, frame in enumerate(np.sort(rng.choice(np.arange(9_000, 8 * RATE - 9_000), 24, replace=False))):
        level[frame:] += (0.028 if number == 12 else 0.02) * (-1) ** number
    assert clicks(10 ** (gain_db / 20) * (pad(RATE, 8) + level[np.newaxis])) == ()


def test_a_step_whose_equals_are_too_faint_to_be_looked_at_is_no_click() -> None:
    """In the channel that the screening hears least: the others are a fifth as high."""
    signal, frames = pad(RATE, 8), np.arange(9_000, 8 * RATE - 9_000, 17_777)
    for number, frame in enumerate(frames):
        signal[1, frame:] += np.float32((0.0055 if number == 9 else 0.0012) * (-1) ** number)
    assert clicks(signal) == ()
    signal[1, frames[9] :] -= np.float32(0.02)
    assert [click.frame for click in clicks(signal)] == [frames[9]]


def ringing_steps(frames: list[int], height: float = 0.2) -> Block:
    """Steps of a held voice that an equaliser makes ring: what a wave is off by is back half-way after one sample."""
    signal = pad(RATE, 12)
    ring = height * np.array([-1.0, -0.4, -0.55, -0.5])
    for frame in frames:
        signal[:, frame : frame + 4] += ring.astype(np.float32)
        signal[:, frame + 4 :] -= np.float32(height / 2)
        signal[:, frame + 2_000 :] += np.linspace(0, height / 2, signal.shape[1] - frame - 2_000, dtype=np.float32)
    return signal


def test_steps_that_ring_are_steps_and_no_wrong_samples() -> None:
    frames = np.cumsum(np.random.default_rng(9).integers(15_000, 60_000, 11)).tolist()
    assert clicks(ringing_steps(frames)) == ()
    one = ringing_steps([])
    one[:, frames[3]] += np.float32(0.2)
    assert [click.frame for click in clicks(one)] == [frames[3]]


def test_the_overshoot_a_stroke_begins_with_is_no_wrong_sample_though_the_stroke_is_bright() -> None:
    """The wave is somewhere else after it: a drum's first samples, as they come out of a sampler that rings."""
    signal, rng = pad(RATE, 4), np.random.default_rng(5)
    signal += 0.001 * rng.standard_normal((signal.shape[1],)).astype(np.float32)
    stroke = 0.3 * np.concatenate([[0.09, 0.09, 1.12, 0.68, 1.07, 1.06, 1.08], np.ones(700)])
    stroke[7:] += 0.012 * rng.standard_normal(700)
    stroke *= np.concatenate([np.ones(60), np.linspace(1, 0, stroke.size - 60)])
    signal[:, 80_000 : 80_000 + stroke.size] += stroke.astype(np.float32)
    assert clicks(signal) == ()


def test_an_edge_whose_equals_have_echoes_that_hide_them_is_one_of_many() -> None:
    """What stands too little out beside its own echo to be a click is an edge all the same."""
    signal = pad(RATE, 12)
    frames = np.cumsum(np.random.default_rng(7).integers(20_000, 60_000, 11)).tolist()
    for number, frame in enumerate(frames):
        sign = (-1) ** number
        signal[:, frame:] += np.float32(0.06 * sign)
        if number != 5:
            signal[:, frame + 300 :] -= np.float32(0.02 * sign)
    assert clicks(signal) == ()
    alone = pad(RATE, 12)
    alone[:, frames[5] :] += np.float32(0.06)
    assert [click.frame for click in clicks(alone)] == [frames[5]]


def test_a_wrong_sample_is_found_where_hats_play_in_the_other_channel() -> None:
    signal = pad(RATE, 6)
    signal[1] += 0.02 * np.random.default_rng(3).standard_normal((signal.shape[1],)).astype(np.float32)
    assert clicks(signal) == ()
    signal[0, 123_456] += np.float32(0.22)
    assert [(click.frame, click.channels) for click in clicks(signal)] == [(123_456, (0,))]


def test_a_wrong_sample_far_over_a_dense_crackle_is_a_click() -> None:
    signal = crackle(0.05, 3)
    assert clicks(signal) == ()
    signal[:, 200_000] += np.float32(0.35)
    assert [click.frame for click in clicks(signal)] == [200_000]


@pytest.mark.parametrize(("share", "are_played"), [(0.9, True), (0.6, False)])
def test_equals_that_come_again_are_played_though_they_keep_time_less_well(share: float, are_played: bool) -> None:
    """A drum that is cut by its next stroke jumps where its wave then is steep; what is only similar keeps time."""
    at, step, late = 10 * RATE + 77, round(1.3636 * RATE), round(0.0025 * RATE)
    signal = pad(RATE, 20)
    for frame, height in ((at, 0.03), (at + step, -0.03 * share), (at + 3 * step + late, 0.03 * share)):
        signal[:, frame:] += np.float32(height)
    assert (at not in {click.frame for click in clicks(signal)}) == are_played


@pytest.mark.parametrize("share", [0.55, 1.8])
def test_a_pop_on_a_bass_that_sways_meanwhile_is_a_click(share: float) -> None:
    """The level of a wave of 40 Hz in 12 ms depends on where it just is; its brightness does not."""
    time_s, at = seconds_of(4), 80_000
    sway = np.where(np.arange(time_s.size) < at, 1.0, share)
    sway = np.convolve(sway, np.hanning(1_201) / np.hanning(1_201).sum(), "same")
    signal = np.stack([0.3 * sway * np.sin(2 * np.pi * 60 * time_s)] * 2)
    signal += 0.002 * np.sin(2 * np.pi * 5_000 * time_s)
    assert clicks(signal) == ()
    signal[:, at : at + 44] += 0.3 * np.exp(-np.arange(44) / 9) * np.cos(np.arange(44) * 0.43)
    assert [click.frame for click in clicks(signal)] == [pytest.approx(at, abs=2)]


@pytest.mark.parametrize(
    ("frequency_hz", "amplitude", "size"), [(2_000, 0.3, 0.05), (3_000, 0.2, 0.05), (6_000, 0.1, 0.1)]
)
def test_wrong_samples_on_a_bright_tone_are_clicks_however_the_tone_moves(
    frequency_hz: float, amplitude: float, size: float
) -> None:
    time_s = seconds_of(12)
    signal = np.stack([amplitude * np.sin(2 * np.pi * frequency_hz * time_s)] * 2)
    frames = np.cumsum(np.random.default_rng(6).integers(30_000, 60_000, 8))
    signal[:, frames] += size
    assert [click.frame for click in clicks(signal)] == frames.tolist()


@pytest.mark.parametrize("after", [0.03, 0.06])
def test_the_first_sample_of_a_hit_that_is_ducked_at_once_is_no_wrong_one(after: float) -> None:
    """What follows a wrong sample is no brighter than what was before it; a hit in a dark passage goes on."""
    signal = pad(RATE, 2)
    hit = np.random.default_rng(12).uniform(-after, after, round(0.08 * RATE))
    hit[0] = 0.6
    signal[:, 50_000 : 50_000 + hit.size] += hit.astype(np.float32)
    assert clicks(signal) == ()


@pytest.mark.parametrize("steps", [(-1, 1), (1, 2), (-1, -2), (1, 3)])
def test_an_edge_with_two_of_its_like_in_whole_steps_from_it_is_played(steps: tuple[int, int]) -> None:
    """Wherever in the song, and however few: a chance neighbour does not make a click one of them."""
    at, step = 10 * RATE + 77, round(1.3636 * RATE)

    def edges(frames: list[int]) -> Block:
        signal = pad(RATE, 20)
        for number, frame in enumerate(sorted(frames)):
            signal[:, frame:] += np.float32(0.03 * (-1) ** number)
        return signal

    assert clicks(edges([at, *(at + step * number for number in steps)])) == ()
    off = round(0.01 * RATE)
    odd = [at, at + step * steps[0] + off, at + step * steps[1] + off]
    assert {click.frame for click in clicks(edges(odd))} == set(odd)


def test_a_pop_that_begins_with_a_step_is_a_click_where_hats_begin_after_it() -> None:
    signal = pad(RATE, 4)
    signal[:, 80_200:] += 0.003 * np.random.default_rng(4).standard_normal((2, signal.shape[1] - 80_200))
    assert clicks(signal) == ()
    time_s = np.arange(44) / RATE
    pop = 0.4 * np.exp(-time_s / 0.0002) * np.cos(2 * np.pi * 3_000 * time_s)
    signal[:, 80_000:80_044] += pop.astype(np.float32)
    assert [abs(click.frame - 80_000) <= 2 for click in clicks(signal)] == [True]


@pytest.mark.parametrize("swell", [1, -1])
def test_a_burst_where_hats_begin_or_end_is_a_click_if_it_towers_over_them(swell: int) -> None:
    signal = pad(RATE, 4)
    hiss = 0.002 * np.random.default_rng(4).standard_normal((2, signal.shape[1])).astype(np.float32)
    hiss[:, :80_030] = 0
    signal += hiss[:, ::swell] if swell > 0 else np.roll(hiss[:, ::-1], 2 * 80_030 - signal.shape[1], axis=1)
    clean = clicks(signal)
    signal[:, 80_000:80_060] += np.random.default_rng(2).uniform(-0.4, 0.4, 60).astype(np.float32)
    assert clean == ()
    assert [click.frame for click in clicks(signal)] == [pytest.approx(80_000, abs=3)]


def test_flat_tops_of_a_single_over_are_clipping_and_no_click() -> None:
    time_s = seconds_of(4)
    signal = 0.4 * np.sin(2 * np.pi * 400 * time_s)
    signal[80_000:80_110] *= 1 + np.hanning(110)
    assert clicks(np.clip(signal, -0.5, 0.5)[np.newaxis]) == ()


def test_every_click_counts_but_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = pad(RATE, 20)
    signal[:, np.random.default_rng(3).integers(10_000, 870_000, 9)] += np.float32(0.5)
    every = clicks(signal)
    assert len(every) == 9
    monkeypatch.setattr(measured_clicks, "MAX_CLICKS", 4)
    meter = DefectMeter(RATE, 2)
    meter.push(signal)
    found = meter.finish()
    assert (found.clicks, found.more_clicks) == (every[:4], 5)


def test_the_edges_of_a_hole_and_of_the_file_are_not_counted_again() -> None:
    signal = pad(RATE, 4)
    signal[:, 80_000:80_600] = 0
    assert clicks(signal) == ()


@pytest.mark.parametrize("frames", [1, 2, 5, 100, 2_000])
def test_the_shortest_files_have_none(frames: int) -> None:
    assert clicks(np.full((2, frames), 0.5)) == ()


@settings(max_examples=15)
@given(st.lists(st.integers(1, 70_000), max_size=12), st.integers(0, 100))
def test_block_size_never_shows_in_the_result(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    signal = music(RATE, 4)
    signal[0, rng.integers(5_000, 170_000, 6)] += 0.5
    # Across the meter's own seams, too.
    signal[:, [65_535, 131_072]] -= 0.6
    meter = DefectMeter(RATE, 2)
    for block in cut(signal, sizes):
        meter.push(block)
    assert meter.finish().clicks == clicks(signal)
