"""The stems' sum against the mix: a null where it is the mix, and what is missing where it is not."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from support.small_band import mixed, small_band
from uptrack_analysis.measure import probes
from uptrack_analysis.measure.probes import LENGTH_S, SPACING_S, ProbeMeter, Probes
from uptrack_analysis.signal import Block
from uptrack_analysis.stems.results import Alignment, SumCheck
from uptrack_analysis.stems.sum_check import check_sum

RATE_HZ = 44_100
THERE = Alignment(gain_db=0.0, level_db=0.0, by="waveform")


def probed(signal: Block) -> Probes:
    meter = ProbeMeter(RATE_HZ, signal.shape[0])
    meter.push(signal)
    return meter.finish()


@cache
def band() -> dict[str, Block]:
    return small_band(seconds=16.0)


def checked(mix: Block, names: tuple[str, ...], found: Alignment = THERE) -> SumCheck:
    check = check_sum(probed(mix), [probed(band()[name]) for name in names], [found] * len(names))
    assert isinstance(check, SumCheck), check
    return check


def test_the_sum_itself_leaves_nothing() -> None:
    check = checked(mixed(band()), tuple(band()))
    assert check.null_db < -55
    assert check.left_over is None
    assert all(octave.unexplained_db < -40 for octave in check.bands)
    assert all(octave.gain_db == pytest.approx(0.0, abs=0.1) for octave in check.bands)


def test_stems_a_little_longer_than_the_mix_are_not_taken_for_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds more, and a file is looked at half as often."""
    monkeypatch.setattr(probes, "MOST_PROBES", 7)
    longer = [probed(np.pad(samples, ((0, 0), (0, 2 * RATE_HZ)))) for samples in band().values()]
    mix = probed(mixed(band()))
    assert [mix.every, *(stem.every for stem in longer)] == [2] + [4] * len(longer)
    check = check_sum(mix, longer, [THERE] * len(longer))
    assert isinstance(check, SumCheck), check
    assert check.null_db < -55


def test_a_missing_stem_is_left_over_in_its_octaves_and_nowhere_else() -> None:
    check = checked(mixed(band()), ("Kick", "Bass", "Hats"))
    by_octave = {round(math.sqrt(octave.low_hz * octave.high_hz)): octave.unexplained_db for octave in check.bands}
    assert by_octave[500] > -3
    assert by_octave[62] < -40
    assert by_octave[8000] < -30


def test_when_something_is_missing_is_told_by_the_stretches() -> None:
    extra = np.zeros_like(band()["Pad"])
    extra[:, 7 * RATE_HZ : 12 * RATE_HZ] = band()["Pad"][:, 7 * RATE_HZ : 12 * RATE_HZ]
    check = checked(mixed(band() | {"Pad": extra}), ("Kick", "Bass", "Hats"))
    assert check.left_over is not None
    power, left = check.left_over.mix.sum(axis=0), check.left_over.left.sum(axis=0)
    missing = [start_s for start_s, here in zip(check.left_over.starts_s, left > power * 10**-2.5, strict=True) if here]
    within = [number * SPACING_S for number in range(14) if 7 - LENGTH_S / 2 < number * SPACING_S < 12 - LENGTH_S / 2]
    assert missing == pytest.approx(within)


def test_an_equaliser_on_the_master_shows_as_its_gain() -> None:
    mix = mixed(band())
    spectrum = np.fft.rfft(mix, axis=1)
    hz = np.fft.rfftfreq(mix.shape[1], 1 / RATE_HZ)
    spectrum[:, hz > 5600] *= 10 ** (4 / 20)
    check = checked(np.fft.irfft(spectrum, mix.shape[1], axis=1).astype(np.float32), tuple(band()))
    gains = {round(math.sqrt(octave.low_hz * octave.high_hz)): octave.gain_db for octave in check.bands}
    assert gains[8000] - gains[1000] == pytest.approx(4.0, abs=0.3)
    assert check.null_db > -40


def test_a_stem_placed_by_its_level_alone_explains_as_much_power() -> None:
    other = np.roll(band()["Pad"], 12_345, axis=1)  # a free-running oscillator: the same sound, another phase
    stems = [probed(band()[name]) for name in ("Kick", "Bass", "Hats")] + [probed(other)]
    check = check_sum(probed(mixed(band())), stems, [THERE, THERE, THERE, Alignment()])
    assert isinstance(check, SumCheck)
    assert check.null_db > -25
    by_octave = {round(math.sqrt(octave.low_hz * octave.high_hz)): octave.unexplained_db for octave in check.bands}
    assert by_octave[500] < -4
    assert by_octave[1000] < -4


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (Alignment(delay_s=4.0, by="level"), "does not begin with the mix"),
        (Alignment(), "no stem's waveform"),
        (Alignment(gain_db=-math.inf, level_db=-math.inf, by="waveform"), "no stem's waveform"),
    ],
)
def test_why_there_is_no_check_is_said(found: Alignment, reason: str) -> None:
    check = check_sum(probed(mixed(band())), [probed(band()["Kick"])], [found])
    assert isinstance(check, str)
    assert reason in check
