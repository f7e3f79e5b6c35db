"""Odd and broken files, written from one short synthesised bar, and what a sane program makes of each.

``write_zoo`` writes them all into a folder; ``ZOO`` says by name what must come of them. Nothing here uses the
decoder under test: healthy files come from libsndfile, broken ones from changing their bytes.
"""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

RATE_HZ = 44_100
SECONDS = 1.2
FRAMES = 52_920

Audio = NDArray[np.float64]
Verdict = Literal["whole", "noted", "empty", "refused"]


@dataclass(frozen=True, slots=True)
class Odd:
    """What must come of one file.

    ``whole``: decodes to ``seconds`` and nothing is said. ``noted``: decodes to ``seconds`` and a note holds
    ``says``. ``empty``: opens, no frame comes. ``refused``: one sentence that holds ``says``.
    """

    verdict: Verdict
    seconds: float = SECONDS
    says: str = ""
    tolerance_s: float = 0.0
    peak: tuple[float, float] = (0.6, 0.8)
    """Between these lies the largest sample."""
    louder_lu: float | None = 0.0
    """Than ``wav_s16.wav``, if it is whole; ``None`` is a file of which that cannot be said."""
    within_lu: float = 0.1


@lru_cache(maxsize=1)
def clip() -> Audio:
    """Two beats at 100 BPM, shape (frames, 2): kick, off-beat hat right, C minor stab left; peak 0.7."""
    t = np.arange(FRAMES) / RATE_HZ
    beat = t % 0.6
    kick = np.sin(2 * np.pi * (45 * beat + 9 * (1 - np.exp(-beat * 30)))) * np.exp(-beat * 9)
    noise = np.random.default_rng(5).standard_normal(FRAMES)
    hat = np.diff(noise, prepend=0.0) * np.exp(-((t + 0.3) % 0.6) * 60) * 0.08
    stab = sum(np.sin(2 * np.pi * f * t) for f in (130.81, 155.56, 196.0)) * np.exp(-beat * 4) * 0.12
    mix = np.stack([kick + stab + 0.5 * hat, kick + 0.6 * stab + hat], axis=1)
    mix *= 0.7 / np.abs(mix).max()
    return np.asarray(mix, dtype=np.float64)


def encode(audio: Audio, container: str, subtype: str, rate_hz: int = RATE_HZ, **options: Any) -> bytes:
    """``audio`` as a healthy file, by libsndfile."""
    target = io.BytesIO()
    soundfile.write(target, audio, rate_hz, format=container, subtype=subtype, **options)
    return target.getvalue()


def wav(audio: Audio | None = None, *, rate_hz: int = RATE_HZ, **fields: int) -> bytes:
    """16-bit WAV with the 44-byte header; ``fields`` overwrite what it says (riff_size, data_size, channels …)."""
    audio = clip() if audio is None else audio
    samples = np.round(audio * 32767).astype("<i2").tobytes()
    channels = audio.shape[1]
    said = {
        "riff_size": 36 + len(samples), "tag": 1, "channels": channels, "rate": rate_hz,
        "byte_rate": rate_hz * channels * 2, "align": channels * 2, "bits": 16, "data_size": len(samples),
    } | fields  # fmt: skip
    fmt = struct.pack("<HHIIHH", *(said[key] for key in ("tag", "channels", "rate", "byte_rate", "align", "bits")))
    sizes = [struct.pack("<I", said[key]) for key in ("riff_size", "data_size")]
    return b"RIFF" + sizes[0] + b"WAVEfmt \x10\0\0\0" + fmt + b"data" + sizes[1] + samples


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def extensible(audio: Audio, mask: int) -> bytes:
    """16-bit WAVE_EXTENSIBLE with a channel mask."""
    samples = np.round(audio * 32767).astype("<i2").tobytes()
    channels = audio.shape[1]
    guid = bytes.fromhex("0100000000001000800000aa00389b71")
    fmt = struct.pack("<HHIIHHHHI", 0xFFFE, channels, RATE_HZ, RATE_HZ * channels * 2, channels * 2, 16, 22, 16, mask)
    body = b"WAVE" + chunk(b"fmt ", fmt + guid) + chunk(b"data", samples)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def flac_claiming(data: bytes, frames: int) -> bytes:
    """``data`` with another total in its stream information."""
    packed = int.from_bytes(data[18:26], "big") >> 36 << 36 | frames
    return data[:18] + packed.to_bytes(8, "big") + data[26:]


def flac_bomb(frames: int, claimed: int) -> bytes:
    """Eight channels of one constant, 36 bytes for every 524,280 samples (RFC 9639, sections 9.1 and 9.2.3)."""
    block = 65_535
    info = struct.pack(">HH", block, block) + b"\0" * 6
    info += (RATE_HZ << 44 | 7 << 41 | 15 << 36 | claimed).to_bytes(8, "big") + b"\0" * 16
    pieces = [b"fLaC\x80" + len(info).to_bytes(3, "big") + info]
    for number in range(-(-frames // block)):
        head = b"\xff\xf8\x79\x78" + _flac_number(number) + struct.pack(">H", block - 1)
        head += bytes([crc(head, 8, 0x07)])
        body = head + b"\0\x40\0" * 8
        pieces.append(body + crc(body, 16, 0x8005).to_bytes(2, "big"))
    return b"".join(pieces)


def mp3_frames(data: bytes) -> list[bytes]:
    """An MP3 of one bit of ID3v2 or none, cut at its sync words (44.1 kHz MPEG-1 layer III, as ``encode`` writes)."""
    kbps = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    frames, at = [], 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        length = 144_000 * kbps[data[at + 2] >> 4] // RATE_HZ + (data[at + 2] >> 1 & 1)
        frames.append(data[at : at + length])
        at += length
    return frames


def mpeg4(codec: bytes) -> bytes:
    """The boxes of an MPEG-4 audio file, without sound: enough to be told what it is."""

    def box(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", 8 + len(body)) + name + body

    entry = box(codec, b"\0" * 28)
    table = box(b"stsd", struct.pack(">II", 0, 1) + entry)
    return box(b"ftyp", b"M4A \0\0\0\0M4A mp42") + box(b"mdat", b"\x21" * 4000) + box(b"moov", table)


def resampled(audio: Audio, rate_hz: int) -> Audio:
    """``audio`` as the same sound at another rate."""
    shared = math.gcd(rate_hz, RATE_HZ)
    return np.asarray(resample_poly(audio, rate_hz // shared, RATE_HZ // shared, axis=0), dtype=np.float64)


def bext(loudness_lufs: float) -> bytes:
    """A broadcast chunk of version 2 (EBU Tech 3285) that claims a loudness."""
    body = bytearray(b"A description" + b"\0" * 589)
    body[346:348] = struct.pack("<H", 2)
    body[412:414] = struct.pack("<h", round(100 * loudness_lufs))
    return chunk(b"bext", bytes(body))


def acid(bpm: float, beats: int) -> bytes:
    """The chunk in which loops carry a tempo."""
    return chunk(b"acid", struct.pack("<IHHfIHHf", 0, 60, 0x8000, 0.0, beats, 4, 4, bpm))


def id3v2_text(version: int, *frames: tuple[bytes, str]) -> bytes:
    """A tag of version 2.3 (texts in UTF-16) or 2.4 (UTF-8)."""
    body = b""
    for name, text in frames:
        content = b"\3" + text.encode() if version == 4 else b"\1" + text.encode("utf-16")
        body += name + len(content).to_bytes(4, "big") + b"\0\0" + content
    assert len(body) < 128  # so that sizes read alike in both versions
    return b"ID3" + bytes([version, 0, 0, 0, 0, 0, len(body)]) + body


def id3v2(size: int = 500) -> bytes:
    return b"ID3\x04\0\0" + bytes([0, 0, size >> 7, size & 0x7F]) + b"TBPM" + b"\0" * (size - 4)


@lru_cache(maxsize=1)
def zoo_bytes() -> dict[str, bytes]:
    """Every file of the zoo, by name."""
    audio = clip()
    plain = wav()
    flac = encode(audio, "FLAC", "PCM_16")
    vorbis = encode(np.tile(audio, (4, 1)), "OGG", "VORBIS")
    mp3 = encode(audio, "MP3", "MPEG_LAYER_III", bitrate_mode="VARIABLE", compression_level=0.3)
    constant = encode(audio, "MP3", "MPEG_LAYER_III", bitrate_mode="CONSTANT", compression_level=0.3)
    tagged_90 = id3v2_text(3, (b"TBPM", "90"), (b"TIT2", "A loop"))
    aiff = encode(audio, "AIFF", "PCM_16")
    caf = encode(audio, "CAF", "FLOAT")
    six = np.tile(audio, (1, 3)) * 0.99
    broken_floats = audio.astype("<f4")
    broken_floats[1000, 0], broken_floats[2000, 1], broken_floats[3000, 0] = np.nan, np.inf, -np.inf
    broken_floats[40_000, 1] = 1e30
    half = len(plain) // 2
    patched = bytearray(flac)
    patched[len(flac) // 2 : len(flac) // 2 + 64] = b"\x5a" * 64
    fmt_and_data = plain[12:]
    odd_chunks = chunk(b"JUNK", b"\1\2\3") + chunk(b"LIST", b"INFOISFT\4\0\0\0abc\0") + fmt_and_data
    return {
        "wav_s16.wav": plain,
        "wav_u8.wav": encode(audio, "WAV", "PCM_U8"),
        "wav_s24.wav": encode(audio, "WAV", "PCM_24"),
        "wav_s32.wav": encode(audio, "WAV", "PCM_32"),
        "wav_f32_over.wav": encode(audio * 2.6, "WAV", "FLOAT"),
        "wav_f64.wav": encode(audio, "WAV", "DOUBLE"),
        "wav_mono.wav": encode(audio[:, :1], "WAV", "PCM_16"),
        "wav_5_1.wav": extensible(six, 0x3F),
        "wav_big_endian.wav": encode(audio, "WAV", "PCM_16", endian="BIG"),
        "wav_ulaw.wav": encode(audio, "WAV", "ULAW"),
        "wav_ulaw_8k.wav": encode(resampled(audio, 8_000), "WAV", "ULAW", rate_hz=8_000),
        "wav_22k.wav": wav(resampled(audio, 22_050), rate_hz=22_050),
        "wav_96k_s24.wav": encode(resampled(audio, 96_000), "WAV", "PCM_24", rate_hz=96_000),
        "wav_192k_s24.wav": encode(resampled(audio, 192_000), "WAV", "PCM_24", rate_hz=192_000),
        "wav_ms_adpcm.wav": encode(audio, "WAV", "MS_ADPCM"),
        "wav_bext.wav": _riff(bext(-23.0) + fmt_and_data),
        "wav_odd_chunks.wav": _riff(odd_chunks + chunk(b"id3 ", b"\x7f" * 33)),
        "wav_acid_100.wav": _riff(fmt_and_data + acid(100.0, 2)),
        "wav_id3v1_behind.wav": plain + b"TAG" + b"x" * 125,
        "rf64.wav": encode(audio, "RF64", "PCM_16"),
        "wave64.w64": encode(audio, "W64", "PCM_24"),
        "aiff_16.aiff": aiff,
        "aiff_24.aif": encode(audio, "AIFF", "PCM_24"),
        "aifc_f32.aifc": encode(audio, "AIFF", "FLOAT"),
        "aifc_sowt.aifc": encode(audio, "AIFF", "PCM_16", endian="LITTLE"),
        "caf_f32.caf": caf,
        "caf_alac.caf": encode(audio, "CAF", "ALAC_24"),
        "flac_16.flac": flac,
        "flac_24.flac": encode(audio, "FLAC", "PCM_24"),
        "flac_id3.flac": id3v2() + flac,
        "flac_streamed.flac": flac_claiming(flac, 0),
        "vorbis.ogg": vorbis,
        "vorbis_once.ogg": encode(audio, "OGG", "VORBIS"),
        "opus.opus": encode(audio, "OGG", "OPUS", rate_hz=48_000),
        "mp3_vbr.mp3": mp3,
        "mp3_id3.mp3": id3v2() + mp3 + b"TAG" + b"\0" * 125,
        "mp3_vbr_no_xing.mp3": b"".join(mp3_frames(mp3)[1:]),
        "mp3_cbr_tagged_90.mp3": tagged_90 + constant + b"TAG" + b"\0" * 125,
        "mp3_utf8_title.mp3": id3v2_text(4, (b"TIT2", "Kick 🎛️ drüm – 音楽")) + mp3,
        "mp3_named.wav": mp3,
        "wav_named.mp3": plain,
        "silence.wav": wav(np.zeros_like(audio)),
        "one_channel_silent.wav": wav(audio * (1, 0)),
        "polarity_flipped.wav": wav(audio[:, :1] * (1, -1)),
        "dc_offset.wav": wav(audio * 0.5 + 0.2),
        "hard_clipped.wav": wav(np.clip(audio * 4, -1, 1)),
        "one_sample.wav": wav(audio[1000:1001]),
        "hundred_ms.wav": wav(audio[:4410]),
        "wav_192k.wav": wav(np.repeat(audio, 4, axis=0), rate_hz=192_000),
        "ünï côdé – тест 音楽 (2) [v1].wav": plain,
        "-rf; $(echo hi) & .wav": plain,
        "no_data.wav": wav(audio[:0]),
        "truncated.wav": plain[: 44 + 22_050 * 4],
        "truncated_mid_frame.wav": plain[: 44 + 22_050 * 4 + 3],
        "truncated.rf64": encode(audio, "RF64", "PCM_16")[:100_000],
        "truncated.w64": encode(audio, "W64", "PCM_16")[:100_000],
        "truncated.aiff": aiff[:100_000],
        "truncated.caf": caf[:200_000],
        "truncated.flac": flac[: len(flac) // 2],
        "truncated.ogg": vorbis[: len(vorbis) * 3 // 4],
        "truncated.mp3": mp3[: len(mp3) // 2],
        "claims_4gb.wav": wav(data_size=4_294_967_264, riff_size=4_294_967_295),
        "streamed.wav": wav(data_size=0xFFFFFFFF, riff_size=0xFFFFFFFF),
        "streamed_by_sox.wav": wav(data_size=0x7FFFF000, riff_size=0x7FFFF024),
        "size_zero.wav": wav(data_size=0, riff_size=0),
        "size_zero.aiff": _aiff_never_finished(aiff),
        "stale_size.wav": wav(np.tile(audio, (3, 1)), data_size=FRAMES * 4, riff_size=36 + FRAMES * 4),
        "align_wrong.wav": wav(align=3),
        "corrupt_middle.flac": bytes(patched),
        "junk_in_middle.mp3": _with_junk(mp3),
        "nan_inf_1e30.wav": _float_wav(broken_floats),
        "empty.wav": b"",
        "header_only_28.wav": plain[:28],
        "fmt_but_no_data.wav": plain[:36],
        "channels_0.wav": wav(channels=0),
        "channels_12.wav": wav(np.tile(audio[:4410], (1, 6))),
        "rate_0.wav": wav(rate=0),
        "rate_3.wav": wav(rate=3),
        "rate_4ghz.wav": wav(rate=4_000_000_000),
        "rate_0.aiff": aiff.replace(b"\x40\x0e\xac\x44", b"\0\0\0\0"),
        "text.wav": b"This is not the sound you are looking for.\n" * 80,
        "page.mp3": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "random.flac": np.random.default_rng(9).bytes(20_000),
        "zeros.wav": b"\0" * 20_000,
        "aac.m4a": mpeg4(b"mp4a"),
        "alac.m4a": mpeg4(b"alac"),
        "mp3_in_wav.wav": wav(tag=0x55),
        "code_of_no_letters.aifc": encode(audio, "AIFF", "PCM_16", endian="LITTLE").replace(b"sowt", b"a\n\xffb", 1),
        "code_of_no_letters.caf": caf.replace(b"lpcm", b"a\n\xffb", 1),
        "adts.aac": b"\xff\xf1\x50\x80\x2e\x7f\xfc" + b"\x21" * 800,
        "notes.mid": b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0",
        "half_riff.wav": plain[:10],
        "flac_claims_2_36.flac": flac_claiming(flac, 2**36 - 1),
        "half_first_page.ogg": vorbis[:40],
        "first_half.wav": plain[:half],
    }  # fmt: skip


ZOO: dict[str, Odd] = {
    "wav_s16.wav": Odd("whole"),
    "wav_u8.wav": Odd("whole"),
    "wav_s24.wav": Odd("whole"),
    "wav_s32.wav": Odd("whole"),
    "wav_f32_over.wav": Odd("whole", peak=(1.81, 1.83), louder_lu=20 * math.log10(2.6)),
    "wav_f64.wav": Odd("whole"),
    "wav_mono.wav": Odd("whole", louder_lu=None),
    "wav_5_1.wav": Odd("whole", louder_lu=None),
    "wav_big_endian.wav": Odd("whole"),
    "wav_ulaw.wav": Odd("whole"),
    "wav_ulaw_8k.wav": Odd("whole", within_lu=0.5),
    "wav_22k.wav": Odd("whole", within_lu=0.3),
    "wav_96k_s24.wav": Odd("whole"),
    "wav_192k_s24.wav": Odd("whole"),
    "wav_ms_adpcm.wav": Odd("whole", tolerance_s=0.05),
    "wav_bext.wav": Odd("whole"),
    "wav_odd_chunks.wav": Odd("whole"),
    "wav_acid_100.wav": Odd("whole"),
    "wav_id3v1_behind.wav": Odd("whole"),
    "rf64.wav": Odd("whole"),
    "wave64.w64": Odd("whole"),
    "aiff_16.aiff": Odd("whole"),
    "aiff_24.aif": Odd("whole"),
    "aifc_f32.aifc": Odd("whole"),
    "aifc_sowt.aifc": Odd("whole"),
    "caf_f32.caf": Odd("whole"),
    "caf_alac.caf": Odd("whole"),
    "flac_16.flac": Odd("whole"),
    "flac_24.flac": Odd("whole"),
    "flac_id3.flac": Odd("whole"),
    "flac_streamed.flac": Odd("whole"),
    "vorbis.ogg": Odd("whole", SECONDS * 4, peak=(0.6, 0.85), louder_lu=None),
    "vorbis_once.ogg": Odd("whole", peak=(0.6, 0.85), within_lu=0.3),
    "opus.opus": Odd("whole", FRAMES / 48_000, peak=(0.6, 0.85), louder_lu=None),
    "mp3_vbr.mp3": Odd("whole", tolerance_s=0.06, peak=(0.6, 0.85), within_lu=0.3),
    "mp3_id3.mp3": Odd("whole", tolerance_s=0.06, peak=(0.6, 0.85), within_lu=0.3),
    "mp3_vbr_no_xing.mp3": Odd("whole", tolerance_s=0.1, peak=(0.6, 0.85), within_lu=0.3),
    "mp3_cbr_tagged_90.mp3": Odd("whole", tolerance_s=0.06, peak=(0.6, 0.85), within_lu=0.3),
    "mp3_utf8_title.mp3": Odd("whole", tolerance_s=0.06, peak=(0.6, 0.85), within_lu=0.3),
    "mp3_named.wav": Odd("whole", tolerance_s=0.06, peak=(0.6, 0.85), within_lu=0.3),
    "wav_named.mp3": Odd("whole"),
    "silence.wav": Odd("whole", peak=(0, 0), louder_lu=None),
    "one_channel_silent.wav": Odd("whole", louder_lu=None),
    "polarity_flipped.wav": Odd("whole", louder_lu=None),
    "dc_offset.wav": Odd("whole", peak=(0.4, 0.6), louder_lu=20 * math.log10(0.5)),
    "hard_clipped.wav": Odd("whole", peak=(0.99, 1.0), louder_lu=None),
    "one_sample.wav": Odd("whole", 1 / RATE_HZ, peak=(0.01, 0.8), louder_lu=None),
    "hundred_ms.wav": Odd("whole", 0.1, louder_lu=None),
    "wav_192k.wav": Odd("whole", FRAMES * 4 / 192_000, louder_lu=None),
    "ünï côdé – тест 音楽 (2) [v1].wav": Odd("whole"),
    "-rf; $(echo hi) & .wav": Odd("whole"),
    "no_data.wav": Odd("empty", 0.0),
    "truncated.wav": Odd("noted", 0.5, "0.50 s instead of 1.20 s"),
    "truncated_mid_frame.wav": Odd("noted", 0.5, "0.50 s instead of 1.20 s"),
    "truncated.rf64": Odd("noted", 0.566, "instead of 1.20 s", 0.001),
    "truncated.w64": Odd("noted", 0.566, "instead of 1.20 s", 0.001),
    "truncated.aiff": Odd("noted", 0.566, "instead of 1.20 s", 0.001),
    "truncated.caf": Odd("noted", 0.556, "instead of 1.20 s", 0.012),
    "truncated.flac": Odd("noted", 0.5, "of 1.20 s", 0.25),
    "truncated.ogg": Odd("noted", SECONDS * 3, "breaks off", 1.0, peak=(0.6, 0.85)),
    "truncated.mp3": Odd("noted", 0.6, "instead of 1.20 s", 0.2, peak=(0.6, 0.85)),
    "claims_4gb.wav": Odd("noted", SECONDS, "1.20 s instead of 24347.89 s"),
    "streamed.wav": Odd("whole"),
    "streamed_by_sox.wav": Odd("whole"),
    "size_zero.wav": Odd("noted", SECONDS, "recorder stopped"),
    "size_zero.aiff": Odd("noted", SECONDS, "recorder stopped"),
    "stale_size.wav": Odd("noted", SECONDS, "goes on for 2.40 s"),
    "align_wrong.wav": Odd("noted", SECONDS, "a frame takes 3 bytes"),
    "corrupt_middle.flac": Odd("noted", 0.5, "damaged", 0.25),
    "junk_in_middle.mp3": Odd("noted", SECONDS, "damaged in one place", 0.1, peak=(0.6, 0.85)),
    "nan_inf_1e30.wav": Odd("noted", SECONDS, "4 samples"),
    "first_half.wav": Odd("noted", 0.6, "instead of 1.20 s", 0.001),
    "empty.wav": Odd("refused", says="empty"),
    "header_only_28.wav": Odd("refused", says="format chunk"),
    "fmt_but_no_data.wav": Odd("refused", says="before its audio data"),
    "half_riff.wav": Odd("refused", says="export"),
    "channels_0.wav": Odd("refused", says="0 channels"),
    "channels_12.wav": Odd("refused", says="12 channels"),
    "rate_0.wav": Odd("refused", says="sample rate of 0 Hz"),
    "rate_3.wav": Odd("refused", says="sample rate of 3 Hz"),
    "rate_4ghz.wav": Odd("refused", says="4,000,000,000 Hz"),
    "rate_0.aiff": Odd("refused", says="sample rate of 0 Hz"),
    "text.wav": Odd("refused", says="holds text"),
    "page.mp3": Odd("refused", says="web page"),
    "random.flac": Odd("refused", says="nothing that UpTrack knows"),
    "zeros.wav": Odd("refused", says="nothing that UpTrack knows"),
    "aac.m4a": Odd("refused", says="AAC audio"),
    "alac.m4a": Odd("refused", says="ALAC audio"),
    "mp3_in_wav.wav": Odd("refused", says="MP3 inside"),
    "code_of_no_letters.aifc": Odd("refused", says="encoding “a\ufffd\ufffdb”"),
    "code_of_no_letters.caf": Odd("refused", says="CAF file with a\ufffd\ufffdb inside"),
    "adts.aac": Odd("refused", says="AAC"),
    "notes.mid": Odd("refused", says="MIDI"),
    "flac_claims_2_36.flac": Odd("refused", says="samples"),
    "half_first_page.ogg": Odd("refused", says="first page"),
}


def write_zoo(folder: Path) -> dict[Path, Odd]:
    """Write every file into ``folder``; returns what to expect of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in zoo_bytes().items():
        (folder / name).write_bytes(data)
    return {folder / name: odd for name, odd in ZOO.items()}


def _riff(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _float_wav(samples: NDArray[np.float32]) -> bytes:
    fmt = struct.pack("<HHIIHH", 3, 2, RATE_HZ, RATE_HZ * 8, 8, 32)
    return _riff(chunk(b"fmt ", fmt) + chunk(b"data", samples.astype("<f4").tobytes()))


def _aiff_never_finished(aiff: bytes) -> bytes:
    common, sound = aiff.index(b"COMM"), aiff.index(b"SSND")
    data = bytearray(aiff)
    data[4:8] = b"\0" * 4
    data[common + 10 : common + 14] = b"\0" * 4
    data[sound + 4 : sound + 8] = b"\0\0\0\x08"
    return bytes(data)


def _with_junk(mp3: bytes) -> bytes:
    frames = mp3_frames(mp3)
    middle = len(frames) // 2
    return b"".join(frames[:middle]) + b"\x12\x34" * 300 + b"".join(frames[middle:])


def _flac_number(number: int) -> bytes:
    """A frame number the way UTF-8 writes a code point."""
    if number < 0x80:
        return bytes([number])
    if number < 0x800:
        return bytes([0xC0 | number >> 6, 0x80 | number & 0x3F])
    return bytes([0xE0 | number >> 12, 0x80 | number >> 6 & 0x3F, 0x80 | number & 0x3F])


def crc(data: bytes, bits: int, polynomial: int) -> int:
    """Checksum that starts at zero, highest bit first, as FLAC and Ogg have it."""
    register, top, mask = 0, 1 << (bits - 1), (1 << bits) - 1
    for byte in data:
        register ^= byte << (bits - 8)
        for _ in range(8):
            register = (register << 1 ^ polynomial if register & top else register << 1) & mask
    return register
