"""Which family judges: named, guessed, or owned up to as unknown."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import HOP_S, clean
from support.verdicts import case_of
from uptrack_analysis.errors import BadInput
from uptrack_analysis.findings.genre import choose_genre, kick_regularity
from uptrack_analysis.measure.results import Measured, TempoEstimate
from uptrack_analysis.report import ProjectFacts

# Kicks of a 4/4 bar, in sixteenths.
EVERY_BEAT = (0, 4, 8, 12)
TWO_STEP = (0, 10)
HALF_TIME = (0,)


def drums(bpm: float, kicks: tuple[int, ...], duration_s: float = 40.0, confidence: float = 0.9) -> Measured:
    """The clean mix with its low end played by a kick of 80 ms decay."""
    mix = clean(duration_s)
    times = mix.bands.times_s
    sixteenth = 60.0 / bpm / 4
    onsets = (
        np.array([16 * bar + k for bar in range(int(duration_s / (16 * sixteenth)) + 1) for k in kicks]) * sixteenth
    )
    since = times[:, None] - onsets[None, :]
    envelope = np.where(since >= -HOP_S / 2, np.exp(-np.maximum(since, 0.0) / 0.08), 0.0).max(axis=1)
    low = mix.bands.edges_hz[:-1] < 130.0
    gain = np.where(low[None, :], envelope[:, None] ** 2 + 1e-6, 1.0)
    bands = replace(mix.bands, ll=mix.bands.ll * gain, rr=mix.bands.rr * gain, dd=mix.bands.dd * gain)
    return replace(mix, bands=bands, tempo=TempoEstimate(bpm, confidence, ()))


@pytest.mark.parametrize("bpm", [110.0, 128.0, 140.0, 174.0])
def test_a_kick_on_every_beat_is_told_from_a_broken_one(bpm: float) -> None:
    regularity = [kick_regularity(drums(bpm, kicks), bpm) for kicks in (EVERY_BEAT, HALF_TIME, TWO_STEP)]
    assert regularity[0] is not None
    assert regularity[0] > 0.8
    assert all(value is not None and value < 0.4 for value in regularity[1:])


def test_without_a_low_end_or_time_the_kick_is_unknown() -> None:
    mix = clean(20.0)
    silent = replace(mix.bands, ll=np.zeros_like(mix.bands.ll), rr=np.zeros_like(mix.bands.rr))
    assert kick_regularity(replace(mix, bands=silent), 128.0) is None
    assert kick_regularity(drums(128.0, EVERY_BEAT, 5.0), 128.0) is None


def test_a_named_genre_is_taken_at_its_word() -> None:
    choice = choose_genre("Deep House", drums(174.0, TWO_STEP), ProjectFacts())
    assert (choice.family, choice.how, choice.confidence) == ("house", "given", 1.0)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(BadInput, match="polka"):
        choose_genre("polka", clean(), ProjectFacts())


@pytest.mark.parametrize(
    ("bpm", "kicks"), [(126.0, TWO_STEP), (105.0, TWO_STEP), (45.0, HALF_TIME), (174.0, EVERY_BEAT)]
)
def test_a_tempo_that_many_styles_share_is_not_guessed_by_being_the_only_window(
    bpm: float, kicks: tuple[int, ...]
) -> None:
    assert choose_genre(None, drums(bpm, kicks), ProjectFacts(bpm=bpm)).how == "unsure"


@pytest.mark.parametrize(
    ("bpm", "kicks", "family"),
    [
        (174.0, TWO_STEP, "dnb"),
        (128.0, EVERY_BEAT, "fourfloor"),
        (140.0, EVERY_BEAT, "fourfloor"),
        (120.0, EVERY_BEAT, "fourfloor"),
    ],
)
def test_tempo_and_kick_together_name_a_family(bpm: float, kicks: tuple[int, ...], family: str) -> None:
    choice = choose_genre(None, drums(bpm, kicks), ProjectFacts(bpm=bpm))
    assert (choice.family, choice.how) == (family, "guessed")
    assert 0.5 < choice.confidence < 1.0
    assert f"{bpm:.0f} bpm" in choice.reason


def test_what_several_families_share_is_not_guessed() -> None:
    choice = choose_genre(None, drums(140.0, HALF_TIME), ProjectFacts(bpm=140.0))  # dubstep or trap
    assert (choice.family, choice.how) == ("general", "unsure")
    assert "dubstep" in choice.reason.casefold()
    assert "trap" in choice.reason


@pytest.mark.parametrize(
    ("bpm", "kicks", "reason"),
    [
        (
            45.0,
            HALF_TIME,
            "tempo of 45 bpm and a broken kick pattern would suit Ambient and downtempo, but other music",
        ),
        (140.0, HALF_TIME, "would suit Dubstep and bass music or Hip-hop and trap."),
        (300.0, EVERY_BEAT, "no genre here goes with the project's tempo of 300 bpm"),
    ],
)
def test_why_nothing_was_guessed_is_a_sentence(bpm: float, kicks: tuple[int, ...], reason: str) -> None:
    choice = choose_genre(None, drums(bpm, kicks), ProjectFacts(bpm=bpm))
    assert choice.how == "unsure"
    assert reason in choice.reason


def test_the_project_s_tempo_outranks_the_detected_one() -> None:
    mix = replace(drums(174.0, TWO_STEP), tempo=TempoEstimate(116.0, 0.9, ()))
    assert choose_genre(None, mix, ProjectFacts(bpm=174.0)).family == "dnb"


def test_a_doubtful_tempo_guesses_nothing() -> None:
    choice = choose_genre(None, drums(174.0, TWO_STEP, confidence=0.2), ProjectFacts())
    assert (choice.family, choice.how) == ("general", "unsure")
    assert "no steady tempo" in choice.reason


def test_an_unsure_guess_widens_tolerances_and_lowers_confidence() -> None:
    mix = drums(140.0, HALF_TIME)
    unsure, given = case_of(mix, None), case_of(mix, "techno")
    assert unsure.family.tonal_warn_db > given.family.tonal_warn_db
    assert unsure.genre.confidence < given.genre.confidence
