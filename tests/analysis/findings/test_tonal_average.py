"""The tonal average against the figures printed with its coefficients."""

import numpy as np
import pytest

from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import average_tilt_db_per_octave

MIDS = (500.0, 2000.0)


@pytest.mark.parametrize(
    ("low_hz", "high_hz", "printed_db"),
    [
        (30, 60, -13.8),
        (60, 120, -3.8),
        (120, 250, -1.0),
        (250, 500, -0.9),
        (2000, 4000, -8.0),
        (4000, 8000, -12.9),
        (8000, 15_700, -19.1),
    ],
)
def test_band_powers_are_integrals_of_the_density(low_hz: float, high_hz: float, printed_db: float) -> None:
    level = load_tonal_average().band_level_db(low_hz, high_hz, reference_hz=MIDS)
    assert level == pytest.approx(printed_db, abs=0.06)  # printed to one decimal


@pytest.mark.parametrize(
    ("centre_hz", "printed_db"),
    [(63, -4.9), (80, -1.4), (100, 0.7), (200, 2.0), (315, 2.2), (500, 1.7), (2000, -3.1), (4000, -7.4), (8000, -13.1)],
)
def test_third_octaves_agree_with_the_printed_ones(centre_hz: float, printed_db: float) -> None:
    step = 2 ** (1 / 6)
    level = load_tonal_average().band_level_db(
        centre_hz / step, centre_hz * step, reference_hz=(1000 / step, 1000 * step)
    )
    assert level == pytest.approx(printed_db, abs=0.15)  # nominal centres: 63 Hz stands for 62.5 or 63.1


@pytest.mark.parametrize(
    ("frequency_hz", "printed"), [(200, -2.35), (400, -3.67), (800, -4.99), (1600, -6.30), (3200, -7.62), (6400, -8.94)]
)
def test_local_slopes_agree_with_the_printed_ones(frequency_hz: float, printed: float) -> None:
    below, above = load_tonal_average().density_db(np.array([frequency_hz / 2**0.05, frequency_hz * 2**0.05]))
    assert (above - below) / 0.1 == pytest.approx(printed, abs=0.02)


def test_a_line_through_the_average_falls_by_five_point_eight_db_an_octave() -> None:
    edges = 94.0 * (15_700 / 94.0) ** np.linspace(0, 1, 200)
    slope = average_tilt_db_per_octave(load_tonal_average(), edges, edges[0], edges[-1])
    assert slope == pytest.approx(-5.79, abs=0.05)


def test_a_band_twice_as_wide_holds_the_sum_of_its_halves() -> None:
    low, middle, high = (
        load_tonal_average().band_power(np.array([a]), np.array([b]))[0]
        for a, b in ((1000.0, 1300.0), (1300.0, 2000.0), (1000.0, 2000.0))
    )
    assert low + middle == pytest.approx(high, rel=1e-4)
