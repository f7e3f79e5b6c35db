"""How often a guess at the genre is right, and whether it is as sure as it is right; the guess before it beside it.

Songs and their labels are those of ``genre_songs.py``. A guess is right if it names the song's family, or one file that
covers it (house, techno or trance); no guess costs only a wider tolerance. Music of no family here should be left
unguessed. The set drawn for judging was not looked at while the cues were chosen; grooves and real files were.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import genre_by_tempo
import genre_songs
import numpy as np
from genre_songs import OTHER, Song

from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.findings.families import GENERAL, load_families
from uptrack_analysis.findings.genre import choose_family
from uptrack_analysis.measure.one_pass import measure
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.report import ProjectFacts
from uptrack_analysis.settings import Settings

VERDICTS = ("named", "covered", "no guess", "wrong")
BINS = (0.0, 0.7, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Guess:
    family: str
    confidence: float
    verdict: str


def heard(path: Path) -> Measured:
    with open_audio(path, Settings().limits) as source:
        return measure(source, lambda _share, _stage: None)


def guesses(song: Song, measured: Measured) -> dict[str, Guess]:
    """What each way of guessing says of a song."""
    ours, _limits = choose_family(None, measured, ProjectFacts())
    said = {"uptrack": (ours.family, ours.confidence), "tempo and kick": genre_by_tempo.guess(measured)}
    return {who: Guess(family, sure, _verdict(song, family)) for who, (family, sure) in said.items()}


def _verdict(song: Song, family: str) -> str:
    if family == GENERAL:
        return "no guess"
    if family in song.family:
        return "named"
    return "covered" if set(load_families()[family].covers) & set(song.family) else "wrong"


def table(said: Sequence[tuple[Song, dict[str, Guess]]]) -> list[str]:
    """Everything to print about songs and guesses."""
    lines: list[str] = []
    groups: dict[str, list[tuple[Song, dict[str, Guess]]]] = defaultdict(list)
    for song, by in said:
        groups[song.source].append((song, by))
    for name, members in groups.items():
        of_family = [one for one in members if OTHER not in one[0].family]
        lines.append(f"{name}: {len(of_family)} of a family here, {len(members) - len(of_family)} of none")
        for who in members[0][1]:
            counts = {verdict: sum(by[who].verdict == verdict for _, by in of_family) for verdict in VERDICTS}
            left_alone = sum(by[who].family == GENERAL for song, by in members if OTHER in song.family)
            lines.append(
                f"  {who:<16}"
                + "".join(f"{verdict} {count:>3}  " for verdict, count in counts.items())
                + f"of none, left unguessed {left_alone}"
            )
    for who in said[0][1]:
        lines.append(f"calibration, {who}: of guesses this sure, right")
        given = [by[who] for _, by in said if by[who].family != GENERAL]
        for low, high in itertools.pairwise(BINS):
            inside = [guess for guess in given if low < guess.confidence <= high]
            if inside:
                right = sum(guess.verdict != "wrong" for guess in inside)
                sure = np.mean([guess.confidence for guess in inside])
                lines.append(f"  {low:.1f} to {high:.1f}: mean {sure:.2f}, right {right} of {len(inside)}")
    lines.append("each song: guess, how sure; before")
    for song, by in said:
        ours, before = by.values()
        lines.append(
            f"  {song.source:<7} {song.name:<36} {'/'.join(song.family):<14} {ours.family:<10} {ours.confidence:.2f} "
            f"{ours.verdict:<9} before: {before.family:<10} {before.verdict}"
        )
    return lines


def main() -> None:
    songs = [*genre_songs.drawn("tune"), *genre_songs.drawn("test"), *genre_songs.named_grooves(), *genre_songs.real()]
    print("\n".join(table([(song, guesses(song, heard(song.path))) for song in songs])))


if __name__ == "__main__":
    main()
