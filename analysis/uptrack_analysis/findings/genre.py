"""Which family of thresholds judges a mix: the one its maker named, or a guess that says how sure it is.

A guess has two things to go by. The tempo, the project's own if the DAW sent it, leaves the families whose windows hold
it; most windows overlap. The kick tells some of those apart: on every beat, or broken. A guess needs both, and only
families whose data say that both are enough: 174 bpm and a broken kick are drum and bass, 126 and a broken kick could
be anything. If several families still fit, the narrowest file that covers them all is taken, with the widest tolerance
of each; under ``general`` every finding that rests on the genre is less certain as well.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.findings.families import GENERAL, Family, Kick, find_family, load_families
from uptrack_analysis.findings.places import inside
from uptrack_analysis.measure.band_sums import power_in
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.report import GenreChoice, ProjectFacts

# How sure a choice is; D grade, to be replaced by hit rates on a labelled corpus.
GUESSED_CONFIDENCE = 0.8
UNSURE_CONFIDENCE = 0.6
# A detected tempo less certain than this says nothing about the genre, and neither does an alternative less than
# half as likely as the winner.
LEAST_TEMPO_CONFIDENCE = 0.3
RIVAL_SHARE = 0.5

KICK_HZ = (35.0, 120.0)
KICK_WINDOW_S = 8.0
KICK_EVERY_BEAT_FROM = 0.75
KICK_BROKEN_UNTIL = 0.4


def choose_genre(name: str | None, measured: Measured, project: ProjectFacts) -> GenreChoice:
    """The family that judges, and why.

    Parameters
    ----------
    name : str or None
        What the user called it; ``None`` to guess.

    Raises
    ------
    BadInput
        No family is called that.
    """
    if name is not None and name.strip():
        family = find_family(name)
        reason = f"You called it {name.strip()}." if name.strip().casefold() != family.id else "You named the genre."
        return GenreChoice(family.id, family.name, "given", 1.0, reason)
    return _guess(measured, project)


def _guess(measured: Measured, project: ProjectFacts) -> GenreChoice:
    tempos = _tempos(measured, project)
    if not tempos:
        return _unsure("no steady tempo was found to guess a genre from")
    source = "the project's" if project.bpm is not None else "a detected"
    said = f"{source} tempo of {' or '.join(f'{bpm:.0f}' for bpm in tempos)} bpm"
    genres = [family for family in load_families().values() if not family.covers]
    candidates = [family for family in genres if any(family.fits_tempo(bpm) for bpm in tempos)]
    regularity = kick_regularity(measured, tempos[0])
    heard: Kick | None = None
    if regularity is not None and regularity >= KICK_EVERY_BEAT_FROM:
        heard = "every beat"
        candidates = [family for family in candidates if family.kick != "broken"]
        said += " and a kick on every beat"
    elif regularity is not None and regularity <= KICK_BROKEN_UNTIL:
        heard = "broken"
        candidates = [family for family in candidates if family.kick != "every beat"]
        said += " and a broken kick pattern"
    if not candidates:
        return _unsure(f"no genre here goes with {said}")
    family = _narrowest(candidates)
    if family.id == GENERAL or not all(candidate.tempo_speaks and candidate.kick == heard for candidate in candidates):
        return _unsure(f"{said} would suit {_listed(sorted(candidate.name for candidate in candidates))}")
    confidence = GUESSED_CONFIDENCE if project.bpm is not None else GUESSED_CONFIDENCE * _tempo_trust(measured)
    return GenreChoice(
        family.id, family.name, "guessed", confidence, f"Guessed from {said}; name the genre if that is wrong."
    )


def _unsure(reason: str) -> GenreChoice:
    general = load_families()[GENERAL]
    return GenreChoice(
        GENERAL,
        general.name,
        "unsure",
        UNSURE_CONFIDENCE,
        f"Not guessed: {reason}. Judged with the widest tolerance of every genre; name it for a closer look.",
    )


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]}, but other music as well"
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _narrowest(candidates: list[Family]) -> Family:
    if len(candidates) == 1:
        return candidates[0]
    wanted = {family.id for family in candidates}
    covering = [family for family in load_families().values() if wanted <= set(family.covers)]
    return min(covering, key=lambda family: (len(family.covers), family.id))


def _tempos(measured: Measured, project: ProjectFacts) -> list[float]:
    """Tempos to reckon with, likeliest first; the project's own leaves no doubt."""
    if project.bpm is not None:
        return [project.bpm]
    tempo = measured.tempo
    if tempo.bpm is None or tempo.confidence < LEAST_TEMPO_CONFIDENCE:
        return []
    rivals = [bpm for bpm, confidence in tempo.alternatives if confidence >= RIVAL_SHARE * tempo.confidence]
    return [tempo.bpm, *rivals]


def _tempo_trust(measured: Measured) -> float:
    """A believed tempo is as good as the project's; a doubtful one lowers the guess in proportion."""
    return min(1.0, 0.5 + 0.5 * measured.tempo.confidence)


def kick_regularity(measured: Measured, bpm: float) -> float | None:
    """How much of the low end's rhythm within a 4/4 bar is one hit on every beat, 0 to 1.

    Rises of the power between 35 and 120 Hz are taken as onsets; windows of 8 s are projected on the first four
    harmonics of the bar, and the fourth, the beat, is set against all four. A kick on every beat gives 1, one kick a
    bar a quarter, and kicks on the first and the sixth eighth note, as in drum and bass, nothing. ``None`` without a
    low end, or for less than one window of music.
    """
    bands = measured.bands
    if bpm <= 0 or bands.times_s.size < 2:
        return None
    hop_s = float(bands.times_s[1] - bands.times_s[0])
    length = round(KICK_WINDOW_S / hop_s)
    chosen = inside(bands.edges_hz[:-1], [KICK_HZ])
    if length > bands.times_s.size or not chosen.any():
        return None
    columns = np.flatnonzero(chosen)
    power = power_in(bands, [slice(columns[0], columns[-1] + 1)])[0]
    if not power.max() > 0:
        return None
    # A square root keeps one loud bar from speaking for the whole track, and quiet noise from speaking at all.
    onsets = np.maximum(np.diff(np.sqrt(power / power.max()), prepend=0.0), 0.0)
    times_s = np.arange(length) * hop_s
    harmonics = np.arange(1, 5) * (bpm / 240.0)
    waves = np.exp(-2j * np.pi * harmonics[:, None] * times_s) * np.hanning(length)
    windows = np.lib.stride_tricks.sliding_window_view(onsets, length)[:: max(1, length // 2)]
    energy = np.square(np.abs(windows @ waves.T)).sum(axis=0)
    # What a window of the onsets' own mean would give is no rhythm; without any, there is nothing to tell.
    whole = float(energy.sum())
    return float(energy[3]) / whole if whole > 0 else None
