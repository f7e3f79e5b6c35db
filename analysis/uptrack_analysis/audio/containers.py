"""What a file is, by its first bytes and never by its name; what we do not decode is named in plain words."""

from __future__ import annotations

from uptrack_analysis.audio.aiff import look_at_aiff
from uptrack_analysis.audio.caf import look_at_caf
from uptrack_analysis.audio.files import AudioFile
from uptrack_analysis.audio.flac import look_at_flac
from uptrack_analysis.audio.head import EXPORT_INSTEAD, Head
from uptrack_analysis.audio.mpeg import end_of_id3, look_at_mpeg
from uptrack_analysis.audio.ogg import look_at_ogg
from uptrack_analysis.audio.riff import W64_RIFF, look_at_wave, look_at_wave64
from uptrack_analysis.errors import NotAudio

_KNOWN = (
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"0&\xb2u\x8ef\xcf\x11", "a Windows Media (WMA) file"),
    (b"wvpk", "a WavPack file"),
    (b"MAC ", "a Monkey's Audio file"),
    (b"TTA1", "a True Audio file"),
    (b"MPCK", "a Musepack file"),
    (b"MP+", "a Musepack file"),
    (b"DSD ", "a DSD file"),
    (b"FRM8", "a DSD file"),
    (b".snd", "a Sun/NeXT .au file"),
    (b"#!AMR", "an AMR speech recording"),
    (b"FLV", "a Flash video"),
    (b"MThd", "a MIDI file (notes without sound)"),
    (b"<REAPER_PROJECT", "a REAPER project"),
    (b"RPKN", "a REAPER peak file (.reapeaks)"),
    (b"\x1f\x8b", "a gzip archive (Live sets and presets are such)"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
)
_MP4_CODECS = (
    (b"alac", "ALAC"),
    (b"drms", "copy-protected AAC"),
    (b"mp4a", "AAC"),
    (b"ec-3", "Dolby Digital Plus"),
    (b"ac-3", "Dolby Digital"),
    (b"fLaC", "FLAC"),
    (b"Opus", "Opus"),
)
_PROTECTED = ("copy-protected AAC",)
_MOOV_READ = 1 << 20


def look(file: AudioFile, *, quick: bool = False) -> Head:
    """Read the header of ``file``; ``quick`` leaves out what needs a pass over the whole file (counting MP3 frames).

    Raises
    ------
    NotAudio
        Nothing we decode; the sentence says what it is, as far as that can be told.
    """
    magic = file.read_at(0, 64)
    if magic[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        return look_at_wave(file)
    if magic[:16] == W64_RIFF:
        return look_at_wave64(file)
    if magic[:4] == b"FORM" and magic[8:12] in (b"AIFF", b"AIFC"):
        return look_at_aiff(file)
    if magic[:4] == b"OggS":
        return look_at_ogg(file)
    if magic[:4] == b"caff":
        return look_at_caf(file)
    if magic[4:8] == b"ftyp":
        return _look_at_mpeg4(file)
    start = end_of_id3(file)
    if file.read_at(start, 4) == b"fLaC":
        return look_at_flac(file, start)
    if magic[:1] == b"\xff" and len(magic) > 1 and magic[1] & 0xF6 == 0xF0:
        return Head(format="ADTS", codec="AAC", ffmpeg_demuxer="aac")
    for beginning, what in _KNOWN:
        if magic.startswith(beginning):
            raise NotAudio(f"{file.name} is {what}, not audio that UpTrack decodes: {EXPORT_INSTEAD}.")
    _refuse_text(file)
    head = look_at_mpeg(file, start, walk=not quick)
    if head is None:
        raise NotAudio(
            f"{file.name} holds nothing that UpTrack knows as audio (WAV, AIFF, FLAC, Ogg, MP3, CAF): {EXPORT_INSTEAD}."
        )
    return head


def _refuse_text(file: AudioFile) -> None:
    sample = file.read_at(0, 1024)
    opening = sample.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if opening.startswith((b"<!doctype html", b"<html")):
        raise NotAudio(f"{file.name} holds a web page (HTML), not audio: download or export it again.")
    if all(byte >= 32 or byte in b"\t\r\n\f" for byte in sample) and sum(byte < 127 for byte in sample) * 2 > len(
        sample
    ):
        raise NotAudio(f"{file.name} holds text, not audio: {EXPORT_INSTEAD}.")


def _look_at_mpeg4(file: AudioFile) -> Head:
    codec = _mpeg4_codec(file)
    if codec in _PROTECTED:
        raise NotAudio(f"{file.name} is an MPEG-4 file with {codec} audio, which nobody may decode: {EXPORT_INSTEAD}.")
    return Head(format="MPEG-4", codec=codec, ffmpeg_demuxer="mov")


def _mpeg4_codec(file: AudioFile) -> str | None:
    """The codec that the movie header names, looked for in its first megabyte."""
    at = 0
    for _ in range(1000):
        box = file.read_at(at, 16)
        if len(box) < 8:
            break
        size = int.from_bytes(box[:4], "big")
        if size == 1:
            size = int.from_bytes(box[8:16], "big")
        if box[4:8] == b"moov":
            content = file.read_at(at, min(size, _MOOV_READ))
            return next((codec for code, codec in _MP4_CODECS if code in content), None)
        if size < 8:
            break
        at += size
    return None
