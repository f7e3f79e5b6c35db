"""ffmpeg confirms what is in a mix, by a real run of it, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fault_mixes import RATE_HZ, Sound
from fault_runs import Seen
from fault_witness import Statement, agrees, examine

DRIVE = 1.6


def noise(peak: float) -> Sound:
    sound = np.random.default_rng(3).standard_normal((2, 3 * RATE_HZ)).astype(np.float32)
    return np.asarray(sound * (peak / np.abs(sound).max()), dtype=np.float32)


def said(rule: str, value: float | None = None) -> Seen:
    return Seen(rule, rule, "major", False, 2.0, value, "", 0.9, (), None, None, None, None)


@pytest.fixture(scope="module")
def faulty() -> Statement:
    """Driven into full scale and leaning by a hundredth of it."""
    return examine(np.clip(noise(DRIVE) + np.float32(0.01), -1.0, 1.0 - 2.0**-23))


def test_a_mix_without_fault_is_not_confirmed_to_have_one() -> None:
    heard = examine(noise(0.5))
    assert not agrees(heard, said("int.clip"))
    assert not agrees(heard, said("int.dc", 1.0))
    assert not agrees(heard, said("int.truepeak", 0.5))


def test_clipping_offset_and_true_peak_are_confirmed(faulty: Statement) -> None:
    assert agrees(faulty, said("int.clip"))
    assert agrees(faulty, said("int.dc", 1.0))
    assert agrees(faulty, said("int.truepeak", faulty.true_peak_dbtp + 0.2))
    assert faulty.true_peak_dbtp > 0


def test_another_size_is_another_fault(faulty: Statement) -> None:
    assert not agrees(faulty, said("int.dc", 2.0))
    assert not agrees(faulty, said("int.truepeak", faulty.true_peak_dbtp + 0.5))


def test_clipping_asks_for_flat_tops_at_full_scale(faulty: Statement) -> None:
    assert not agrees(replace(faulty, peak_dbfs=-3.0), said("int.clip"))
    assert not agrees(replace(faulty, flat=False), said("int.clip"))
