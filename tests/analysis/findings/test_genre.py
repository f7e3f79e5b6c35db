"""Which family judges: named, guessed, or owned up to as unknown."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import HOP_S, clean, with_silence
from support.verdicts import case_of
from uptrack_analysis.errors import BadInput
from uptrack_analysis.findings.families import load_families
from uptrack_analysis.findings.genre import OTHER, choose_family, kick_regularity, likelihoods
from uptrack_analysis.findings.genre_cues import cues_of
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.results import Measured, TempoEstimate
from uptrack_analysis.report import GenreChoice, ProjectFacts

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


def with_snare(mix: Measured, bpm: float, beats: tuple[int, ...]) -> Measured:
    """The same with 1 to 5 kHz played by a snare of 60 ms decay on these beats of a bar of four, 0 being the first."""
    bar_s, times = 240.0 / bpm, mix.bands.times_s
    hits = np.array([bar * bar_s + beat * bar_s / 4 for bar in range(int(times[-1] / bar_s) + 1) for beat in beats])
    since = times[:, None] - hits[None, :]
    envelope = np.where(since >= -HOP_S / 2, np.exp(-np.maximum(since, 0.0) / 0.06), 0.0).max(axis=1)
    edges = mix.bands.edges_hz[:-1]
    gain = np.where(((edges >= 900.0) & (edges <= 5500.0))[None, :], envelope[:, None] ** 2 + 1e-6, 1.0)
    bands = replace(mix.bands, ll=mix.bands.ll * gain, rr=mix.bands.rr * gain, dd=mix.bands.dd * gain)
    return replace(mix, bands=bands)


def chosen(name: str | None, measured: Measured, project: ProjectFacts) -> GenreChoice:
    choice, _limits = choose_family(name, measured, project)
    return choice


@pytest.mark.parametrize("bpm", [128.0, 140.0, 172.0])
def test_a_snare_once_a_bar_is_told_from_one_on_two_and_four_and_from_noise(bpm: float) -> None:
    half, back = (cues_of(with_snare(drums(bpm, HALF_TIME), bpm, beats), bpm) for beats in ((2,), (1, 3)))
    assert half.snare_half_time is not None
    assert back.snare_half_time is not None
    assert half.snare_half_time > 0.4
    assert back.snare_half_time < 0.1
    assert cues_of(drums(bpm, HALF_TIME), bpm).snare_half_time is None


def snare_in_seconds(late_s: float) -> float:
    """The cue of short noises on beats two and four but every fourth, all of it so much later in the file."""
    rate_hz, bpm = 44_100, 120.0
    rng = np.random.default_rng(3)
    hit = 0.3 * rng.standard_normal(900) * np.hanning(900)
    sound = 1e-4 * rng.standard_normal(30 * rate_hz)
    for beat in (beat for beat in range(1, 56, 2) if beat % 8 != 3):
        start = round((beat * 60 / bpm + late_s) * rate_hz)
        sound[start : start + hit.size] += hit
    meter = BandMeter(rate_hz, 1)
    meter.push(sound[None].astype(np.float32))
    heard = cues_of(replace(clean(30.0), bands=meter.finish()), bpm).snare_half_time
    assert heard is not None
    return heard


def test_a_snare_is_heard_alike_wherever_the_frames_happen_to_lie() -> None:
    heard = [snare_in_seconds(late_s) for late_s in np.arange(4) * HOP_S / 4]
    assert max(heard) - min(heard) < 0.01


def test_silence_behind_the_music_is_no_cue() -> None:
    mix = with_snare(drums(128.0, EVERY_BEAT), 128.0, (1, 3))
    assert cues_of(with_silence(mix, 10.0), 128.0) == cues_of(mix, 128.0)


def test_the_snare_moves_a_guess_where_tempo_and_kick_leave_it_open() -> None:
    mix = drums(142.0, HALF_TIME)
    half, back = (likelihoods(with_snare(mix, 142.0, beats), {142.0: 1.0}) for beats in ((2,), (1, 3)))
    assert half["dubstep"] > 3 * back["dubstep"]
    assert back["hiphop"] > back["dubstep"]


def test_likelihoods_are_shares_of_all_that_it_could_be() -> None:
    for bpm in (20.0, 90.0, 128.0, 174.0, 400.0):
        likely = likelihoods(drums(128.0, EVERY_BEAT), {bpm: 0.7, 2 * bpm: 0.3})
        assert sum(likely.values()) == pytest.approx(1.0)
        assert OTHER in likely


def test_what_speaks_for_a_guess_is_in_its_sentence() -> None:
    choice = chosen(None, with_snare(drums(174.0, TWO_STEP), 174.0, (1, 3)), ProjectFacts(bpm=174.0))
    assert choice.family == "dnb"
    assert "174 bpm" in choice.reason
    assert "a broken kick pattern" in choice.reason
    assert "a snare twice a bar" in choice.reason


def test_a_tempo_without_a_kick_is_not_guessed_from() -> None:
    assert chosen(None, replace(clean(40.0), tempo=TempoEstimate(174.0, 0.9, ())), ProjectFacts()).how == "unsure"


def test_a_tempo_that_is_hardly_another_hardly_moves_a_guess() -> None:
    sure = [
        chosen(None, drums(128.0, EVERY_BEAT), ProjectFacts(bpm=128.0 + step)).confidence
        for step in np.arange(-1.0, 1.01, 0.1)
    ]
    assert np.abs(np.diff(sure)).max() < 0.02


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


def test_no_limit_and_no_confidence_leaps_where_a_guess_becomes_likely_enough() -> None:
    # From drum and bass for sure, over a guess that is not, to none, by twentieths of a beat a minute.
    judged = [
        choose_family(None, drums(174.0, TWO_STEP), ProjectFacts(bpm=bpm)) for bpm in np.arange(180.0, 190.0, 0.05)
    ]
    assert {choice.how for choice, _family in judged} == {"guessed", "unsure"}
    assert {choice.widened for choice, _family in judged} > {0.0}
    for figures in (
        [choice.confidence for choice, _family in judged],
        [family.tonal_warn_db / load_families()["general"].tonal_warn_db for _choice, family in judged],
        [family.club_loudness_lufs[0] / load_families()["general"].club_loudness_lufs[0] for _choice, family in judged],
    ):
        assert max(figures) - min(figures) > 0.1
        assert np.abs(np.diff(figures)).max() < 0.05


def test_a_named_genre_is_taken_at_its_word() -> None:
    choice = chosen("Deep House", drums(174.0, TWO_STEP), ProjectFacts())
    assert (choice.family, choice.how, choice.confidence) == ("house", "given", 1.0)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(BadInput, match="polka"):
        chosen("polka", clean(), ProjectFacts())


@pytest.mark.parametrize(
    ("bpm", "kicks"), [(126.0, TWO_STEP), (105.0, TWO_STEP), (45.0, HALF_TIME), (174.0, EVERY_BEAT)]
)
def test_a_tempo_that_many_styles_share_is_not_guessed_by_being_the_only_window(
    bpm: float, kicks: tuple[int, ...]
) -> None:
    assert chosen(None, drums(bpm, kicks), ProjectFacts(bpm=bpm)).how == "unsure"


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
    choice = chosen(None, drums(bpm, kicks), ProjectFacts(bpm=bpm))
    assert (choice.family, choice.how) == (family, "guessed")
    assert 0.5 < choice.confidence < 1.0
    assert f"{bpm:.0f} bpm" in choice.reason


def test_what_several_families_share_is_not_guessed() -> None:
    choice = chosen(None, drums(140.0, HALF_TIME), ProjectFacts(bpm=140.0))  # dubstep or trap
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
    choice = chosen(None, drums(bpm, kicks), ProjectFacts(bpm=bpm))
    assert choice.how == "unsure"
    assert reason in choice.reason


def test_the_project_s_tempo_outranks_the_detected_one() -> None:
    mix = replace(drums(174.0, TWO_STEP), tempo=TempoEstimate(116.0, 0.9, ()))
    assert chosen(None, mix, ProjectFacts(bpm=174.0)).family == "dnb"


def test_a_doubtful_tempo_guesses_nothing() -> None:
    choice = chosen(None, drums(174.0, TWO_STEP, confidence=0.2), ProjectFacts())
    assert (choice.family, choice.how) == ("general", "unsure")
    assert "no steady tempo" in choice.reason


def test_an_unsure_guess_widens_tolerances_and_lowers_confidence() -> None:
    mix = drums(140.0, HALF_TIME)
    unsure, given = case_of(mix, None), case_of(mix, "techno")
    assert unsure.family.tonal_warn_db > given.family.tonal_warn_db
    assert unsure.genre.confidence < given.genre.confidence
