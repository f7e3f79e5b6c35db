from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.noises import pink, shaped_noise
from support.signals import amplitude, cut, music, tone
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.false_stereo import match_channels
from uptrack_analysis.measure.results import ChannelMatch
from uptrack_analysis.measure.stereo_curve import MOST_EXCERPTS, StereoCurveMeter
from uptrack_analysis.signal import Block, FloatArray

RATE_HZ = 44_100
MONO: FloatArray = music(RATE_HZ, 6, channels=1)[0].astype(np.float64)
STEREO = music(RATE_HZ, 6).astype(np.float64)


def matched(*rows: FloatArray, rate_hz: int = RATE_HZ) -> ChannelMatch:
    signal = np.stack(rows).astype(np.float32)
    meter = StereoCurveMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    return match_channels(meter.finish(), meter.excerpts, rate_hz)


def later(row: FloatArray, frames: int) -> FloatArray:
    return np.concatenate([np.zeros(frames), row[: row.size - frames]])


def test_the_same_signal_twice_is_identical_and_leaves_nothing() -> None:
    assert matched(MONO, MONO) == ChannelMatch("identical", -120.0, 0.0, None, inverted=False)


@pytest.mark.parametrize("gain_db", [-6.0, 0.5, 3.0])
def test_the_same_signal_at_another_gain_is_no_stereo_either(gain_db: float) -> None:
    found = matched(MONO, MONO * amplitude(gain_db))
    assert found.kind == "gain"
    assert found.gain_db == pytest.approx(gain_db, abs=0.001)
    assert found.difference_db < -100


def test_dither_does_not_make_stereo() -> None:
    rng = np.random.default_rng(1)
    left, right = (np.round(MONO * 32_768 + rng.uniform(-1, 1, MONO.size)) / 32_768 for _ in range(2))
    assert matched(left, right).kind == "identical"


@pytest.mark.parametrize(("side_db", "kind"), [(-70, "identical"), (-50, "stereo")])
def test_the_largest_difference_decides(side_db: float, kind: str) -> None:
    """A side signal in one second only, at a known level under the mid's loudest."""
    side = np.zeros(MONO.size)
    side[2 * RATE_HZ : 3 * RATE_HZ] = MONO[RATE_HZ : 2 * RATE_HZ][::-1] * amplitude(side_db)
    found = matched(MONO + side, MONO - side)
    assert found.kind == kind
    assert found.difference_db == pytest.approx(side_db + 6.02, abs=3)  # two times the side


@settings(max_examples=12)
@given(delay_ms=st.floats(0.2, 35), side=st.sampled_from([1.0, -1.0]))
def test_a_delayed_copy_is_haas_stereo_with_its_delay(delay_ms: float, side: float) -> None:
    frames = round(delay_ms / 1000 * RATE_HZ)
    rows = (MONO, later(MONO, frames)) if side > 0 else (later(MONO, frames), MONO)
    found = matched(*rows)
    assert found.kind == "delay"
    assert found.delay_ms == pytest.approx(side * 1000 * frames / RATE_HZ, abs=0.012)
    assert found.inverted is False


def test_a_real_stereo_mix_is_stereo_in_phase() -> None:
    found = matched(*STEREO)
    assert (found.kind, found.delay_ms, found.inverted) == ("stereo", None, False)


def test_a_mix_of_mid_and_side_has_the_difference_of_its_side() -> None:
    mid, side = shaped_noise(RATE_HZ, 6, pink, rms=0.1).astype(np.float64)
    side *= amplitude(-20)
    found = matched(mid + side, mid - side)
    assert found.kind == "stereo"
    # Right less the left that fits it best: two times the side, less what the fit takes; the loudest of 60 steps.
    assert found.difference_db == pytest.approx(-14, abs=1.5)


@pytest.mark.parametrize("delay", [0, 1, 30, 400])
def test_a_turned_channel_is_found_at_any_delay(delay: int) -> None:
    assert matched(MONO, -later(MONO, delay)).inverted is True
    assert matched(MONO, later(MONO, delay)).inverted is False


def test_one_channel_of_a_stereo_mix_turned_over_is_found() -> None:
    mid, side = shaped_noise(RATE_HZ, 6, pink).astype(np.float64)
    assert matched(mid + 0.5 * side, -(mid - 0.5 * side)).inverted is True
    assert matched(mid + 0.5 * side, mid - 0.5 * side).inverted is False


def test_highs_alone_turned_over_are_not_a_turned_channel() -> None:
    spectrum = np.fft.rfft(MONO)
    spectrum[np.fft.rfftfreq(MONO.size, 1 / RATE_HZ) > 500] *= -1
    assert matched(MONO, np.fft.irfft(spectrum, MONO.size)).inverted is False


def test_unrelated_channels_have_no_polarity() -> None:
    found = matched(*shaped_noise(RATE_HZ, 6, pink).astype(np.float64))
    assert (found.kind, found.inverted) == ("stereo", None)


def test_a_sine_turned_over_is_turned_over_and_not_delayed() -> None:
    row = tone(RATE_HZ, 3, -10)[0].astype(np.float64)
    assert matched(row, -row).inverted is True
    assert matched(row, -row).kind == "identical"


@pytest.mark.parametrize("rate_hz", [8_000, 192_000])
def test_every_rate_has_an_answer(rate_hz: int) -> None:
    row = shaped_noise(rate_hz, 2, pink, channels=1)[0].astype(np.float64)
    found = matched(row, later(row, rate_hz // 100), rate_hz=rate_hz)
    assert found.kind == "delay"
    assert found.delay_ms == pytest.approx(10, abs=0.1)


def test_only_what_overlaps_is_compared() -> None:
    """One burst that dies away within the only step: late by 20 ms, a third of its energy lies past the end."""
    time_s = np.arange(4_410) / RATE_HZ
    burst = shaped_noise(RATE_HZ, 0.1, np.ones_like, channels=1)[0] * np.exp(-10 * time_s)
    found = matched(burst, later(burst, 882))
    assert found.kind == "delay"
    assert found.delay_ms == pytest.approx(20, abs=0.1)


def test_unrelated_sounds_that_cross_over_are_alike_at_no_lag() -> None:
    """Left dies away while right swells: at long lags the weak ends meet, which must not count as strong ones."""
    time_s = np.arange(4_410) / RATE_HZ
    left, right = shaped_noise(RATE_HZ, 0.1, np.ones_like).astype(np.float64)
    found = matched(left * np.exp(-80 * time_s), right * np.exp(-80 * time_s[::-1]))
    assert (found.kind, found.inverted) == ("stereo", None)


def test_a_tenth_of_a_second_is_enough_and_less_says_nothing() -> None:
    row = MONO[5_000:9_410]
    assert matched(row, row).kind == "identical"
    for frames in (1, 2, 441, 4_409):
        with pytest.raises(NothingToMeasure, match="at least"):
            matched(row[:frames], row[:frames])


def test_silence_and_a_dead_channel_have_none() -> None:
    for rows in ((MONO * 0, MONO * 0), (MONO, MONO * 0), (MONO * 0, MONO)):
        with pytest.raises(NothingToMeasure, match="silent"):
            matched(*rows)
    with pytest.raises(NothingToMeasure, match="mono"):
        matched(MONO)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 30_000), max_size=12))
def test_block_size_never_changes_what_is_kept(sizes: list[int]) -> None:
    def excerpts(blocks: list[Block]) -> list[Block]:
        meter = StereoCurveMeter(8_000, 2)
        for block in blocks:
            meter.push(block)
        meter.finish()
        return meter.excerpts

    signal = music(8_000, 9)
    whole, parts = excerpts([signal]), excerpts(list(cut(signal, sizes)))
    assert len(whole) == len(parts) <= MOST_EXCERPTS
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)


def test_excerpts_are_spread_over_the_file_however_long_it_is() -> None:
    meter = StereoCurveMeter(8_000, 2)
    ramp = np.tile(np.linspace(0, 1, 200 * 800, dtype=np.float32), (2, 1))
    meter.push(ramp)
    meter.finish()
    starts = np.array([excerpt[0, 0] for excerpt in meter.excerpts])
    assert MOST_EXCERPTS / 2 <= starts.size <= MOST_EXCERPTS
    assert np.ptp(np.diff(starts)) < 1e-6
    assert starts[-1] > 0.9
