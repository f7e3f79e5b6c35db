"""``dj.phrase``: one drop that does not begin where everything else does."""

from dataclasses import replace

import pytest

from support.mixes import arranged, clean
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import Measured, SectionKind, Structure

Sketch = list[tuple[SectionKind | None, int, float]]


def track(*bars: int) -> Measured:
    kinds: tuple[SectionKind, ...] = ("intro", "drop", "break", "drop", "outro")
    return arranged([(kind, count, -9.0) for kind, count in zip(kinds, bars, strict=True)])


@pytest.mark.parametrize(
    ("bars", "words"),
    [
        ((16, 32, 18, 46, 16), "begins in bar 67, 2 bars after the phrase that every other change keeps to: bar 65"),
        ((15, 33, 16, 48, 16), "begins in bar 16, 1 bar before the phrase that every other change keeps to: bar 17"),
    ],
)
def test_a_drop_off_the_phrase_is_minor_and_says_where_it_is_expected(bars: tuple[int, ...], words: str) -> None:
    finding = ask_one("dj.phrase", track(*bars))
    assert finding.severity == "info"
    assert words in finding.advice
    assert finding.start_s == pytest.approx((int(words.split()[3].rstrip(",")) - 1) * 240 / 130)


def test_a_file_may_start_anywhere_in_a_phrase() -> None:
    assert ask("dj.phrase", track(13, 32, 16, 48, 16)) == ()


def test_half_a_phrase_is_no_fault() -> None:
    assert ask("dj.phrase", track(16, 32, 20, 48, 16)) == ()
    assert ask("dj.phrase", arranged()) == ()


def test_where_the_others_do_not_agree_nobody_knows() -> None:
    assert ask("dj.phrase", track(16, 33, 17, 46, 16)) == ()


def test_only_a_dj_minds() -> None:
    assert ask("dj.phrase", track(16, 32, 18, 46, 16), target="stream") == ()


def test_too_few_changes_or_no_names_are_not_judged() -> None:
    few: Sketch = [("intro", 15, -9.0), ("drop", 33, -9.0), ("outro", 16, -9.0)]
    assert "Too few" in why_unmeasured("dj.phrase", arranged(few))
    assert why_unmeasured("dj.phrase", clean()).endswith(".")


def test_a_drop_nobody_is_sure_of_is_not_blamed() -> None:
    mix = track(16, 32, 18, 46, 16)
    unsure = Structure(tuple(replace(part, confidence=0.4) for part in mix.structure.sections))
    assert ask("dj.phrase", replace(mix, structure=unsure)) == ()
