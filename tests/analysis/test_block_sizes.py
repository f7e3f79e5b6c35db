"""Blocks of any size never change a result: of all meters together, of a stem, and of a whole report with stems."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from support.same import assert_same
from support.signals import cut, music, tone
from support.small_band import mixed, small_band, written
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.audio.source import AudioSource, open_audio
from uptrack_analysis.measure.breaks import EVERY_KIND
from uptrack_analysis.measure.one_pass import measure
from uptrack_analysis.report import to_json
from uptrack_analysis.settings import Settings
from uptrack_analysis.signal import Block
from uptrack_analysis.stems.stem_pass import measure_stem

SIZES = st.lists(st.integers(1, 150_000), min_size=1, max_size=12)


def recut(sizes: list[int], patch: pytest.MonkeyPatch) -> None:
    """From now on every file comes in blocks of these sizes, and what is left over in one, whatever was asked for."""
    whole = AudioSource.blocks

    def blocks(source: AudioSource, _frames: int = 0) -> Iterator[Block]:
        yield from cut(np.concatenate(list(whole(source)), axis=1), sizes)

    patch.setattr(AudioSource, "blocks", blocks)


def faulty(rate_hz: int, seconds: float, channels: int) -> Block:
    """Music with something for every meter: a hole, click, clipping, stall, NaN, step of level, silence, hum."""
    signal = music(rate_hz, seconds, channels=channels)
    signal += tone(rate_hz, seconds, -50.0, frequency_hz=50.0, channels=channels)
    at = rate_hz
    signal[:, 2 * at : 2 * at + 900] = 0.0
    signal[0, 3 * at + 7] += 0.5
    np.clip(signal[:, 4 * at : 5 * at] * 3, -0.9, 0.9, out=signal[:, 4 * at : 5 * at])
    signal[0, 5 * at + at // 3 : 5 * at + 2 * at // 3] = 0.31
    signal[0, 6 * at : 6 * at + 3] = np.nan
    signal[:, 7 * at :] *= 0.5
    signal[:, -at:] = 0.0
    return signal


@pytest.fixture(
    scope="module", params=[(44_100, 14.0, 2), (96_000, 9.0, 2), (22_050, 10.0, 1), (8_000, 10.0, 6)], ids=str
)
def mix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rate_hz, seconds, channels = request.param
    path = tmp_path_factory.mktemp("mix") / "mix.wav"
    soundfile.write(path, faulty(rate_hz, seconds, channels).T, rate_hz, subtype="FLOAT")
    return path


Way = Literal["mix", "stem", "stem, for holes", "stem, in full"]


def measured(path: Path, sizes: list[int] | None, way: Way) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        if sizes is not None:
            recut(sizes, patch)
        with open_audio(path) as source:
            if way == "stem":
                return measure_stem(source, breaks=EVERY_KIND)
            if way == "stem, for holes":
                return measure_stem(source, breaks={"gaps"})
            return measure(source, lambda _fraction, _stage: None, probes=True, stem=way != "mix")


@cache
def as_it_comes(path: Path, way: Way) -> Any:
    return measured(path, None, way)


@pytest.mark.parametrize("way", get_args(Way))
@settings(max_examples=4)
@given(sizes=SIZES)
def test_all_meters_of_a_mix_or_a_stem_find_the_same_in_blocks_of_any_size(
    mix: Path, sizes: list[int], way: Way
) -> None:
    assert_same(measured(mix, sizes, way), as_it_comes(mix, way))


def test_a_report_with_stems_has_the_same_bytes_whatever_the_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stems = small_band()
    path = tmp_path / "mix.wav"
    soundfile.write(path, mixed(stems).T, 44_100, subtype="PCM_24")
    asked = Settings(genre="techno", stems=written(tmp_path / "stems", stems))
    whole = to_json(analyze_file(path, asked).report)
    recut([997, 1, 44_100] * 8, monkeypatch)
    assert to_json(analyze_file(path, asked).report) == whole
