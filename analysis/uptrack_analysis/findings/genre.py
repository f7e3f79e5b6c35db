"""Which family of thresholds judges a mix: the one its maker named, or a guess that says how sure it is.

A guess weighs every family, and "none of them", by Bayes' rule: how usual the tempo is in it, the project's own if the
DAW sent one, and how usual each cue of rhythm and spectrum (``genre_cues.py``), as ``data/genre_cues.toml`` has it. The
cues are few and taken for independent, which they are not, so no answer is called surer than ``MOST_CONFIDENCE``. A
family that is likely enough is guessed; failing that the narrowest file that covers the likely ones, with the widest
tolerance of each; failing that ``general``, under which every finding that rests on the genre is less certain as well.

A guess that is only just likely enough judges by limits that lie between its own and the wider ones it would otherwise
be judged by: what moves a likelihood by a hair, another rate or an encoder, moves no verdict by more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from uptrack_analysis.findings.families import GENERAL, Family, find_family, load_families
from uptrack_analysis.findings.genre_cues import Cues, cues_of, kick_regularity
from uptrack_analysis.findings.tables import read_table
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.report import GenreChoice, ProjectFacts

__all__ = ["choose_family", "kick_regularity"]

UNSURE_CONFIDENCE = 0.6
"""D grade: how sure findings are at least that rest on the genre, where nobody knows it."""
LIKELY_FROM = 0.75
"""Of a family, or of all that one file covers, to be guessed."""
MOST_CONFIDENCE = 0.9
"""Also from where on a guess judges by its own limits alone."""
# A detected tempo less certain than the first figure says nothing about the genre; from the second on a guess by it may
# be sure.
LEAST_TEMPO_CONFIDENCE, ENOUGH_TEMPO_CONFIDENCE = 0.3, 0.4
# Neither does an alternative a quarter as likely as the winner; from the second figure on it says all it has to.
RIVAL_SHARE, FULL_RIVAL_SHARE = 0.25, 0.75
BELIEVED_TEMPO = 0.75
"""D grade. Its confidence counts the odds among metrical levels; what is over this turns on the frames of one file."""
OTHER = "other"

WORDS = {
    "kick_on_beats": ("a kick on every beat", "a broken kick pattern"),
    "snare_half_time": ("a snare once a bar", "a snare twice a bar"),
    "bass_between_beats": ("a bass between the beats", "a bass on the beats"),
    "mids_over_low_db": ("mids over the low end", "a low end over the mids"),
    "attack_db": ("hard attacks", "soft attacks"),
}
"""Of each cue: there, and absent."""
RHYTHM = ("kick_on_beats", "snare_half_time")
"""What is said of music that is not guessed: who makes it knows its spectrum."""
CLEARLY = 0.8
"""From so much (or so little) of a cue on it is worth saying."""


def choose_family(name: str | None, measured: Measured, project: ProjectFacts) -> tuple[GenreChoice, Family]:
    """The family that judges, and why; and its limits, which a guess that is not sure has widened.

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
        return GenreChoice(family.id, family.name, "given", 1.0, reason), family
    return _guess(measured, project)


def _guess(measured: Measured, project: ProjectFacts) -> tuple[GenreChoice, Family]:
    tempos = _tempos(measured, project)
    if not tempos:
        return _unsure("no steady tempo was found to guess a genre from")
    likely = likelihoods(measured, tempos)
    said = _said(measured, project, tempos, RHYTHM)
    families = load_families()
    covering = sorted((family for family in families.values() if family.id != GENERAL), key=_width)
    # Which file covers what is likely is the kick's to say; a tempo by itself is shared by too much.
    kick_heard = cues_of(measured, next(iter(tempos))).kick_on_beats is not None
    shares = {family.id: math.fsum(likely[name] for name in family.covers or (family.id,)) for family in covering}
    sure = {name: min(MOST_CONFIDENCE, share) * _tempo_trust(measured, project) for name, share in shares.items()}
    # What lies outside the widest limits lies outside those of the likeliest genre: that much is sure without a guess.
    confidence = max(UNSURE_CONFIDENCE, *sure.values()) if kick_heard else UNSURE_CONFIDENCE
    limits, narrowed, guessed = families[GENERAL], 0.0, False
    # From the widest to the narrowest, each taking over as far as it is sure.
    for family in reversed(covering) if kick_heard else ():
        if shares[family.id] >= LIKELY_FROM:
            narrowed = _ramp(shares[family.id], LIKELY_FROM, MOST_CONFIDENCE) * _tempo_enough(measured, project)
            confidence += narrowed * (sure[family.id] - confidence)
            limits, guessed = family.widened(limits, 1.0 - narrowed), True
    if guessed:
        doubt = "" if narrowed == 1.0 else " The guess is not sure, so limits lie between its own and wider ones."
        reason = (
            f"Guessed from {_said(measured, project, tempos, tuple(WORDS))}; name the genre if that is wrong.{doubt}"
        )
        return GenreChoice(limits.id, limits.name, "guessed", confidence, reason, 1.0 - narrowed), limits
    best = sorted((name for name in likely if name != OTHER), key=lambda name: -likely[name])
    worth = [families[name].name for name in best[:3] if likely[name] >= 0.1]
    if not worth or likely[OTHER] >= LIKELY_FROM:
        return _unsure(f"no genre here goes with {said}", confidence)
    return _unsure(f"{said} would suit {_listed(sorted(worth))}", confidence)


def _width(family: Family) -> tuple[int, str]:
    return len(family.covers), family.id


def likelihoods(measured: Measured, tempos: Mapping[float, float]) -> dict[str, float]:
    """How likely each family is, and ``OTHER``; they sum to 1.

    Parameters
    ----------
    tempos : mapping
        Readings of the tempo in bpm to how much each is believed.
    """
    model = _model()
    weights = dict.fromkeys(model.priors, 0.0)
    for bpm, believed in tempos.items():
        heard = cues_of(measured, bpm)
        for name, prior in model.priors.items():
            weights[name] += believed * prior * model.tempo_density(name, bpm) * model.cue_likelihood(name, heard)
    whole = math.fsum(weights.values())
    if not whole > 0:
        return dict.fromkeys(weights, 0.0) | {OTHER: 1.0}
    return {name: weight / whole for name, weight in weights.items()}


@dataclass(frozen=True, slots=True)
class _Cue:
    name: str
    absent_at: float
    there_at: float
    often: Mapping[str, float]

    def degree(self, heard: Cues) -> float | None:
        """0 where the cue is absent to 1 where it is there; ``None`` where nobody knows."""
        figure: float | None = getattr(heard, self.name)
        if figure is None:
            return None
        return min(1.0, max(0.0, (figure - self.absent_at) / (self.there_at - self.absent_at)))


@dataclass(frozen=True, slots=True)
class _Model:
    priors: Mapping[str, float]
    windows_bpm: Mapping[str, tuple[tuple[float, float], ...]]
    skirt_bpm: float
    cues: tuple[_Cue, ...]

    def tempo_density(self, name: str, bpm: float) -> float:
        """As much in each of the family's windows, spread evenly over it, with skirts; per bpm."""
        windows = self.windows_bpm[name]
        return sum(
            math.exp(-0.5 * (max(low - bpm, bpm - high, 0.0) / self.skirt_bpm) ** 2) / (high - low) / len(windows)
            for low, high in windows
        )

    def cue_likelihood(self, name: str, heard: Cues) -> float:
        product = 1.0
        for cue in self.cues:
            degree = cue.degree(heard)
            if degree is not None:
                often = cue.often[name]
                product *= degree * often + (1.0 - degree) * (1.0 - often)
        return product


@cache
def _model() -> _Model:
    table = read_table("genre_cues.toml")
    genres = {family.id: family for family in load_families().values() if not family.covers}
    names = (*genres, OTHER)
    shares, cues = table.table("share"), table.table("cues")
    return _Model(
        priors={name: shares.number(name) for name in names},
        windows_bpm={name: family.tempo_windows_bpm for name, family in genres.items()}
        | {OTHER: table.table("tempo").pairs("other_bpm")},
        skirt_bpm=table.table("tempo").number("skirt_bpm"),
        cues=tuple(
            _Cue(
                cue,
                cues.table(cue).number("absent_at"),
                cues.table(cue).number("there_at"),
                {name: cues.table(cue).number(name) for name in names},
            )
            for cue in cues.values
        ),
    )


def _said(measured: Measured, project: ProjectFacts, tempos: Mapping[float, float], cues: tuple[str, ...]) -> str:
    """What was heard, in words: the tempo, and those of ``cues`` that are clearly there or clearly not."""
    source = "the project's" if project.bpm is not None else "a detected"
    said = [f"{source} tempo of {' or '.join(f'{bpm:.0f}' for bpm in tempos)} bpm"]
    heard = cues_of(measured, next(iter(tempos)))
    for cue in _model().cues:
        degree = cue.degree(heard)
        if cue.name in cues and degree is not None and (degree >= CLEARLY or degree <= 1.0 - CLEARLY):
            said.append(WORDS[cue.name][degree < 0.5])
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _unsure(reason: str, confidence: float = UNSURE_CONFIDENCE) -> tuple[GenreChoice, Family]:
    general = load_families()[GENERAL]
    reason = f"Not guessed: {reason}. Judged with the widest tolerance of every genre; name it for a closer look."
    return GenreChoice(GENERAL, general.name, "unsure", confidence, reason), general


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]}, but other music as well"
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _tempos(measured: Measured, project: ProjectFacts) -> dict[float, float]:
    """Tempos to reckon with and how much each is believed, likeliest first; the project's own leaves no doubt."""
    if project.bpm is not None:
        return {project.bpm: 1.0}
    tempo = measured.tempo
    if tempo.bpm is None or tempo.confidence < LEAST_TEMPO_CONFIDENCE:
        return {}
    rivals = {
        bpm: confidence * _ramp(confidence / tempo.confidence, RIVAL_SHARE, FULL_RIVAL_SHARE)
        for bpm, confidence in tempo.alternatives
        if confidence >= RIVAL_SHARE * tempo.confidence
    }
    return {tempo.bpm: tempo.confidence, **rivals}


def _tempo_trust(measured: Measured, project: ProjectFacts) -> float:
    """A believed tempo is as good as the project's; a doubtful one lowers the guess in proportion."""
    return 1.0 if project.bpm is not None else 0.5 + 0.5 * _ramp(measured.tempo.confidence, 0.0, BELIEVED_TEMPO)


def _tempo_enough(measured: Measured, project: ProjectFacts) -> float:
    """0 for a tempo that says nothing to 1 for one by which a guess may be sure, as it may by the project's."""
    if project.bpm is not None:
        return 1.0
    return _ramp(measured.tempo.confidence, LEAST_TEMPO_CONFIDENCE, ENOUGH_TEMPO_CONFIDENCE)


def _ramp(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))
