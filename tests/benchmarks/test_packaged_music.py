"""The set of songs out of Debian's packages: what it is made of and how a lossy one is counted; nothing is fetched."""

from __future__ import annotations

from pathlib import Path

import fault_mixes
import numpy as np
import packaged_music
import pytest
from fault_kinds import KINDS
from fault_mixes import RATE_HZ, Mix
from fault_runs import Figures, Job, Outcome, Seen, but_of_the_source
from packaged_music import LOSSLESS, LOSSY, Song, plans

SONGS = (*LOSSLESS, *LOSSY)


def test_every_table_holds_what_it_says() -> None:
    assert [song.lossy for song in SONGS] == [False] * len(LOSSLESS) + [True] * len(LOSSY)
    assert len({song.package for song in SONGS}) >= 8


def test_the_first_mixes_are_lossless_and_lossy_in_turn() -> None:
    assert [plan.lossy for plan in plans()[:6]] == [False, True] * 3
    assert sorted(plan.name for plan in plans()) == sorted(song.name for song in SONGS)


def test_no_song_is_in_one_of_the_halves_too() -> None:
    names = [plan.name for plan in (*plans(), *fault_mixes.plans())]
    assert len(set(names)) == len(names)


def test_a_song_over_full_scale_is_turned_down_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    song = Song("none", "none.ogg", "Noise", "nobody")
    kept = tmp_path / song.package / song.file
    kept.parent.mkdir()
    kept.touch()
    monkeypatch.setattr(packaged_music, "CACHE", tmp_path)
    peaks_dbfs = []
    for level in (0.9, 1.8):
        noise = np.random.default_rng(1).uniform(-level, level, (2, 10 * RATE_HZ)).astype(np.float32)
        monkeypatch.setattr(packaged_music, "_decoded", lambda _path, noise=noise: noise)
        peaks_dbfs.append(20 * np.log10(np.abs(packaged_music._mix(song).sound).max()))
    assert peaks_dbfs == pytest.approx([20 * np.log10(0.9), -1.0], abs=0.01)


def test_no_codec_is_planted_in_a_song_that_came_through_one() -> None:
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, (2, 5 * RATE_HZ)).astype(np.float32)
    codec = next(kind for kind in KINDS if kind.name == "lossy on the way")
    for lossy in (False, True):
        planted = codec.plant(Mix("noise", "noise", noise, lossy=lossy), 64.0, np.random.default_rng(1))
        assert (planted is None) == lossy


def test_what_is_said_of_a_lossy_source_is_counted_neither_way() -> None:
    said = [
        Seen(rule, rule, "major", False, 2.0, None, "", 0.9, (), None, None, None, None)
        for rule in ("int.format", "int.click")
    ]
    outcome = Outcome(Job("mix"), "club", "house", None, Figures(-9.0, -1.0, 0, 60.0), tuple(said))
    assert [seen.rule for seen in but_of_the_source(outcome).findings] == ["int.click"]
