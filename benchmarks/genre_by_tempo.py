"""The peer of the guess at a genre: tempo windows and the kick alone, as UpTrack guessed before it weighed cues.

A tempo leaves the families whose windows hold it, a kick on every beat or a broken one leaves fewer; where one file
covers what is left, and all of it is said to be told by tempo and kick, that is the answer.
"""

from __future__ import annotations

from uptrack_analysis.findings.families import GENERAL, load_families
from uptrack_analysis.findings.genre_cues import kick_regularity
from uptrack_analysis.measure.results import Measured

EVERY_BEAT_FROM, BROKEN_UNTIL = 0.75, 0.4
LEAST_TEMPO_CONFIDENCE, RIVAL_SHARE = 0.3, 0.5
GUESSED_CONFIDENCE = 0.8


def guess(measured: Measured) -> tuple[str, float]:
    """A family's id, ``general`` for no guess, and how sure it is."""
    tempo = measured.tempo
    if tempo.bpm is None or tempo.confidence < LEAST_TEMPO_CONFIDENCE:
        return GENERAL, 0.0
    tempos = [tempo.bpm, *(bpm for bpm, sure in tempo.alternatives if sure >= RIVAL_SHARE * tempo.confidence)]
    families = load_families()
    left = [
        family for family in families.values() if not family.covers and any(family.fits_tempo(bpm) for bpm in tempos)
    ]
    regularity = kick_regularity(measured, tempo.bpm)
    heard = None
    if regularity is not None and regularity >= EVERY_BEAT_FROM:
        heard = "every beat"
        left = [family for family in left if family.kick != "broken"]
    elif regularity is not None and regularity <= BROKEN_UNTIL:
        heard = "broken"
        left = [family for family in left if family.kick != "every beat"]
    if not left or not all(family.tempo_speaks and family.kick == heard for family in left):
        return GENERAL, 0.0
    names = {family.id for family in left}
    covering = [family for family in families.values() if names <= set(family.covers or (family.id,))]
    chosen = min(covering, key=lambda family: (len(family.covers), family.id))
    return chosen.id, GUESSED_CONFIDENCE * min(1.0, 0.5 + 0.5 * tempo.confidence)
