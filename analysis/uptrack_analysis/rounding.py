"""The one place where figures lose digits: by the unit in the field's name, when the report is built.

A reader of the report never rounds again, so what a page, a marker and a dashboard show is the same number.
Infinity and NaN become ``None`` where a figure may be missing, and an error where it may not.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import numpy as np

DataclassT = TypeVar("DataclassT")

DECIMALS_BY_UNIT: tuple[tuple[str, int], ...] = (
    # Longest unit first: the first one a field's name is, or ends in, decides.
    ("db_per_octave", 2),
    ("lufs", 2),
    ("lu", 2),
    ("dbtp", 2),
    # Curves of a plot: a tenth of a decibel is less than a line's width.
    ("level_dbfs", 1),
    ("rise_db", 1),
    ("dbfs", 2),
    ("db", 2),
    # Beats are counted from it to the end of the file: a hundredth is a beat's tenth after five minutes.
    ("bpm", 4),
    ("cents", 1),
    ("hz", 1),
    ("ms", 1),
    ("cents", 1),
    ("s", 3),
    ("confidence", 3),
    ("coverage", 3),
    ("exposure", 3),
    ("correlation", 3),
    ("correlation_low", 3),
    ("dc_offset", 6),
    ("points", 1),
    # Fine enough that a score made again from them is the score.
    ("penalty", 6),
    # As fine as ``dc_offset``, which it is compared with.
    ("sample_value", 6),
    # A finding's figure, in decibels mostly: two decimals, as the level it came from has.
    ("value", 2),
    ("ok_range", 2),
    ("told_from", 2),
    ("scale", 2),
    # One point of score is "no change": a decimal would claim more than the thresholds know.
    ("overall", 0),
    ("score", 0),
)
OTHER_DECIMALS = 3
_CURVE_POINTS = 64


def round_to(value: float, decimals: int) -> float:
    """Round one figure; minus zero becomes zero, so that equal figures are equal bytes."""
    return round(float(value), decimals) + 0.0


@cache
def decimals_for(name: str) -> int:
    """How many decimals a field of this name keeps."""
    for unit, decimals in DECIMALS_BY_UNIT:
        if name == unit or name.endswith("_" + unit):
            return decimals
    return OTHER_DECIMALS


def rounded(record: DataclassT) -> DataclassT:
    """A copy of a report's dataclass with every float in it rounded, however deep.

    Raises
    ------
    ValueError
        A figure that must be a number is NaN or infinite: a bug in a measurement or a rule.
    """
    if not dataclasses.is_dataclass(record) or isinstance(record, type):
        raise TypeError(f"expected a dataclass instance; got {type(record).__name__}")
    changes = {
        name: _rounded(getattr(record, name), name, may_be_missing=may_be_missing)
        for name, may_be_missing in _fields(type(record))
    }
    return dataclasses.replace(record, **changes)


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, bool], ...]:
    """Name of each field of a dataclass, and whether its figure may be missing."""
    return tuple((field.name, "None" in str(field.type)) for field in dataclasses.fields(kind))


def _rounded(value: Any, name: str, *, may_be_missing: bool) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return round_to(value, decimals_for(name))
        if may_be_missing:
            return None
        raise ValueError(f"{name} is {value}, and the report has no place for that")
    if isinstance(value, tuple):
        if len(value) >= _CURVE_POINTS and all(type(item) is float or item is None for item in value):
            return _rounded_curve(value, name, may_be_missing=may_be_missing)
        return tuple(_rounded(item, name, may_be_missing=may_be_missing) for item in value)
    if isinstance(value, Mapping):
        return {key: _rounded(item, name, may_be_missing=may_be_missing) for key, item in value.items()}
    return rounded(value)


def _rounded_curve(values: tuple[float | None, ...], name: str, *, may_be_missing: bool) -> tuple[float | None, ...]:
    """Thousands of points at once; they may differ from one by one where nothing follows a last digit of five."""
    curve = np.array(values, dtype=np.float64)  # None becomes NaN
    curve = np.round(curve, decimals_for(name)) + 0.0
    if np.isfinite(curve).all():
        return tuple(curve.tolist())
    if not may_be_missing:
        raise ValueError(f"{name} holds a point that is missing or infinite, and the report has no place for that")
    return tuple(value if math.isfinite(value) else None for value in curve.tolist())
