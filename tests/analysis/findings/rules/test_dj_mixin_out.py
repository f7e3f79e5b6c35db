"""``dj.mixin_out``: bars to mix over, by the family's habit."""

from dataclasses import replace

import pytest

from support.mixes import arranged, clean
from support.verdicts import ask, ask_one, ask_unsure, why_unmeasured
from uptrack_analysis.measure.results import Measured, SectionKind, Structure


def track(intro: int, outro: int) -> Measured:
    ends: list[tuple[SectionKind | None, int, float]] = [("drop", 96, -8.2)]
    ends = [("intro", intro, -11.0), *ends] if intro else ends
    return arranged([*ends, ("outro", outro, -11.0)] if outro else ends)


@pytest.mark.parametrize("bars", [12, 8, 0])
def test_a_short_intro_is_minor_however_short(bars: int) -> None:
    finding = ask_one("dj.mixin_out", track(bars, 16))
    assert finding.severity == "info"
    assert finding.value == bars
    assert f"with {16 - bars} bars of drums more" in finding.advice
    assert finding.start_s == 0.0
    assert finding.end_s == pytest.approx(bars * 240 / 130)


def test_a_missing_outro_is_told_at_the_end() -> None:
    finding = ask_one("dj.mixin_out", track(16, 0))
    assert finding.title == "Short outro for a DJ"
    assert finding.end_s == pytest.approx(112 * 240 / 130, abs=0.5)


def test_sixteen_bars_are_enough_for_techno_and_four_for_hip_hop() -> None:
    assert ask("dj.mixin_out", track(16, 16)) == ()
    assert ask("dj.mixin_out", track(14, 16)) == ()
    assert ask("dj.mixin_out", track(4, 4), genre="hip-hop") == ()
    assert len(ask("dj.mixin_out", track(4, 4))) == 2


def with_intro(onset_share: float, kick_share: float) -> Measured:
    mix = track(16, 16)
    first, *rest = mix.structure.sections
    return replace(mix, structure=Structure((replace(first, onset_share=onset_share, kick_share=kick_share), *rest)))


def test_hats_alone_keep_a_beat_and_a_pad_does_not() -> None:
    assert ask("dj.mixin_out", with_intro(0.4, 0.0)) == ()
    finding = ask_one("dj.mixin_out", with_intro(0.05, 0.0))
    assert finding.value == 0
    assert "comes before has none" in finding.advice


def test_ambient_and_streams_need_no_intro() -> None:
    assert ask("dj.mixin_out", track(0, 0), genre="ambient") == ()
    assert ask("dj.mixin_out", track(0, 0), target="stream") == ()


def test_loops_and_names_nobody_is_sure_of_are_not_judged() -> None:
    assert "two minutes" in why_unmeasured("dj.mixin_out", clean())
    assert why_unmeasured("dj.mixin_out", clean(200.0)).endswith(".")
    mix = track(0, 0)
    unsure = Structure(tuple(replace(part, confidence=0.4) for part in mix.structure.sections))
    assert ask("dj.mixin_out", replace(mix, structure=unsure)) == ()


def test_an_unsure_guess_quotes_the_genre_s_own_bars_and_says_what_passes() -> None:
    finding, _outro = ask_unsure("dj.mixin_out", track(0, 0), "techno")
    assert (
        "Techno is mixed over 16 bars or more (the genre is a guess that is not sure, so 6 still passes)"
        in finding.advice
    )
    assert finding.advice.startswith("No bar with a beat before the music")
    assert finding.advice.endswith("6 bars of drums more at the start.")
