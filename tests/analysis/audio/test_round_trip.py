"""A round trip: what goes in comes out a little different, and nothing is left running."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from support.format_zoo import encode
from support.needs import need_program
from support.signals import music
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.round_trip import CODECS, Codec, RoundTrip
from uptrack_analysis.errors import InvalidSignal, Unavailable
from uptrack_analysis.measure.codecs import measure_codecs
from uptrack_analysis.signal import Block

RATE_HZ = 44_100


@pytest.fixture(autouse=True)
def leaves_no_thread() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "round-trip"]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_music_comes_back_in_time_and_nearly_itself(codec: Codec) -> None:
    need_program("ffmpeg")
    signal = music(RATE_HZ, 6.0)
    with RoundTrip([signal[:, :100_000], signal[:, 100_000:]], RATE_HZ, 2, codec) as trip:
        back = np.concatenate(list(trip.blocks()), axis=1)[:, codec.delay_frames :]
    assert back.shape[1] / trip.rate_hz == pytest.approx(6.0, abs=0.06)
    # The kick's envelope, 1 ms at a time, lines up with its own.
    step, step_back = RATE_HZ // 1000, trip.rate_hz // 1000
    before = np.abs(signal[0, : 5000 * 44]).reshape(-1, step).max(axis=1)[:4000]
    after = np.abs(back[0, : 5000 * step_back]).reshape(-1, step_back).max(axis=1)[:4000]
    ahead = np.arange(before.size) * step / RATE_HZ
    behind = np.arange(after.size) * step_back / trip.rate_hz
    lags_s = np.arange(-40, 41) / 1000
    fits = [np.corrcoef(before[100:-100], np.interp(ahead[100:-100] + lag, behind, after))[0, 1] for lag in lags_s]
    assert abs(lags_s[int(np.argmax(fits))]) <= 0.003
    assert max(fits) > 0.97


def test_one_channel_stays_one() -> None:
    need_program("ffmpeg")
    with RoundTrip([music(RATE_HZ, 1.0, channels=1)], RATE_HZ, 1, CODECS[0]) as trip:
        assert {block.shape[0] for block in trip.blocks()} == {1}


def test_whoever_stops_listening_stops_the_encoder() -> None:
    need_program("ffmpeg")

    def endless() -> Iterator[Block]:
        while True:
            yield music(RATE_HZ, 1.0)

    with RoundTrip(endless(), RATE_HZ, 2, CODECS[2]) as trip:
        next(trip.blocks())


def test_what_ends_the_audio_is_told_to_who_listens() -> None:
    need_program("ffmpeg")

    def broken() -> Iterator[Block]:
        yield music(RATE_HZ, 1.0)
        raise InvalidSignal("the file was cut short")

    with RoundTrip(broken(), RATE_HZ, 2, CODECS[0]) as trip, pytest.raises(InvalidSignal, match="cut short"):
        list(trip.blocks())


def test_an_encoder_ffmpeg_lacks_is_a_sentence() -> None:
    need_program("ffmpeg")
    absent = Codec("Tape 15 ips", "no_such_encoder", "256k", "adts", 0)
    with pytest.raises(Unavailable, match="Tape 15 ips"), RoundTrip([music(RATE_HZ, 1.0)], RATE_HZ, 2, absent):
        pass


def test_without_ffmpeg_there_is_a_reason_and_no_peak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sf.write(tmp_path / "mix.wav", music(RATE_HZ, 1.0).T, RATE_HZ)
    found = measure_codecs(tmp_path / "mix.wav", Limits(), lambda _fraction: None)
    assert found.peaks == ()
    assert "not installed" in (found.reason or "")


def test_a_peak_names_its_channel_as_the_file_counts_it(tmp_path: Path) -> None:
    need_program("ffmpeg")
    sound = music(RATE_HZ, 3.0, channels=3)
    sound[:2] *= 0.3
    (tmp_path / "mix.ogg").write_bytes(encode(sound.T.astype(np.float64), "OGG", "VORBIS"))  # left, centre, right
    found = measure_codecs(tmp_path / "mix.ogg", Limits(), lambda _fraction: None)
    assert {peak.channel for peak in found.peaks} == {2}


class Cancelled(Exception):
    pass


def test_cancelling_ends_it(tmp_path: Path) -> None:
    need_program("ffmpeg")
    sf.write(tmp_path / "mix.wav", music(RATE_HZ, 12.0).T, RATE_HZ)

    def heard(_fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        measure_codecs(tmp_path / "mix.wav", Limits(), heard)
