from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from support.needs import need_program
from support.noises import pink, shaped_noise
from support.signals import amplitude, tone
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.lossy import Cliff, find_cliff
from uptrack_analysis.signal import Block

RATE_HZ = 44_100
FULL = shaped_noise(RATE_HZ, 6, pink, rms=0.2)


def cliff(signal: Block, rate_hz: int = RATE_HZ) -> Cliff:
    meter = BandMeter(rate_hz, signal.shape[0])
    meter.push(np.ascontiguousarray(signal, dtype=np.float32))
    meter.finish()
    return find_cliff(meter.fine, rate_hz)


def ffmpeg(*arguments: str) -> bytes:
    program = need_program("ffmpeg")
    return subprocess.run(
        [program, "-v", "error", "-nostdin", "-y", *arguments], check=True, capture_output=True
    ).stdout


def coded(path: Path, kbit: int, codec: str, samples: str = "f32le") -> Block:
    """What comes back of ``FULL``."""
    soundfile.write(path, FULL.T, RATE_HZ, subtype="PCM_24")
    file = path.with_suffix({"libmp3lame": ".mp3", "aac": ".m4a"}[codec])
    ffmpeg("-i", str(path), "-c:a", codec, "-b:a", f"{kbit}k", str(file))
    raw = ffmpeg("-i", str(file), "-f", samples, "-")
    decoded = np.frombuffer(raw, np.float32) if samples == "f32le" else np.frombuffer(raw, np.int16) / 32_768
    return np.asarray(decoded.reshape(-1, 2).T, dtype=np.float32)


@pytest.mark.parametrize(
    ("codec", "kbit", "cutoff_hz", "named"),
    [
        ("libmp3lame", 128, 16_500, "MP3 at 128"),
        ("libmp3lame", 192, 18_700, "MP3 at 192"),
        ("libmp3lame", 320, 20_150, "MP3 at 320"),
        ("aac", 128, 17_200, "AAC at 128"),
        ("aac", 192, 19_400, "AAC at 192"),
    ],
)
def test_what_an_encoder_cut_shows(codec: str, kbit: int, cutoff_hz: float, named: str, tmp_path: Path) -> None:
    found = cliff(coded(tmp_path / "mix.wav", kbit, codec))
    # A band there is 300 Hz wide, and each build of an encoder draws its filter a little differently.
    assert found.cutoff_hz == pytest.approx(cutoff_hz, abs=600)
    assert found.likely is not None
    assert named in found.likely


def test_a_16_bit_export_of_a_decoded_file_still_shows_it(tmp_path: Path) -> None:
    assert cliff(coded(tmp_path / "mix.wav", 192, "libmp3lame", "s16le")).cutoff_hz == pytest.approx(18_700, abs=600)


def test_a_file_resampled_from_22050_hz_ends_near_11_khz(tmp_path: Path) -> None:
    path = tmp_path / "mix.wav"
    soundfile.write(path, FULL.T, RATE_HZ, subtype="PCM_24")
    ffmpeg("-i", str(path), "-ar", "22050", "-c:a", "pcm_s24le", str(tmp_path / "low.wav"))
    raw = ffmpeg("-i", str(tmp_path / "low.wav"), "-ar", str(RATE_HZ), "-f", "f32le", "-")
    found = cliff(np.frombuffer(raw, np.float32).reshape(-1, 2).T)
    assert 10_500 < found.cutoff_hz < 12_600
    assert found.likely is None


@pytest.mark.parametrize("cutoff_hz", [12_000.0, 16_000.0, 20_000.0])
def test_a_brick_wall_is_found_within_a_band(cutoff_hz: float) -> None:
    signal = shaped_noise(RATE_HZ, 5, lambda f: np.where(f < cutoff_hz, pink(f), 1e-7))
    assert cliff(signal).cutoff_hz == pytest.approx(cutoff_hz, rel=2 ** (1.5 / 48) - 1)


@pytest.mark.parametrize("rate_hz", [48_000, 96_000, 192_000])
def test_the_rate_does_not_hide_it(rate_hz: int) -> None:
    signal = shaped_noise(rate_hz, 5, lambda f: np.where(f < 16_000, pink(f), 1e-7))
    assert cliff(signal, rate_hz).cutoff_hz == pytest.approx(16_000, rel=0.02)


def test_a_few_clipped_moments_do_not_hide_it() -> None:
    signal = shaped_noise(RATE_HZ, 8, lambda f: np.where(f < 16_000, pink(f), 1e-7), rms=0.2)
    signal[:, : 2 * RATE_HZ] = np.clip(signal[:, : 2 * RATE_HZ], -0.2, 0.2)
    assert cliff(signal).cutoff_hz == pytest.approx(16_000, rel=0.02)


@pytest.mark.parametrize(
    ("what", "signal"),
    [
        ("pink noise", FULL),
        ("24 dB an octave", shaped_noise(RATE_HZ, 5, lambda f: pink(f) / (1 + (f / 12_000) ** 4))),
        ("a cliff of 25 dB", shaped_noise(RATE_HZ, 5, lambda f: pink(f) * np.where(f < 16_000, 1, amplitude(-25)))),
        ("a tone alone", tone(RATE_HZ, 5, -20, frequency_hz=16_000)),
        ("a filter of the converter", shaped_noise(RATE_HZ, 5, lambda f: np.where(f < 21_000, pink(f), 1e-7))),
        ("a dull sound", shaped_noise(RATE_HZ, 5, lambda f: np.where(f < 6_000, pink(f), 1e-7))),
        ("something above the cliff", shaped_noise(RATE_HZ, 5, lambda f: pink(f) * (np.abs(f - 17_500) > 1_000))),
    ],
)
def test_what_is_no_cliff_has_no_cutoff(what: str, signal: Block) -> None:
    with pytest.raises(NothingToMeasure, match="no cliff"):
        cliff(signal)


def test_silence_and_low_rates_cannot_be_asked() -> None:
    with pytest.raises(NothingToMeasure, match="nothing plays"):
        cliff(np.zeros((2, 5 * RATE_HZ), np.float32))
    with pytest.raises(NothingToMeasure, match="8000 Hz"):
        cliff(shaped_noise(8_000, 5, pink), 8_000)
