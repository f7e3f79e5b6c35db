from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.signals import cut
from uptrack_analysis.errors import InvalidSignal
from uptrack_analysis.measure.framing import Framer, check_block, check_stream, hann, vorbis_window
from uptrack_analysis.signal import Block


def frames_of(framer: Framer, blocks: list[Block], total: int) -> Block:
    batches = [batch.copy() for block in blocks for batch in framer.push(block)]
    batches += [batch.copy() for batch in framer.finish(total)]
    return np.concatenate(batches, axis=1)


@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(0, 40), max_size=20),
    length=st.integers(1, 12),
    lead=st.integers(0, 6),
    batch=st.integers(1, 5),
    data=st.data(),
)
def test_every_frame_is_the_stretch_of_the_stream_it_names(
    sizes: list[int], length: int, lead: int, batch: int, data: st.DataObject
) -> None:
    hop = data.draw(st.integers(1, length))
    lead = min(lead, length)
    stream = np.arange(1, 1 + 2 * 100, dtype=np.float32).reshape(2, 100)
    total = 100 // hop + 1
    found = frames_of(Framer(2, length, hop, lead=lead, batch=batch), list(cut(stream, sizes)), total)
    padded = np.concatenate([np.zeros((2, lead)), stream, np.zeros((2, (total + batch) * hop + length))], axis=1)
    expected = np.stack([padded[:, k * hop : k * hop + length] for k in range(total)], axis=1)
    np.testing.assert_array_equal(found[:, :total], expected)


def test_no_sample_is_weighed_with_nothing_and_halves_overlap_to_one() -> None:
    window = hann(64)
    assert window.min() > 0
    np.testing.assert_allclose(window[:32] + window[32:], 1, atol=1e-6)


def test_half_a_length_apart_the_squares_of_vorbis_windows_add_up_to_one() -> None:
    window = vorbis_window(64)
    assert window.min() > 0
    np.testing.assert_allclose(window[:32] ** 2 + window[32:] ** 2, 1, atol=1e-6)


@pytest.mark.parametrize(("rate_hz", "channels"), [(7_999, 2), (192_001, 2), (44_100, 0)])
def test_a_stream_nobody_can_measure_is_refused(rate_hz: int, channels: int) -> None:
    with pytest.raises(InvalidSignal, match="expected"):
        check_stream(rate_hz, channels)


def test_a_block_of_another_shape_is_refused_with_both_shapes() -> None:
    with pytest.raises(InvalidSignal, match=r"\(2, frames\), got \(1, 10\)"):
        check_block(np.zeros((1, 10), dtype=np.float32), 2)
