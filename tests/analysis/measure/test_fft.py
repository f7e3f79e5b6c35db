"""The FFT that is loaded without its package gives what the package gives, to the bit, and so does the way round it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import scipy.fft
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from uptrack_analysis.measure import fft


@pytest.fixture(params=["extension", "package"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "package":
        monkeypatch.setattr(fft, "_engine", None)
    else:
        assert fft._engine is not None


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("length", [1, 2, 7, 512, 4096, 4410])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_is_scipys_transform_to_the_bit(length: int, kind: Any) -> None:
    samples: NDArray[Any] = np.random.default_rng(length).standard_normal((3, length)).astype(kind)
    expected = scipy.fft.rfft(samples, axis=-1)
    spectrum = fft.rfft(samples)
    assert spectrum.dtype == expected.dtype
    np.testing.assert_array_equal(spectrum, expected)
    out = np.empty_like(expected)
    assert fft.rfft(samples, out) is out
    np.testing.assert_array_equal(out, expected)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("length", [1, 2, 9, 1000])
def test_the_inverse_gives_the_samples_back(length: int) -> None:
    samples = np.random.default_rng(length).standard_normal((2, length))
    np.testing.assert_allclose(fft.irfft(fft.rfft(samples), length), samples, atol=1e-12)


@given(st.integers(0, 100_000))
def test_a_fast_length_is_scipys(at_least: int) -> None:
    assert fft.fast_length(at_least) == scipy.fft.next_fast_len(max(1, at_least), real=True)


def test_analysing_loads_neither_scipys_packages_nor_librosa() -> None:
    code = "import sys, uptrack_analysis.analyze; print([m for m in ('scipy', 'librosa', 'numba') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
