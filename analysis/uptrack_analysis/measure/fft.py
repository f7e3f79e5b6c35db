"""Real FFTs along the last axis, by SciPy's own engine in the precision of their input.

``import scipy.fft`` brings array-API layers, special functions and ``numpy.f2py`` along: 0.4 s of processor time, half
of what a cold ``uptrack analyze`` would spend on imports. The transform itself is one extension module of 0.02 s that
needs none of that, so it is loaded by itself; where SciPy keeps it elsewhere, ``scipy.fft`` answers, bit for bit.
"""

from __future__ import annotations

import importlib.util
import itertools
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.signal import FloatArray

# Up to SciPy 1.17, and from 1.18 on: another engine with the same functions.
_PLACES = ("_pocketfft/pypocketfft", "_duccfft/pyduccfft")
_LAST = (-1,)
_BY_LENGTH = 2


def _extension() -> Any:
    """SciPy's extension module, or ``None`` where it is in none of the places it had so far."""
    package = importlib.util.find_spec("scipy")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent / "fft"
    for place, suffix in itertools.product(_PLACES, EXTENSION_SUFFIXES):
        path = folder / f"{place}{suffix}"
        if path.exists():
            return _loaded(path)
    return None


def _loaded(path: Path) -> Any:
    name = path.name.partition(".")[0]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ImportError:
        return None
    return module if hasattr(module, "r2c") and hasattr(module, "c2r") else None


_engine: Any = _extension()


def rfft(samples: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Spectrum of real samples, not normalised.

    Parameters
    ----------
    samples : array, shape (..., n), float32 or float64
    out : array, shape (..., n // 2 + 1), complex64 or complex128, optional
        Where to put the answer.
    """
    if _engine is not None:
        return cast("NDArray[Any]", _engine.r2c(samples, _LAST, True, 0, out, 1))
    import scipy.fft

    spectrum: NDArray[Any] = scipy.fft.rfft(samples, axis=-1)
    if out is None:
        return spectrum
    out[...] = spectrum
    return out


def irfft(spectrum: NDArray[np.complex128], length: int) -> FloatArray:
    """The ``length`` real samples of a spectrum, shape (..., length // 2 + 1): what ``rfft`` was given."""
    if _engine is not None:
        return cast("FloatArray", _engine.c2r(spectrum, _LAST, length, False, _BY_LENGTH, None, 1))
    import scipy.fft

    samples: FloatArray = scipy.fft.irfft(spectrum, length, axis=-1)
    return samples


def fast_length(at_least: int) -> int:
    """The smallest length that is no shorter and has no prime factor over 5: its transform is a fast one."""
    length = max(1, at_least)
    best = 1 << (length - 1).bit_length()
    five = 1
    while five < best:
        odd = five
        while odd < best:
            # As many twos as it takes, none if there are enough without.
            best = min(best, odd << (-(-length // odd) - 1).bit_length())
            odd *= 3
        five *= 5
    return best
