"""Time of one version found again in another: phrases put in or taken out, gain and mended bands notwithstanding."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.reports import a_report
from uptrack_analysis.compare.alignment import EXTEND, OPEN, Alignment, _path, align
from uptrack_analysis.report import BandCurve, Report
from uptrack_analysis.signal import FloatArray

STEP_S = 0.5
NAMES = ("sub", "bass", "upper bass", "low mids", "mids", "presence", "brilliance", "air")


def song(seed: int = 1, steps: int = 160) -> FloatArray:
    """Levels of eight bands: parts of 8 s that differ by some decibels, and something of its own in every step."""
    random = np.random.default_rng(seed)
    parts = random.normal(-20, 6, (steps // 16 + 1, 8))
    return np.repeat(parts, 16, axis=0)[:steps] + random.normal(0, 2, (steps, 8))


def report_of(levels: FloatArray, name: str = "mix.wav") -> Report:
    base = a_report(name=name)
    momentary = np.repeat(levels.max(axis=1), round(STEP_S / 0.1))
    digest = hashlib.sha256(levels.tobytes()).hexdigest()
    return dataclasses.replace(
        base,
        source=dataclasses.replace(base.source, sha256=digest, duration_s=len(levels) * STEP_S),
        series=dataclasses.replace(
            base.series,
            momentary_lufs=tuple(momentary.tolist()),
            bands_step_s=STEP_S,
            bands=tuple(BandCurve(name, tuple(levels[:, k].tolist())) for k, name in enumerate(NAMES)),
        ),
    )


def pieces(alignment: Alignment) -> list[tuple[float, float, float]]:
    return [(piece.old_s, piece.new_s, piece.length_s) for piece in alignment.pieces]


def test_a_file_lies_on_itself() -> None:
    one = report_of(song())
    assert pieces(align(one, one)) == [(0.0, 0.0, 80.0)]
    assert align(one, one).likeness == 1.0


@settings(max_examples=25)
@given(at=st.integers(0, 160), count=st.integers(4, 60))
def test_a_phrase_that_was_put_in_is_found_to_the_step(at: int, count: int) -> None:
    old, phrase = song(), song(2, count)
    new = np.concatenate([old[:at], phrase, old[at:]])
    alignment = align(report_of(old), report_of(new))
    assert alignment.versions_of_one_mix
    # Where the phrase happens to begin or end as the music around it does, the seam may lie a step to the side.
    for start, end in ((0, at - 2), (at + 2, 160)):
        for step in range(max(0, start), end, 7):
            ((new_s, _),) = alignment.to_new([(step * STEP_S, step * STEP_S)])
            assert new_s == pytest.approx((step + (count if step >= at else 0)) * STEP_S, abs=0.11)
    assert sum(end - start for start, end in alignment.inserted) == pytest.approx(count * STEP_S, abs=1.1)


@settings(max_examples=25)
@given(at=st.integers(0, 100), count=st.integers(4, 60))
def test_what_was_taken_out_is_nowhere_and_the_rest_moves_up(at: int, count: int) -> None:
    old = song()
    new = np.concatenate([old[:at], old[at + count :]])
    alignment = align(report_of(old), report_of(new))
    ((new_s, _),) = alignment.to_new([(79.0, 79.0)])
    assert new_s == pytest.approx(79.0 - count * STEP_S, abs=0.11)
    middle = (at + count / 2) * STEP_S
    assert not alignment.to_new([(middle - 0.6, middle + 0.6)]) or count < 8


def test_the_path_costs_what_the_cheapest_one_costs() -> None:
    random = np.random.default_rng(5)
    for _ in range(20):
        rows, columns = random.integers(1, 40, 2)
        differences = random.random((rows, columns))
        np.fill_diagonal(differences[:, int(random.integers(0, columns)) :], 0.0)
        assert cost_of(_path(differences), differences) == pytest.approx(cheapest(differences))


def cost_of(pairs: list[tuple[int, int]], differences: FloatArray) -> float:
    total, row, column = 0.0, 0, 0
    for next_row, next_column in [*pairs, differences.shape]:
        for skipped in (next_row - row, next_column - column):
            total += OPEN + EXTEND * skipped if skipped else 0.0
        if (next_row, next_column) != differences.shape:
            total += float(differences[next_row, next_column])
        row, column = next_row + 1, next_column + 1
    return total


def cheapest(differences: FloatArray) -> float:
    """By the textbook: every cell, every state, one at a time."""
    rows, columns = differences.shape
    best = np.full((3, rows + 1, columns + 1), np.inf)
    best[0, 0, 0] = 0.0
    for row in range(rows + 1):
        for column in range(columns + 1):
            if row and column:
                best[0, row, column] = best[:, row - 1, column - 1].min() + differences[row - 1, column - 1]
            if row:
                above = best[:, row - 1, column] + np.array([OPEN, 0.0, OPEN]) + EXTEND
                best[1, row, column] = above.min()
            if column:
                left = best[:, row, column - 1] + np.array([OPEN, OPEN, 0.0]) + EXTEND
                best[2, row, column] = left.min()
    return float(best[:, rows, columns].min())


@settings(max_examples=25)
@given(gain_db=st.floats(-24, 12), seed=st.integers(0, 20))
def test_gain_moves_nothing(gain_db: float, seed: int) -> None:
    old = song(seed)
    alignment = align(report_of(old), report_of(old + gain_db))
    assert pieces(alignment) == [(0.0, 0.0, 80.0)]
    assert alignment.likeness == pytest.approx(1.0, abs=1e-6)


def test_bands_that_were_mended_move_nothing() -> None:
    old = song()
    new = old.copy()
    new[40:120, 7] -= 9.0
    new[:, 0] += 4.0
    assert pieces(align(report_of(old), report_of(new))) == [(0.0, 0.0, 80.0)]


@settings(max_examples=25)
@given(st.integers(0, 10), st.integers(0, 10), st.integers(20, 120))
def test_who_asks_the_other_way_round_gets_the_same_pieces(one: int, other: int, steps: int) -> None:
    first, second = report_of(song(one)), report_of(song(other, steps))
    assert align(first, second) == align(second, first).swapped()


@settings(max_examples=25)
@given(st.integers(0, 10), st.integers(0, 10), st.integers(1, 120))
def test_pieces_keep_their_order_inside_both_files(one: int, other: int, steps: int) -> None:
    alignment = align(report_of(song(one)), report_of(song(other, steps)))
    old_end = new_end = 0.0
    for piece in alignment.pieces:
        assert piece.length_s > 0
        assert piece.old_s >= old_end - 1e-9
        assert piece.new_s >= new_end - 1e-9
        old_end, new_end = piece.old_s + piece.length_s, piece.new_s + piece.length_s
    assert old_end <= alignment.old_duration_s + 1e-9
    assert new_end <= alignment.new_duration_s + 1e-9


def test_files_with_nothing_in_common_are_not_called_versions() -> None:
    assert not any(align(report_of(song(1)), report_of(song(seed))).versions_of_one_mix for seed in range(2, 12))


def test_a_longer_file_with_wider_steps_is_still_found() -> None:
    old = song(1, 320)
    coarse = report_of(old.reshape(160, 2, 8).mean(axis=1))
    coarse = dataclasses.replace(
        coarse,
        source=dataclasses.replace(coarse.source, duration_s=160.0),
        series=dataclasses.replace(coarse.series, bands_step_s=1.0, step_s=0.2),
    )
    ((start, end),) = align(report_of(old), coarse).to_new([(30.0, 40.0)])
    assert [start, end] == pytest.approx([30.0, 40.0], abs=0.6)


def test_reports_without_band_curves_are_aligned_by_loudness_and_silence_by_the_clock() -> None:
    base = report_of(song())
    old = dataclasses.replace(base, series=dataclasses.replace(base.series, bands=()))
    assert pieces(align(old, dataclasses.replace(old, source=dataclasses.replace(old.source, sha256="0" * 64))))
    empty = dataclasses.replace(base.series, bands=(), short_term_lufs=(), momentary_lufs=())
    silent = dataclasses.replace(base, series=empty, source=dataclasses.replace(base.source, sha256="1" * 64))
    assert pieces(align(base, silent)) == [(0.0, 0.0, 80.0)]
