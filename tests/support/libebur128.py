"""What libebur128, the C library that most open meters are built on, says of a signal: an independent opinion.

Only what the tests ask is declared; the constants are those of its header ``ebur128.h`` (version 1.2).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
import os
from typing import NamedTuple

import numpy as np
import pytest

from uptrack_analysis.signal import Block

_MODE_M, _MODE_S, _MODE_I, _MODE_LRA, _SAMPLE_PEAK, _TRUE_PEAK = 1, 3, 5, 11, 17, 49
_MODE = _MODE_M | _MODE_S | _MODE_I | _MODE_LRA | _SAMPLE_PEAK | _TRUE_PEAK


class Verdict(NamedTuple):
    integrated_lufs: float
    range_lu: float
    true_peak_dbtp: tuple[float, ...]


def libebur128(signal: Block, rate_hz: int) -> Verdict:
    """Measure ``signal``, shape (channels, frames); fails in CI, and skips elsewhere, where it is not installed."""
    library = _library()
    channels, frames = signal.shape
    state = library.ebur128_init(channels, rate_hz, _MODE)
    assert state
    try:
        samples = np.ascontiguousarray(signal.T, dtype=np.float32)
        pointer = samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        assert library.ebur128_add_frames_float(state, pointer, frames) == 0
        value = ctypes.c_double()

        def ask(question: str, *which: int) -> float:
            assert getattr(library, f"ebur128_{question}")(state, *which, ctypes.byref(value)) == 0
            return value.value

        peaks = tuple(20 * math.log10(ask("true_peak", channel)) for channel in range(channels))
        return Verdict(ask("loudness_global"), ask("loudness_range"), peaks)
    finally:
        library.ebur128_destroy(ctypes.byref(ctypes.c_void_p(state)))


def _library() -> ctypes.CDLL:
    name = ctypes.util.find_library("ebur128")
    if name is None:
        if os.environ.get("CI") == "true":
            pytest.fail("expected libebur128 on this machine, as CI installs it; install it or fix the CI image")
        pytest.skip("libebur128 is not installed")
    library = ctypes.CDLL(name)
    state, number = ctypes.c_void_p, ctypes.POINTER(ctypes.c_double)
    library.ebur128_init.restype = state
    library.ebur128_init.argtypes = [ctypes.c_uint, ctypes.c_ulong, ctypes.c_int]
    library.ebur128_destroy.argtypes = [ctypes.POINTER(state)]
    library.ebur128_add_frames_float.argtypes = [state, ctypes.POINTER(ctypes.c_float), ctypes.c_size_t]
    library.ebur128_loudness_global.argtypes = [state, number]
    library.ebur128_loudness_range.argtypes = [state, number]
    library.ebur128_true_peak.argtypes = [state, ctypes.c_uint, number]
    return library
