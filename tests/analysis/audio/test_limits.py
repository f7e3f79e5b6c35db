"""The caps hold, from the header and while decoding, and no claim costs memory."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from support.format_zoo import clip, encode, extensible, flac_bomb, flac_claiming, wav
from uptrack_analysis.audio.layout import speaker_layout
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.source import open_audio, probe
from uptrack_analysis.errors import BadInput, TooLarge

DEFAULT = Limits()
SMALL_FREE = Limits(free_samples=2_000_000)


def decode(path: Path, limits: Limits = DEFAULT) -> int:
    with open_audio(path, limits) as source:
        return sum(block.size for block in source.blocks())


def test_a_flac_bomb_that_names_its_size_is_refused_before_decoding(tmp_path: Path) -> None:
    path = tmp_path / "bomb.flac"
    path.write_bytes(flac_bomb(200_000, 170_000_000))  # 1.4 billion samples: 5.4 GB
    with pytest.raises(TooLarge, match="1,360,000,000 samples"):
        probe(path)


@pytest.mark.parametrize("claimed", [0, 200_000])
def test_a_flac_bomb_that_hides_its_size_is_stopped_while_decoding(tmp_path: Path, claimed: int) -> None:
    path = tmp_path / "bomb.flac"
    path.write_bytes(flac_bomb(900_000, claimed))  # 7.2 million samples from 500 bytes
    limits = Limits(max_samples=1_000_000) if claimed else SMALL_FREE
    tracemalloc.start()
    with pytest.raises(TooLarge, match=r"bomb\.flac (decodes to|claims)"):
        decode(path, limits)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6


def test_a_cap_on_samples_holds_where_the_header_says_less(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(flac_claiming(encode(clip(), "FLAC", "PCM_16"), 0))
    assert decode(path, Limits(max_samples=52_920 * 2)) == 52_920 * 2
    with pytest.raises(TooLarge, match="decodes to"):
        decode(path, Limits(max_samples=52_920 * 2 - 1))


def test_silence_may_unfold_as_far_as_it_likes_within_the_free_part(tmp_path: Path) -> None:
    path = tmp_path / "silence.flac"
    path.write_bytes(encode(np.zeros((900_000, 2)), "FLAC", "PCM_16"))
    assert path.stat().st_size * 256 < 1_800_000
    assert decode(path, SMALL_FREE) == 1_800_000


@pytest.mark.parametrize("frames", [2**36 - 1, 10**9])
def test_a_header_that_claims_hours_costs_no_memory(tmp_path: Path, frames: int) -> None:
    path = tmp_path / "liar.flac"
    path.write_bytes(flac_claiming(encode(clip(), "FLAC", "PCM_16"), frames))
    wave = tmp_path / "liar.wav"
    wave.write_bytes(wav(data_size=0xFFFFFFE0))
    open_wide = Limits(max_samples=2**60, free_samples=2**60)
    decode(wave)  # imports and the block pool of numpy
    tracemalloc.start()
    assert decode(path, open_wide) == 52_920 * 2
    assert decode(wave, open_wide) == 52_920 * 2
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8e6


def test_a_64_bit_header_that_claims_exabytes_is_measured_by_what_is_there(tmp_path: Path) -> None:
    data = bytearray(encode(clip(), "RF64", "PCM_16"))
    at = data.index(b"ds64") + 8
    data[at + 8 : at + 16] = struct.pack("<Q", 2**62)
    (tmp_path / "liar.wav").write_bytes(data)
    with open_audio(tmp_path / "liar.wav") as source:
        assert sum(block.shape[1] for block in source.blocks()) == pytest.approx(52_920, abs=30)
    assert "shorter than its header says, 1.20 s instead of" in source.notes[0]


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 88_200, 176_400, 192_000])
def test_every_rate_from_8_to_192_khz_is_taken(tmp_path: Path, rate_hz: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav(rate_hz=rate_hz))
    assert probe(tmp_path / "a.wav").sample_rate_hz == rate_hz


@pytest.mark.parametrize("rate_hz", [1, 7_999, 192_001, 384_000])
def test_rates_outside_are_refused_with_what_is_expected(tmp_path: Path, rate_hz: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav(rate_hz=rate_hz))
    with pytest.raises(BadInput, match="expected 8 to 192 kHz") as refused:
        probe(tmp_path / "a.wav")
    assert isinstance(refused.value, TooLarge) == (rate_hz > 192_000)


@pytest.mark.parametrize("container", ["WAV", "AIFF", "CAF", "FLAC"])
@pytest.mark.parametrize("channels", range(1, 9))
def test_one_to_eight_channels_come_in_the_order_of_the_file(tmp_path: Path, container: str, channels: int) -> None:
    steps = np.tile(np.arange(1, channels + 1) / 16, (2000, 1))
    soundfile.write(tmp_path / "a", steps, 48_000, format=container, subtype="PCM_16")
    with open_audio(tmp_path / "a") as source:
        (block,) = source.blocks()
    np.testing.assert_array_equal(block, steps.T.astype(np.float32))
    assert source.info.layout == speaker_layout(channels)
    assert len(set(source.info.layout)) == channels


@pytest.mark.parametrize(
    ("channels", "mask", "layout"),
    [
        (6, 0x3F, "L R C LFE Ls Rs"),  # 5.1, the "back" pair as surrounds
        (6, 0x60F, "L R C LFE Ls Rs"),  # 5.1, the side pair
        (8, 0x63F, "L R C LFE Lrs Rrs Ls Rs"),
        (8, 0xFF, "L R C LFE Ls Rs Lc Rc"),  # the 7.1 of cinemas
        (4, 0x107, "L R C Cs"),
        (4, 0x33, "L R Ls Rs"),
        (3, 0xB, "L R LFE"),
        (6, 0x3, "L R C LFE Ls Rs"),  # a mask that names two of six is no mask
        (2, 0x30, "L R"),
        (1, 0x4, "M"),
    ],
)
def test_the_channel_mask_names_the_loudspeakers(tmp_path: Path, channels: int, mask: int, layout: str) -> None:
    (tmp_path / "a.wav").write_bytes(extensible(np.full((100, channels), 0.5), mask))
    assert probe(tmp_path / "a.wav").layout == tuple(layout.split())


def test_ogg_keeps_its_centre_second_and_its_lfe_last(tmp_path: Path) -> None:
    sound = np.random.default_rng(2).standard_normal((4800, 6)) * 0.1
    (tmp_path / "a.ogg").write_bytes(encode(sound, "OGG", "VORBIS", rate_hz=48_000))
    assert probe(tmp_path / "a.ogg").layout == ("L", "C", "R", "Ls", "Rs", "LFE")
