"""Whose a finding is: shares that add up, at the place and in the band that is meant."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from support.measured_stems import measured_stem
from support.small_band import mixed, small_band
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.measure.breaks import Kind
from uptrack_analysis.measure.one_pass import measure
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.signal import Block
from uptrack_analysis.stems.attribution import Blame, shares
from uptrack_analysis.stems.results import Alignment, Stem, Stems

RATE_HZ = 44_100


@cache
def band() -> dict[str, Block]:
    stems = small_band(seconds=12.0)
    # The pad pauses for a third of the time, and leans left when it plays.
    stems["Pad"][:, 4 * RATE_HZ : 8 * RATE_HZ] = 0
    stems["Pad"][1] *= 0.5
    return stems


def stem(name: str, samples: Block, *, breaks: Collection[Kind] = ()) -> Stem:
    return Stem(name, None, measured_stem(samples, breaks=breaks), Alignment(), "other", 0.0)


@cache
def stems() -> Stems:
    return Stems(tuple(stem(name, samples) for name, samples in band().items()), None)


@cache
def mix() -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mix.wav"
        soundfile.write(path, mixed(band()).T, RATE_HZ, subtype="FLOAT")
        with open_audio(path) as source:
            return measure(source, lambda _fraction, _stage: None)


def share_of(
    blame: Blame, spans: list[tuple[float, float]], low_hz: float | None = None, high_hz: float | None = None
) -> dict[str, float]:
    return dict(shares(mix(), stems(), blame, spans, low_hz, high_hz))


def test_each_band_belongs_to_the_stem_that_plays_there() -> None:
    assert max(share_of("power", [(0, 12)], 8000, 16000).items(), key=lambda one: one[1])[0] == "Hats"
    assert max(share_of("power", [(0, 4)], 320, 700).items(), key=lambda one: one[1])[0] == "Pad"


def test_a_stem_that_pauses_has_no_share_in_its_pause() -> None:
    assert share_of("power", [(5, 7)], 320, 700).get("Pad", 0.0) < 0.01


def test_width_and_lean_have_owners_of_their_own() -> None:
    assert max(share_of("left", [(0, 4)]).items(), key=lambda one: one[1])[0] == "Pad"
    assert max(share_of("side", [(0, 4)], 320, 700).items(), key=lambda one: one[1])[0] == "Pad"


def test_what_no_stem_has_is_nobodys() -> None:
    """A mix turned down on the right after its stems were summed: those lean nowhere."""
    leaning = replace(mix(), bands=replace(mix().bands, ll=mix().bands.ll * 4))
    upright = Stems(tuple(one for one in stems().stems if one.name in {"Kick", "Bass"}), None)
    assert shares(leaning, upright, "left", [(0, 12)]) == ()


def test_an_offset_is_the_stems_that_has_it() -> None:
    offset = stem("Bass", band()["Bass"] + np.float32(0.02))
    others = tuple(one for one in stems().stems if one.name != "Bass")
    dc = replace(mix(), defects=replace(mix().defects, dc_offset=np.array([0.02, 0.02])))
    assert shares(dc, Stems((*others, offset), None), "offset", [])[0][0] == "Bass"


def test_a_hole_is_the_stems_that_has_it_at_that_time() -> None:
    holed = band()["Hats"].copy()
    holed[:, 2 * RATE_HZ + 10_000 : 2 * RATE_HZ + 10_900] = 0
    pad = stem("Pad", np.where(holed == 0, 0, band()["Pad"]), breaks=["gaps"])
    found = Stems((*(one for one in stems().stems if one.name != "Pad"), pad), None)
    at_s = 2 + 10_000 / RATE_HZ
    assert shares(mix(), found, "faults", [(at_s, at_s + 0.02)]) == (("Pad", 1.0),)
    assert shares(mix(), found, "faults", [(9.0, 9.02)]) == ()


def test_a_sample_that_is_held_is_the_stems_that_holds_it() -> None:
    stalled = band()["Bass"].copy()
    stalled[:, 3 * RATE_HZ : 3 * RATE_HZ + 20_000] = np.float32(0.0625)
    bass = stem("Bass", stalled, breaks=["held"])
    found = Stems((*(one for one in stems().stems if one.name != "Bass"), bass), None)
    assert shares(mix(), found, "faults", [(3.0, 3.0 + 20_000 / RATE_HZ)]) == (("Bass", 1.0),)
    assert shares(mix(), found, "faults", [(9.0, 9.02)]) == ()


def test_a_hole_that_comes_at_even_intervals_in_its_stem_is_that_stems_too() -> None:
    holed = band()["Pad"].copy()
    places = [round(at_s * RATE_HZ) for at_s in np.arange(0.4, 4.0, 0.43)]
    for place in places:
        holed[:, place : place + 400] = 0
    pad = stem("Pad", holed, breaks=["gaps"])
    assert pad.measured.breaks is not None
    assert pad.measured.breaks.gaps == ()
    found = Stems((*(one for one in stems().stems if one.name != "Pad"), pad), None)
    at_s = places[3] / RATE_HZ
    assert shares(mix(), found, "faults", [(at_s, at_s + 0.009)]) == (("Pad", 1.0),)


def test_a_stem_counts_by_what_it_is_in_the_mix() -> None:
    down = Alignment(gain_db=-12.0, level_db=-12.0, by="waveform")
    turned = [replace(one, alignment=down) if one.name == "Hats" else one for one in stems().stems]
    before = share_of("power", [(0, 4)], 2000, 8000)
    after = dict(shares(mix(), Stems(tuple(turned), None), "power", [(0, 4)], 2000, 8000))
    ratio = (after["Hats"] / after["Pad"]) / (before["Hats"] / before["Pad"])
    assert 10 * np.log10(ratio) == pytest.approx(-12.0, abs=0.01)


@given(start_s=st.floats(0, 11), length_s=st.floats(0, 4), low=st.sampled_from([None, 40.0, 300.0, 4000.0]))
def test_shares_are_of_a_whole_and_in_order(start_s: float, length_s: float, low: float | None) -> None:
    found = shares(mix(), stems(), "power", [(start_s, start_s + length_s)], low, None if low is None else 4 * low)
    amounts = [share for _name, share in found]
    assert amounts == sorted(amounts, reverse=True)
    assert not amounts or sum(amounts) == pytest.approx(1.0)
