"""``int.format``: encoder cliffs, sample rates and bits, each against what the file is for."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import RATE_HZ, arranged, silent
from support.noises import shaped_noise
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.lossy import find_cliff
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.signal import FloatArray


def ending_at(
    cutoff_hz: float | None, likely: str | None = None, codec: str = "PCM", bits: int | None = 24
) -> Measured:
    made = arranged()
    details = replace(made.details, cutoff_hz=cutoff_hz, cutoff_likely=likely)
    return replace(made, details=details, codec=codec, bit_depth=bits)


@pytest.mark.parametrize(
    ("cutoff_hz", "likely", "word"),
    [
        (18_700.0, "MP3 at 192 kbit/s", "minor"),
        (16_400.0, "MP3 at 128 kbit/s, or AAC at 96", "moderate"),
        (15_100.0, "MP3 at 96 kbit/s", "major"),
        (16_400.0, None, "minor"),  # the sound itself may end there
    ],
)
def test_a_lossless_file_that_was_lossy_before(cutoff_hz: float, likely: str | None, word: str) -> None:
    finding = ask_one("int.format", ending_at(cutoff_hz, likely))
    assert finding.severity == word
    assert finding.title == "Lossy source"
    assert finding.low_hz == cutoff_hz
    assert finding.value == cutoff_hz


@pytest.mark.parametrize("cutoff_hz", [19_500.0, 20_150.0, None])
def test_an_end_where_good_encoders_and_converters_end_says_nothing(cutoff_hz: float | None) -> None:
    assert ask("int.format", ending_at(cutoff_hz, "MP3 at 320 kbit/s" if cutoff_hz else None)) == ()


def test_a_file_that_is_lossy_itself_is_never_more_than_minor() -> None:
    assert ask("int.format", ending_at(18_700.0, "MP3 at 192 kbit/s", "MP3", None)) == ()
    finding = ask_one("int.format", ending_at(11_000.0, None, "MP3", None))
    assert (finding.severity, finding.title) == ("minor", "Low bit rate")
    assert "export WAV or FLAC" in finding.advice


def test_an_encoding_nobody_named_is_not_judged_by_its_end() -> None:
    assert ask("int.format", replace(ending_at(16_400.0), codec=None)) == ()


def test_bits_are_judged_by_what_comes_next() -> None:
    assert ask("int.format", ending_at(None, bits=16)) == ()
    finding = ask_one("int.format", ending_at(None, bits=16), target="premaster")
    assert finding.severity == "minor"
    assert "24 bits or float" in finding.advice
    assert ask("int.format", ending_at(None, bits=24), target="premaster") == ()
    assert ask_one("int.format", ending_at(None, bits=8)).severity == "major"


@pytest.mark.parametrize(("rate_hz", "word"), [(32_000, "moderate"), (22_050, "major")])
def test_a_low_rate_is_told_with_what_it_costs(rate_hz: int, word: str) -> None:
    finding = ask_one("int.format", replace(ending_at(None), sample_rate_hz=rate_hz))
    assert finding.severity == word
    assert "16 kHz" in finding.advice or "11 kHz" in finding.advice


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_usual_rates_are_fine(rate_hz: int) -> None:
    assert ask("int.format", replace(ending_at(None), sample_rate_hz=rate_hz)) == ()


def test_silence_has_no_spectrum_to_judge() -> None:
    assert why_unmeasured("int.format", silent()).endswith(".")


def filtered(slope_db_per_octave: float, cutoff_hz: float) -> Measured:
    """Real noise through a filter: a cliff if steep enough."""

    def response(frequency_hz: FloatArray) -> FloatArray:
        octaves = np.log2(np.maximum(frequency_hz, cutoff_hz) / cutoff_hz)
        return np.asarray(10 ** (-slope_db_per_octave * octaves / 20), dtype=np.float64)

    meter = BandMeter(RATE_HZ, 2)
    meter.push(shaped_noise(RATE_HZ, 12.0, response, rms=0.1))
    meter.finish()
    try:
        cliff = find_cliff(meter.fine, RATE_HZ)
    except NothingToMeasure:
        return ending_at(None)
    return ending_at(cliff.cutoff_hz, cliff.likely)


def test_an_encoder_s_cliff_is_seen_in_real_samples_and_a_filter_sweep_s_slope_is_none() -> None:
    assert ask_one("int.format", filtered(600.0, 16_100.0)).value == pytest.approx(16_400.0, abs=500.0)
    assert ask("int.format", filtered(24.0, 12_000.0)) == ()
