"""What part a stem plays: kick, bass, hats, lead ... guessed from its sound, with its name as a hint.

The sound says which range the power lies in, how much of the time something sounds, and how sharply it stands out. Each
role is a product of soft conditions on these, times what the name suggests; the shares of all roles add up to one. A
name weighs much, because producers mean what they write, but a "Bass" without anything below 250 Hz is not believed.
The conditions are this project's own (grade D), set on the stems of LMMS's demo projects and of the demo's song.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.results import Role, StemMeasured

NAME_SAYS = 12.0
"""How much likelier a role is for being in the name."""
NAMES: tuple[tuple[Role, str], ...] = (
    ("kick", r"kick|kik|\bbd\b|bass ?drum|\bbassdrum"),
    ("snare", r"snare|\bsd\b|\bsn\b|clap|rim"),
    ("hats", r"hats?\b|hi-?hat|\bhh\b|\bch\b|\boh\b|cymbal|ride|crash|shaker|tamb|hihat"),
    ("drums", r"drum|perc|\bloop|break(s|beat)?\b|\bkit\b|\btops?\b|beat|toms?\b|conga|bongo"),
    ("bass", r"bass|\bsub\b|808|reese|\blow ?end"),
    ("vocal", r"voc|vox|voice|sing|\bbv\b|\bchoir|acapella|adlib|rap\b"),
    ("lead", r"lead|arp|pluck|melody|\bhook|solo|guitar|\bgtr|acid|303|theme|\bsynth"),
    ("pad", r"pad|string|chord|key(s)?\b|piano|organ|rhodes|stab|atmos|ambien|drone|texture"),
    ("fx", r"\bfx\b|\bsfx|riser|sweep|impact|noise|uplift|downlift|whoosh|transition|return|reverb|\bverb\b|delay"),
)
_PATTERNS: tuple[tuple[Role, re.Pattern[str]], ...] = tuple(
    (role, re.compile(pattern, re.IGNORECASE)) for role, pattern in NAMES
)


@dataclass(frozen=True, slots=True)
class Traits:
    """What the sound says; shares from 0 to 1."""

    sub: float
    """Power under 126 Hz"""
    low: float
    """Under 251 Hz"""
    high: float
    """Over 4 kHz"""
    sounding: float
    """Share of the file in which the stem plays at all."""
    filled: float
    """While it plays: share of the time within 20 dB of its loud moments. Hits leave gaps, pads do not."""


def guess_role(stem: StemMeasured, name: str) -> tuple[Role, float]:
    """The likeliest role, and how likely it is; a silent stem is told by its name alone."""
    hinted = named_role(name)
    if stem.silent:
        return (hinted, 0.6) if hinted else ("other", 0.0)
    scores = _by_sound(traits(stem))
    if hinted is not None:
        scores[hinted] *= NAME_SAYS
    whole = sum(scores.values())
    role = max(scores, key=lambda one: scores[one])
    return role, scores[role] / whole


def traits(stem: StemMeasured) -> Traits:
    """Measure them; the stem is not silent."""
    bands = stem.bands
    power: FloatArray = bands.ll.sum(axis=0, dtype=np.float64) + bands.rr.sum(axis=0, dtype=np.float64)
    whole = max(float(power.sum()), 1e-30)

    def share(low_hz: float, high_hz: float) -> float:
        columns = bands_between(bands.edges_hz, low_hz, min(high_hz, float(bands.edges_hz[-1])))
        return 0.0 if columns is None else float(power[columns].sum()) / whole

    level = stem.loudness.power
    steps = level.size // 100
    if steps == 0:
        return Traits(share(20, 126), share(20, 251), share(3981, 20_000), 1.0, 1.0)
    loud = float(np.percentile(level, 99))
    seconds = level[: steps * 100].reshape(steps, 100)
    playing = seconds.max(axis=1) > loud * 1e-3
    within = seconds[playing] > loud * 1e-2
    return Traits(
        sub=share(20, 126),
        low=share(20, 251),
        high=share(3981, 20_000),
        sounding=float(playing.mean()),
        filled=float(within.mean()) if playing.any() else 0.0,
    )


def named_role(name: str) -> Role | None:
    """What the name alone says."""
    spaced = re.sub(r"[_\-.]+", " ", name)
    return next((role for role, pattern in _PATTERNS if pattern.search(spaced)), None)


def _by_sound(found: Traits) -> dict[Role, float]:
    hits, held = _over(1 - found.filled, 0.45), _over(found.filled, 0.6)
    body = _over(1 - found.low, 0.5)
    seldom = _over(1 - found.sounding, 0.6)
    return {
        # Kicks with a long tail leave no gaps, and a loop may have hits in any range: the name may still say so.
        "kick": _over(found.sub, 0.45) * (0.1 + 0.9 * hits),
        "bass": _over(found.low, 0.6) * (0.3 + 0.7 * held),
        "hats": _over(found.high, 0.6) * (0.5 + 0.5 * hits),
        "snare": 0.6 * body * hits * _over(1 - found.high, 0.3),
        "drums": 0.04 + 0.4 * _over(found.high, 0.1) * _over(found.low, 0.1) * hits,
        "lead": 0.5 * body * _over(1 - found.high, 0.4) * (0.4 + 0.6 * held),
        "pad": 0.5 * body * _over(1 - found.high, 0.4) * held,
        "vocal": 0.15 * body * _over(1 - found.high, 0.4),
        "fx": 0.5 * seldom * body,
        "other": 0.08,
    }


def _over(value: float, half: float) -> float:
    """0 far below ``half``, a half there, 1 far above."""
    return float(1 / (1 + np.exp(-12 * (value - half))))
