"""The waveform's outline: what a look at the whole file would give, in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import cut, music, tone
from uptrack_analysis.measure import envelope
from uptrack_analysis.measure.envelope import POINTS, STEP_FRAMES, EnvelopeMeter
from uptrack_analysis.measure.results import Waveform
from uptrack_analysis.signal import Block


def outline(signal: Block, rate_hz: int = 44_100) -> Waveform:
    meter = EnvelopeMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    return meter.finish()


def whole_file(signal: Block, step: int) -> tuple[list[float], list[float], list[float]]:
    """The same from all samples at once, for points whose edges lie on multiples of ``step``."""
    steps = -(-signal.shape[1] // step)
    points = min(POINTS, steps)
    edges = [min(point * steps // points * step, signal.shape[1]) for point in range(points + 1)]
    parts = [signal[:, edges[point] : edges[point + 1]].astype(float) for point in range(points)]
    return (
        [float(part.min()) for part in parts],
        [float(part.max()) for part in parts],
        [float(np.sqrt(np.mean(part**2))) for part in parts],
    )


@pytest.mark.parametrize(
    ("seconds", "channels", "step"),
    [(3.0, 2, STEP_FRAMES), (21.01, 1, STEP_FRAMES), (100.003, 2, 2 * STEP_FRAMES), (199.99, 1, 4 * STEP_FRAMES)],
)
def test_points_are_those_of_the_whole_file(seconds: float, channels: int, step: int) -> None:
    rng = np.random.default_rng(1)
    signal = (0.1 * rng.standard_normal((channels, round(seconds * 44_100)))).astype(np.float32)
    found = outline(signal)
    low, high, rms = whole_file(signal, step)
    np.testing.assert_array_equal(found.low, low)
    np.testing.assert_array_equal(found.high, high)
    np.testing.assert_allclose(found.rms, rms, rtol=1e-5)  # single precision over the 128 samples of a step


def test_the_last_point_ends_with_the_file_and_not_with_the_silence_after_it() -> None:
    found = outline(np.full((2, 10 * STEP_FRAMES + 1), 0.5, dtype=np.float32))
    np.testing.assert_array_equal(found.low, np.full(11, 0.5))
    np.testing.assert_allclose(found.rms, np.full(11, 0.5), rtol=1e-6)


def test_a_tone_reads_its_peak_and_its_rms() -> None:
    found = outline(tone(48_000, 30, -6.0206))
    assert found.low.size == POINTS
    assert found.high.max() == pytest.approx(0.5, abs=1e-4)
    assert found.low.min() == pytest.approx(-0.5, abs=1e-4)
    assert np.median(found.rms) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_a_longer_file_needs_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "_MOST_STEPS", 4_000)
    meter = EnvelopeMeter(44_100, 1)
    block = np.ones((1, 512 * STEP_FRAMES), dtype=np.float32)
    for _ in range(80):
        meter.push(block)
    held = [value for value in vars(meter).values() if isinstance(value, np.ndarray)]
    assert sum(value.size for value in held) <= 3 * (4_000 + 32)
    assert meter.finish().high.size == POINTS


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 90_000), max_size=12), st.integers(1, 2))
def test_block_size_never_shows_in_the_result(sizes: list[int], channels: int) -> None:
    signal = music(22_050, 10, channels=channels)
    whole = outline(signal, 22_050)
    meter = EnvelopeMeter(22_050, channels)
    for block in cut(signal, sizes):
        meter.push(block)
    pieced = meter.finish()
    for name in ("low", "high", "rms"):
        np.testing.assert_array_equal(getattr(pieced, name), getattr(whole, name))


@pytest.mark.parametrize("frames", [0, 1, 127, 128])
def test_very_short_files_have_a_point_a_step(frames: int) -> None:
    found = outline(np.full((1, frames), -0.25, dtype=np.float32))
    assert found.low.tolist() == found.high.tolist() == [-0.25] * min(1, frames)


def test_only_the_front_pair_is_drawn() -> None:
    signal = np.zeros((6, 1_000), dtype=np.float32)
    signal[3] = 1.0
    assert outline(signal).high.max() == 0.0
