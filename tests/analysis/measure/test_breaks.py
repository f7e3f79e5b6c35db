"""Holes, clicks, repeated blocks and held samples of a stem, found as in a mix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import cut, music
from uptrack_analysis.measure.breaks import EVERY_KIND, BreakMeter, Kind
from uptrack_analysis.measure.defects import DefectMeter
from uptrack_analysis.measure.results import Breaks
from uptrack_analysis.signal import Block

RATE = 44_100


def broken() -> Block:
    """A click, a hole, a block that comes twice, and a sample that is held."""
    signal = music(RATE, 8).copy()
    signal[:, 60_000] += np.float32(0.6)
    signal[:, 150_000:150_882] = 0.0
    signal[:, 300_000:310_000] = np.float32(0.3125)
    return np.concatenate([signal[:, :250_000], signal[:, 248_976:250_000], signal[:, 251_024:]], axis=1)


def breaks(signal: Block, *pieces: Block) -> Breaks:
    meter = BreakMeter(RATE, signal.shape[0])
    for piece in pieces or (signal,):
        meter.push(piece)
    return meter.finish()


def test_a_stem_has_the_breaks_that_the_same_file_has_as_a_mix() -> None:
    meter = DefectMeter(RATE, 2)
    meter.push(broken())
    defects = meter.finish()
    found = breaks(broken())
    assert [len(getattr(found, kind)) for kind in ("gaps", "repeats", "held")] == [1, 1, 1]
    assert found == Breaks(defects.gaps, defects.clicks, defects.repeats, held=defects.held)
    assert breaks(music(RATE, 8)) == Breaks((), (), ())


@pytest.mark.parametrize("kind", sorted(EVERY_KIND))
def test_only_what_is_sought_is_found(kind: Kind) -> None:
    meter = BreakMeter(RATE, 2, sought={kind})
    meter.push(broken())
    found = meter.finish()
    assert [name for name in sorted(EVERY_KIND) if getattr(found, name)] == [kind]
    assert set(getattr(breaks(broken()), kind)) <= set(getattr(found, kind))


@settings(max_examples=10)
@given(st.lists(st.integers(0, 8 * RATE), max_size=6))
def test_breaks_do_not_depend_on_block_size(places: list[int]) -> None:
    signal = broken()
    assert breaks(signal, *cut(signal, places)) == breaks(signal)
