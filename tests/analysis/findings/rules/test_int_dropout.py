"""``int.dropout``: holes, gathered by place."""

import numpy as np
import pytest

from support.mixes import RATE_HZ, clean, with_defects
from support.small_band import small_band
from support.stem_cases import ask_stems
from support.verdicts import ask, ask_one
from uptrack_analysis.measure.results import Gap, Measured, Repeat


def holed(*gaps: tuple[float, float], channels: tuple[int, ...] = (0, 1)) -> Measured:
    """Holes at ``(start_s, length_ms)``."""
    return with_defects(
        clean(),
        gaps=tuple(Gap(round(start * RATE_HZ), round((start + ms / 1000) * RATE_HZ), channels) for start, ms in gaps),
    )


@pytest.mark.parametrize(("length_ms", "word"), [(2.5, "minor"), (5.0, "moderate"), (23.0, "blocker")])
def test_a_longer_hole_is_worse(length_ms: float, word: str) -> None:
    finding = ask_one("int.dropout", holed((14.118, length_ms)))
    assert finding.severity == word
    assert finding.value == pytest.approx(length_ms, abs=0.03)
    assert "0:14.118" in finding.advice


def test_holes_within_a_bar_are_one_place_and_further_ones_another() -> None:
    near_and_far = ask("int.dropout", holed((10.0, 5), (10.5, 9), (30.0, 5)))
    assert sorted(len(finding.spans) for finding in near_and_far) == [1, 2]
    assert len({finding.id for finding in near_and_far}) == 2


def test_a_hole_in_one_channel_names_it() -> None:
    finding = ask_one("int.dropout", holed((10.0, 9), channels=(1,)))
    assert finding.spans[0].channel == 1
    assert "in right" in finding.advice


def test_a_hole_every_second_is_likelier_an_effect() -> None:
    findings = ask("int.dropout", holed(*((1.0 + 1.3 * k, 9.0) for k in range(44))))
    assert {finding.severity for finding in findings} == {"minor"}


def test_holes_that_keep_the_time_of_a_driver_are_told_as_surely_as_any() -> None:
    often = holed(*((1.0 + 1.3 * k, 9.0) for k in range(44)))
    findings = ask("int.dropout", with_defects(often, regular_gaps=44))
    assert {finding.severity for finding in findings} == {"major"}


def test_a_sample_that_a_stalled_stream_held_is_told_as_one_and_blocks() -> None:
    stalled = with_defects(clean(), held=(Gap(441_000, 463_050, (0, 1)),))
    finding = ask_one("int.dropout", stalled)
    assert finding.severity == "blocker"
    assert finding.value == pytest.approx(500.0)
    assert finding.advice.startswith("One sample held for 500 ms at 0:10.000: render again")


def test_the_findings_count_every_hole_or_say_of_how_many_they_tell() -> None:
    all_told = ask("int.dropout", holed(*((2.0 * k + d, 9.0) for k in range(1, 20) for d in (0.0, 0.1))))
    assert len(all_told) == 19
    assert all(finding.advice.startswith("2 gaps, ") for finding in all_told)
    some = ask("int.dropout", holed(*((2.0 * k + d, 9.0) for k in range(1, 25) for d in (0.0, 0.1)), (52.0, 30.0)))
    assert len(some) == 20
    assert {finding.advice.split(", ")[0] for finding in some} == {"2 gaps of 49 in the file", "A gap of 30 ms"}
    assert any("one of 49 in the file, at 0:52" in finding.advice for finding in some)


def test_no_hole_no_finding() -> None:
    assert ask("int.dropout", clean()) == ()


def repeating(*repeats: tuple[float, float]) -> Measured:
    """Copies at ``(start_s, length_ms)`` of what comes before."""
    blocks = [(round(at_s * RATE_HZ), round(ms / 1000 * RATE_HZ)) for at_s, ms in repeats]
    return with_defects(clean(), repeats=tuple(Repeat(start, start + length, length) for start, length in blocks))


@pytest.mark.parametrize(("length_ms", "word"), [(2.5, "minor"), (5.8, "moderate"), (23.0, "major")])
def test_a_block_that_comes_twice_is_as_bad_as_a_hole_and_no_blocker(length_ms: float, word: str) -> None:
    finding = ask_one("int.dropout", repeating((14.118, length_ms)))
    assert (finding.severity, finding.title) == (word, "Block played twice")
    assert "0:14.118" in finding.advice
    assert finding.end_s - finding.start_s == pytest.approx(length_ms / 1000, abs=1e-4)


def test_copies_all_over_are_likelier_an_effect_and_copies_in_a_bar_one_place() -> None:
    assert {one.severity for one in ask("int.dropout", repeating(*((1 + 1.7 * k, 9.0) for k in range(34))))} == {
        "minor"
    }
    assert [len(one.spans) for one in ask("int.dropout", repeating((10.0, 9.0), (10.5, 9.0)))] == [2]


def test_a_block_that_comes_twice_in_a_stem_is_laid_to_that_stem() -> None:
    band = small_band(seconds=12.0)
    rng = np.random.default_rng(3)
    band["Pad"] = band["Pad"] + (0.01 * rng.standard_normal(band["Pad"].shape)).astype(np.float32)
    at, length = 5 * RATE_HZ + 1234, 1024
    # The others rest for a moment, so that the copy is one in the mix, too.
    for name in ("Kick", "Bass", "Hats"):
        band[name][:, at - RATE_HZ // 2 : at + RATE_HZ // 2] = 0.0
    band["Pad"][:, at : at + length] = band["Pad"][:, at - length : at]
    (finding,) = [one for one in ask_stems("int.dropout", band) if one.title == "Block played twice"]
    assert finding.stem == "Pad"
    assert "It is in the stem Pad already" in finding.advice
