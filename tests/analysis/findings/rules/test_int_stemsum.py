"""``int.stemsum``: the stems against the mix they are said to be."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from support.mixes import clean
from support.noises import pink, shaped_noise
from support.small_band import mixed, small_band
from support.stem_cases import RATE_HZ, ask_stems
from support.verdicts import why_unmeasured
from uptrack_analysis.measure import probes
from uptrack_analysis.measure.probes import SPACING_S
from uptrack_analysis.report import Finding
from uptrack_analysis.signal import Block

RULE = "int.stemsum"


@cache
def band() -> dict[str, Block]:
    return small_band(seconds=20.0)


def found(mix: Block, stems: dict[str, Block] | None = None) -> tuple[Finding, ...]:
    return ask_stems(RULE, band() if stems is None else stems, mix)


def test_stems_that_are_the_mix_raise_nothing() -> None:
    assert found(mixed(band())) == ()


@pytest.mark.parametrize("name", ["Kick", "Bass", "Hats", "Pad"])
def test_a_stem_that_was_muted_is_named(name: str) -> None:
    (finding,) = found(mixed({other: samples for other, samples in band().items() if other != name}))
    assert (finding.stem, finding.title) == (name, f"{name} is not in the mix")
    assert finding.severity in {"moderate", "major"}


def test_a_stem_next_to_nothing_that_was_muted_is_no_matter() -> None:
    stems = band() | {"Hats": band()["Hats"] * np.float32(0.02)}
    assert all(finding.severity == "info" for finding in found(mixed(band() | {"Hats": 0 * band()["Hats"]}), stems))


@pytest.mark.parametrize(("frames", "severity"), [(60, "minor"), (265, "major")])
def test_a_stem_that_is_late_is_named_with_its_delay(frames: int, severity: str) -> None:
    (finding,) = found(mixed(band() | {"Hats": np.roll(band()["Hats"], frames, axis=1)}))
    assert finding.stem == "Hats"
    assert finding.value == pytest.approx(1000 * frames / RATE_HZ, abs=0.01)
    assert finding.severity == severity
    assert "later in the mix" in finding.advice


def test_a_stem_upside_down_is_named() -> None:
    (finding,) = found(mixed(band() | {"Kick": -band()["Kick"]}))
    assert (finding.stem, finding.severity) == ("Kick", "moderate")
    assert "polarity" in finding.advice


def test_a_stem_at_another_fader_is_told_and_one_decibel_is_not() -> None:
    (finding,) = found(mixed(band() | {"Pad": band()["Pad"] * np.float32(10 ** (5 / 20))}))
    assert finding.stem == "Pad"
    assert finding.value == pytest.approx(5.0, abs=0.1)
    assert finding.severity == "minor"
    assert found(mixed(band() | {"Pad": band()["Pad"] * np.float32(10 ** (1 / 20))})) == ()


def test_a_fader_on_the_master_is_no_matter() -> None:
    assert found(mixed(band()) * np.float32(0.4)) == ()


def mastered(mix: Block) -> Block:
    """Highs up, low end down, a gain that breathes with the kick and rides up and down by 8 dB in 3 s, and a curve."""
    spectrum = np.fft.rfft(mix, axis=1)
    hz = np.fft.rfftfreq(mix.shape[1], 1 / RATE_HZ)
    bright = np.fft.irfft(spectrum * 10 ** (3 * np.tanh(np.log2(np.maximum(hz, 1) / 1000) / 2) / 20), mix.shape[1])
    level = np.convolve(np.abs(bright).max(axis=0), np.ones(4410) / 4410, mode="same")
    ride = 10 ** (0.4 * np.sin(2 * np.pi * np.arange(mix.shape[1]) / (3 * RATE_HZ)))
    gain = ride / (1 + (level / level.mean()) ** 2) ** 0.25
    return np.asarray(np.tanh(3 * gain * bright), dtype=np.float32)


def test_a_master_that_equalises_compresses_and_saturates_leaves_no_stem_missing() -> None:
    assert [finding.title for finding in found(mastered(mixed(band()))) if "no stem" in finding.title] == []


@pytest.mark.parametrize("name", ["Kick", "Bass", "Hats", "Pad"])
def test_a_stem_left_out_of_the_folder_is_missed_through_such_a_master_too(name: str) -> None:
    stems = {other: samples for other, samples in band().items() if other != name}
    told = [finding for finding in found(mastered(mixed(band())), stems) if "no stem" in finding.title]
    assert [finding.severity in {"moderate", "major"} for finding in told] == [True]
    assert "Hz" in told[0].advice


def without_a_stem() -> Finding:
    """What is found where a pad that no stem has plays from 8 to 14 s."""
    extra = np.zeros_like(band()["Pad"])
    extra[:, 8 * RATE_HZ : 14 * RATE_HZ] = 3 * band()["Pad"][:, 8 * RATE_HZ : 14 * RATE_HZ]
    stems = {name: samples for name, samples in band().items() if name != "Pad"}
    (finding,) = found(mixed(stems) + extra, stems)
    return finding


def test_what_no_stem_has_is_placed_in_time_and_band() -> None:
    finding = without_a_stem()
    assert finding.title == "Something in the mix is in no stem"
    assert finding.severity in {"moderate", "major"}
    assert finding.low_hz is not None
    assert finding.low_hz < 500 < (finding.high_hz or 0) * 1.5
    assert finding.start_s == pytest.approx(8.0, abs=2.2)
    assert finding.end_s == pytest.approx(14.0, abs=2.2)


def test_where_a_long_file_is_looked_at_seldom_the_place_goes_half_way_to_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probes, "MOST_PROBES", 8)
    (span,) = without_a_stem().spans
    assert (span.start_s, span.end_s) == pytest.approx((8.0, 14.0), abs=4 * SPACING_S / 2 + 0.1)


def test_an_equaliser_on_the_master_is_a_fact_and_no_fault() -> None:
    stems = {
        name: shaped_noise(RATE_HZ, 16.0, pink, seed=seed, rms=0.05) for seed, name in enumerate(["Loop", "Texture"])
    }
    mix = mixed(stems)
    spectrum = np.fft.rfft(mix, axis=1)
    spectrum[:, np.fft.rfftfreq(mix.shape[1], 1 / RATE_HZ) < 360] *= 10 ** (5 / 20)
    (finding,) = found(np.fft.irfft(spectrum, mix.shape[1], axis=1).astype(np.float32), stems)
    assert finding.title == "What the master chain does"
    assert finding.severity == "info"
    assert finding.value == pytest.approx(5.0, abs=1.0)
    assert finding.high_hz is not None
    assert finding.high_hz < 400


def test_without_stems_there_is_nothing_to_compare() -> None:
    assert "without its stems" in why_unmeasured(RULE, clean())
