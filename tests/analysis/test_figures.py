"""Figures as people read them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptrack_analysis.figures import channel_name, clock, digits, frequency, signed


@pytest.mark.parametrize(
    ("time_s", "decimals", "text"),
    [
        (65.4, 0, "1:05"),
        (59.96, 1, "1:00.0"),
        (59.9996, 3, "1:00.000"),
        (134.118, 3, "2:14.118"),
        (3_725.25, 3, "1:02:05.250"),
        (-1.5, 1, "−0:01.5"),
    ],
)
def test_times_read_like_a_clock(time_s: float, decimals: int, text: str) -> None:
    assert clock(time_s, decimals) == text


def test_figures_have_a_real_minus_and_no_minus_zero() -> None:
    assert [signed(-1.25), signed(0.04), signed(-0.04), signed(2)] == ["−1.2", "0.0", "0.0", "+2.0"]
    assert [digits(-0.01), digits(-7.1), digits(-0.001, 2), digits(0.61, 2)] == ["0.0", "−7.1", "0.00", "0.61"]


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_a_figure_reads_back_as_itself_to_its_digits(value: float, decimals: int) -> None:
    for text in (digits(value, decimals), signed(value, decimals)):
        assert re.fullmatch(r"[+−]?\d+(\.\d+)?", text)
        assert float(text.replace("−", "-")) == round(value, decimals)


def test_frequencies_read_as_on_an_equaliser() -> None:
    read = [frequency(hertz) for hertz in (58.27, 126, 999.4, 999.7, 1995, 2500)]
    assert read == ["58.3 Hz", "126 Hz", "999 Hz", "1 kHz", "2 kHz", "2.5 kHz"]


def test_channels_are_called_by_their_names() -> None:
    assert [channel_name(0, 1), channel_name(1, 2), channel_name(4, 6)] == ["mono", "right", "channel 5"]
