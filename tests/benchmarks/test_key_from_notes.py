"""What the notes of a synthesised track say of its key, and who knows how they were drawn."""

from __future__ import annotations

import drawn
import numpy as np
import pytest
from drawn_odds import best_guess, odds
from key_from_notes import PROFILES, by_our_evidence, by_profile
from key_scores import mirex

from key_synth import MAJ, MIN, SUS, Recipe, notes

CADENCE = ((0, MAJ), (5, MAJ), (7, MAJ), (0, MAJ))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("tonic", [0, 5, 11])
def test_every_finder_names_the_key_of_a_plain_cadence_from_its_notes(profile: str, tonic: int) -> None:
    recipe = Recipe(tonic, "major", CADENCE, 1)
    assert by_profile(recipe, profile) == (tonic, False)
    assert by_our_evidence(recipe) == (tonic, False)


def test_the_notes_are_those_of_the_loop_bar_by_bar() -> None:
    written = notes(Recipe(2, "major", CADENCE, 1, parts=("bass", "pad")))
    for number, (root, tones) in enumerate(CADENCE):
        played = {note.midi % 12 for note in written if note.part == "pad" and note.bar % 4 == number}
        assert played == {(2 + root + tone) % 12 for tone in tones}


def test_the_odds_are_those_that_chance_has_when_many_loops_are_drawn() -> None:
    # Of all drawn loops of these two chords, how many are in each key: counted, not calculated.
    wanted, counted = ((0, MIN), (7, MIN)), np.zeros(24)
    for seed in range(250):
        for _, recipe in drawn.recipes(seed):
            loop = recipe.loop
            if len(loop) == 2 and loop[0][1] == loop[1][1] == MIN and (loop[1][0] - loop[0][0]) % 12 == 7:
                minor = recipe.mode in ("minor", "dorian", "phrygian")
                counted[-loop[0][0] % 12 + 12 * minor] += 1
    found = odds(wanted)
    assert counted.sum() > 100
    np.testing.assert_allclose(counted / counted.sum(), found, atol=4 * np.sqrt(0.25 / counted.sum()))
    assert found.argmax() == 12


def test_who_knows_the_odds_is_right_wherever_a_loop_can_have_one_home_only() -> None:
    # An open chord on the seventh degree is major's alone, and its tonic lies a semitone up.
    assert best_guess(Recipe(4, "major", ((0, MAJ), (11, SUS), (9, MIN), (11, SUS)), 1)) == (4, False)


@pytest.mark.parametrize(
    ("said", "score"),
    [((9, True), 1.0), ((4, True), 0.5), ((2, True), 0.5), ((0, False), 0.3), ((9, False), 0.2), ((1, False), 0.0)],
)
def test_an_answer_is_worth_what_mirex_gives_for_it(said: tuple[int, bool], score: float) -> None:
    assert mirex((9, True), said) == score
    assert mirex((9, True), None) == 0.0
