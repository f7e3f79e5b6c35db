"""Rounding: one place, by the unit in a field's name."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.reports import a_finding, a_report
from uptrack_analysis.report import DynamicsFigures, Span, to_json
from uptrack_analysis.rounding import decimals_for, round_to, rounded


@pytest.mark.parametrize(
    ("name", "decimals"),
    [
        ("integrated_lufs", 2),
        ("range_lu", 2),
        ("true_peak_dbtp", 2),
        ("tilt_db_per_octave", 2),
        ("true_peak_s", 3),
        ("low_hz", 1),
        ("bpm", 4),
        ("correlation_low", 3),
        ("overall", 0),
        ("points", 1),
        ("dc_offset", 6),
    ],
)
def test_a_unit_decides_how_many_decimals_a_figure_keeps(name: str, decimals: int) -> None:
    assert decimals_for(name) == decimals


def test_a_name_that_only_ends_in_the_letters_of_a_unit_is_not_that_unit() -> None:
    assert decimals_for("clipped_runs") == 3  # not seconds, by luck the same; and "excess" ends in s, too
    assert decimals_for("thresholdb") == 3  # not dB


def test_infinity_and_nan_become_none_where_a_figure_may_be_missing() -> None:
    assert rounded(DynamicsFigures(crest_db=math.nan, rms_dbfs=-math.inf)) == DynamicsFigures(None, None)


def test_infinity_is_an_error_where_the_report_has_no_place_for_nothing() -> None:
    with pytest.raises(ValueError, match="end_s is inf"):
        rounded(Span(0.0, math.inf))


def test_the_open_end_of_a_range_is_none() -> None:
    assert rounded(a_finding(ok_range=(-math.inf, 1.23456))).ok_range == (None, 1.23)


@given(st.lists(st.one_of(st.none(), st.floats(-1e4, 1e4), st.just(math.inf)), min_size=1, max_size=300))
def test_a_long_curve_is_rounded_as_its_points_are(values: list[float | None]) -> None:
    curve = rounded(dataclasses.replace(a_report().series, psr_db=tuple(values))).psr_db
    for value, kept in zip(values, curve, strict=True):
        if value is None or not math.isfinite(value):
            assert kept is None
        else:
            assert kept is not None
            assert abs(kept - value) <= 0.005 + 1e-9 * max(1.0, abs(value))
            assert kept == round_to(kept, 2)
            assert math.copysign(1.0, kept) == 1.0 or kept < 0  # no minus zero


def test_a_long_curve_with_a_hole_where_none_may_be_is_an_error() -> None:
    waveform = a_report().series.waveform
    with pytest.raises(ValueError, match="holds a point that is missing"):
        rounded(dataclasses.replace(waveform, rms=(math.nan,) * 100))


def test_rounding_reaches_every_depth_of_a_report() -> None:
    deep = a_finding(spans=(Span(1.00049, 2.0),))
    assert rounded(a_report(findings=(deep,))).findings[0].spans[0].start_s == 1.0


def test_rounding_a_rounded_report_changes_nothing() -> None:
    once = rounded(a_report())
    assert to_json(rounded(once)) == to_json(once)


@given(st.floats(-1e6, 1e6))
def test_no_figure_is_ever_minus_zero(value: float) -> None:
    assert math.copysign(1.0, round_to(value, 2)) > 0 or round_to(value, 2) < 0


def test_every_float_of_the_loudness_figures_has_at_most_its_units_decimals() -> None:
    loudness = a_report().measurements.loudness
    names = [field.name for field in dataclasses.fields(loudness) if field.name != "true_peak_channel"]
    thirds: dict[str, Any] = dict.fromkeys(names, 1 / 3)
    figures = rounded(dataclasses.replace(loudness, **thirds))
    for name in names:
        assert getattr(figures, name) == (0.333 if name.endswith("_s") else 0.33), name
