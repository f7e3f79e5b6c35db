"""Arrangements whose parts are known are found again: where they change, within a bar, and what they are."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from support.arrangements import Arrangement, play
from support.signals import cut
from uptrack_analysis.measure import structure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.onsets import OnsetEnvelope, OnsetMeter
from uptrack_analysis.measure.results import BandMatrix, BeatGrid, Loudness, SectionEstimate, SectionKind, Structure
from uptrack_analysis.measure.structure import NO_BEAT, NO_CONTRAST, find_structure
from uptrack_analysis.signal import Block

RATE_HZ = 22_050

HOUSE = Arrangement(
    "house",
    126.0,
    "four",
    """
    intro 8: kick hats
    drop 16: kick hats clap shaker bass arp
    break 8: pad arp*0.8 air
    build 8: swell riser roll
    drop 16: kick hats clap shaker bass arp lead
    outro 8: kick hats shaker
    """,
    lead_s=0.7,
)
DRUM_AND_BASS = Arrangement(
    "drum and bass",
    174.0,
    "breaks",
    """
    intro 16: pad arp
    build 8: swell riser roll
    drop 16: kick clap hats shaker bass sub
    break 16: pad arp*0.7
    drop 16: kick clap hats shaker bass sub lead
    outro 8: kick clap hats
    """,
    seed=4,
    root_hz=43.7,
)
ONE_TEXTURE = Arrangement("one texture", 128.0, "four", "drop 32: kick hats clap bass arp", seed=6)


@dataclass(frozen=True)
class Heard:
    """What the meters made of a signal."""

    bands: BandMatrix
    onsets: OnsetEnvelope
    loudness: Loudness
    duration_s: float

    def structure(self, grid: BeatGrid | None) -> Structure:
        return find_structure(self.bands, self.onsets, self.loudness, grid, self.duration_s)


def listen(signal: Block, rate_hz: int = RATE_HZ, sizes: tuple[int, ...] = ()) -> Heard:
    channels = signal.shape[0]
    bands, onsets = BandMeter(rate_hz, channels), OnsetMeter(rate_hz, channels)
    loudness = LoudnessMeter(rate_hz, ("L", "R")[:channels] if channels > 1 else ("M",))
    for block in cut(signal, sizes):
        bands.push(block)
        onsets.push(block)
        loudness.push(block)
    return Heard(bands.finish(), onsets.finish(), loudness.finish(), signal.shape[1] / rate_hz)


@cache
def played(song: Arrangement) -> Block:
    return play(song, RATE_HZ)


@cache
def heard(song: Arrangement) -> Heard:
    return listen(played(song))


def kinds(structure: Structure) -> list[str | None]:
    return [section.kind for section in structure.sections]


def starts_s(structure: Structure) -> list[float]:
    return [section.start_s for section in structure.sections]


@pytest.mark.parametrize("song", [HOUSE, DRUM_AND_BASS], ids=lambda song: song.name)
def test_every_part_begins_on_its_bar_and_has_its_name(song: Arrangement) -> None:
    found = heard(song).structure(song.grid)
    truth = song.sections()
    assert kinds(found) == [kind for kind, _, _ in truth]
    # On the very bar: the beat grid is given, and the fills before a change are its part's own.
    assert starts_s(found) == pytest.approx([start_s for _, start_s, _ in truth], abs=0.02)
    assert [round(section.bars or 0) for section in found.sections] == [part.bars for part in song.parts]
    assert found.reason is None
    assert all(0.4 < section.confidence <= 1.0 for section in found.sections)


@pytest.mark.parametrize("song", [HOUSE, DRUM_AND_BASS], ids=lambda song: song.name)
@pytest.mark.parametrize("late_beats", [1, 2, 3])
def test_changes_tell_where_bars_begin_when_the_downbeat_is_a_guess(song: Arrangement, late_beats: int) -> None:
    true = song.grid
    assert true.first_downbeat_s is not None
    for guess_s in (None, true.first_downbeat_s + late_beats * true.beat_s):
        grid = BeatGrid(true.beat_s, true.first_beat_s, guess_s, 4, 0.1, None)
        assert starts_s(heard(song).structure(grid)) == pytest.approx(starts_s(heard(song).structure(true)), abs=0.02)


def test_bars_count_from_the_first_downbeat() -> None:
    found = heard(HOUSE).structure(HOUSE.grid)
    assert [section.first_bar for section in found.sections] == [1, 9, 25, 33, 41, 57]


def test_the_figures_that_decided_are_those_of_the_parts() -> None:
    intro, drop, pause, build, _, outro = heard(HOUSE).structure(HOUSE.grid).sections
    assert drop.fullness > max(intro.fullness, pause.fullness, build.fullness, outro.fullness)
    assert pause.low_end_db < -12 < -6 < drop.low_end_db
    assert build.rise_db > 6 > abs(drop.rise_db)
    assert pause.kick_share < 0.75 * drop.kick_share
    assert drop.loudness_lufs is not None
    assert pause.loudness_lufs is not None
    assert drop.loudness_lufs > pause.loudness_lufs + 3


@pytest.mark.parametrize("song", [HOUSE, DRUM_AND_BASS], ids=lambda song: song.name)
def test_without_a_beat_parts_are_found_by_their_sound_alone_and_have_no_name(song: Arrangement) -> None:
    found = heard(song).structure(None)
    assert found.reason == NO_BEAT
    assert {(section.kind, section.bars, section.first_bar) for section in found.sections} == {(None, None, None)}
    for _, start_s, _ in song.sections():
        assert min(abs(start_s - other) for other in starts_s(found)) < 0.5 or start_s == 0


@pytest.mark.parametrize("grid", [ONE_TEXTURE.grid, None])
def test_one_texture_is_one_section(grid: BeatGrid | None) -> None:
    found = heard(ONE_TEXTURE).structure(grid)
    assert [(section.kind, section.start_s) for section in found.sections] == [(None, 0.0)]
    assert found.sections[0].end_s == ONE_TEXTURE.duration_s
    assert found.reason == (NO_BEAT if grid is None else NO_CONTRAST)


def test_noise_is_one_section() -> None:
    noise = 0.1 * np.random.default_rng(2).standard_normal((2, 60 * RATE_HZ))
    assert len(listen(noise.astype(np.float32)).structure(None).sections) == 1


@pytest.mark.parametrize("seconds", [0.001, 5.0, 29.9])
def test_a_short_file_has_no_sections_and_says_why(seconds: float) -> None:
    found = listen(played(HOUSE)[:, : round(seconds * RATE_HZ)]).structure(HOUSE.grid)
    assert found.sections == ()
    assert found.reason is not None
    assert "30 s" in found.reason


def test_silence_has_no_sections_and_says_why() -> None:
    found = listen(np.zeros((2, 40 * RATE_HZ), dtype=np.float32)).structure(HOUSE.grid)
    assert found.sections == ()
    assert found.reason is not None
    assert "LUFS" in found.reason


def test_a_tail_that_rings_out_is_no_part() -> None:
    rest = np.zeros((2, round(1.6 * HOUSE.bar_s * RATE_HZ)), dtype=np.float32)
    found = listen(np.concatenate([played(HOUSE), rest], axis=1)).structure(HOUSE.grid)
    assert kinds(found) == [kind for kind, _, _ in HOUSE.sections()]


@pytest.mark.parametrize("grid", [HOUSE.grid, None])
def test_sections_follow_each_other_without_a_gap(grid: BeatGrid | None) -> None:
    for song in (HOUSE, DRUM_AND_BASS):
        sections = heard(song).structure(grid).sections
        assert sections[0].start_s == 0.0
        assert sections[-1].end_s == pytest.approx(song.duration_s, abs=1e-4)
        assert all(first.end_s == second.start_s for first, second in pairwise(sections))
        assert all(section.end_s > section.start_s for section in sections)


def assert_alike(first: SectionEstimate, second: SectionEstimate, tolerance: float) -> None:
    for field in fields(SectionEstimate):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if field.name != "loudness_lufs":
            assert one == pytest.approx(other, abs=tolerance) if isinstance(one, float) else one == other


@pytest.mark.parametrize("grid", [HOUSE.grid, None])
def test_gain_never_shows(grid: BeatGrid | None) -> None:
    whole = heard(HOUSE).structure(grid)
    quiet = listen(played(HOUSE) * np.float32(0.05)).structure(grid)
    assert len(whole.sections) == len(quiet.sections)
    for loud, soft in zip(whole.sections, quiet.sections, strict=True):
        assert_alike(loud, soft, 1e-3)
        assert loud.loudness_lufs is not None
        assert soft.loudness_lufs == pytest.approx(loud.loudness_lufs - 26.02, abs=0.01)


def test_block_size_and_repetition_never_show() -> None:
    pieced = listen(played(HOUSE), sizes=(1, 7_919, 131_072, 40_009))
    for grid in (HOUSE.grid, None):
        assert pieced.structure(grid) == heard(HOUSE).structure(grid)


def test_a_mono_file_at_8_khz_has_its_parts_too() -> None:
    mono = play(HOUSE, 8_000).mean(axis=0, keepdims=True)
    found = listen(mono, 8_000).structure(HOUSE.grid)
    assert starts_s(found) == pytest.approx([start_s for _, start_s, _ in HOUSE.sections()], abs=0.02)
    assert all(np.isfinite(section.rise_db) for section in found.sections)


@pytest.mark.parametrize(("first_sure", "parts"), [(0.9, 1), (0.4, 2)])
def test_what_is_hardly_a_drop_is_no_part_of_a_sure_one_behind_it(
    monkeypatch: pytest.MonkeyPatch, first_sure: float, parts: int
) -> None:
    # The names are given here, because no song of ours is so nearly a build that an encoder makes it a drop.
    def named(found: list[SectionEstimate]) -> list[tuple[SectionKind, float]]:
        parts: list[tuple[SectionKind, float]] = [("intro", 0.9)] * (len(found) - 2)
        return [*parts, ("drop", first_sure), ("drop", 0.9)]

    monkeypatch.setattr(structure, "name_parts", named)
    drops = [part for part in heard(HOUSE).structure(HOUSE.grid).sections if part.kind == "drop"]
    assert len(drops) == parts
    assert drops[0].confidence == first_sure
    assert drops[-1].confidence == 0.9
