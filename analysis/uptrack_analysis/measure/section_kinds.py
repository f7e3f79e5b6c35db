"""What each part of an arrangement is: intro, build, drop, break or outro, from low end, fullness and trend.

Every part gets a score for every kind, and so does every kind after another; the likeliest sequence is taken
(Viterbi), and the share of it in all sequences is the confidence (forward-backward). The scores say in numbers what the
words mean: a drop is the fullest, with kick and bass; a break has lost them in the middle; a build climbs into
something fuller; intro and outro are what is thinner at the ends. They are this project's, in nats, set by ear of the
tuning half of ``benchmarks/structure_accuracy.py``.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.measure.results import SectionEstimate, SectionKind
from uptrack_analysis.signal import FloatArray

KINDS: tuple[SectionKind, ...] = ("intro", "build", "drop", "break", "outro")

# Fullness from which a part may be the drop, and below which it is not; half-way counts nothing either way.
_FULL, _THIN = 0.95, 0.75
# Low end this far down, or so little of its hits left, is gone.
_LOW_END_GONE_DB = -9.0
_KICK_GONE = 0.45
# A climb of the highs by this much, or of what starts, is a riser or a roll, whatever else it is.
_RISER_DB, _ROLL = 6.0, 0.4
# Highs that stay up though the low end is gone are noise and rolls; this far down, they are a pad's.
_BARE_DB = -9.0
# A build this long is a long one (trance has them); every doubling makes it less likely.
_LONG_BUILD_S = 60.0
# Intros and outros take up to this share of a track.
_LONG_END = 0.35
_NEVER = -50.0
# What follows the last part is as if it were thinner by this much: there is nothing to build to.
_NOTHING = -0.7
#            to: intro  build  drop   break  outro   from:
_FOLLOWS = np.array(
    [
        [0.0, 0.0, 0.0, -0.7, _NEVER],  # intro
        [_NEVER, 0.0, 0.7, -1.5, -3.0],  # build
        [_NEVER, -0.3, 0.0, 0.0, 0.0],  # drop
        [_NEVER, 0.0, 0.0, 0.0, -0.5],  # break
        [_NEVER, _NEVER, _NEVER, _NEVER, 0.0],  # outro
    ]
)
_BEGINS = np.array([1.5, -4.0, 0.0, -0.5, -3.0])
_ENDS = np.array([-3.0, -3.0, 0.0, -0.5, 1.5])


def name_parts(parts: list[SectionEstimate]) -> list[tuple[SectionKind, float]]:
    """(kind, confidence) of every part, of which there is at least one."""
    scores = _scores(parts)
    scores[0] += _BEGINS
    scores[-1] += _ENDS
    best, came_from = scores[0].copy(), []
    for row in scores[1:]:
        ways = best[:, None] + _FOLLOWS
        came_from.append(ways.argmax(axis=0))
        best = ways.max(axis=0) + row
    path = [int(best.argmax())]
    for back in reversed(came_from):
        path.append(int(back[path[-1]]))
    shares = _shares(scores)
    return [(KINDS[kind], float(shares[part, kind])) for part, kind in enumerate(reversed(path))]


def _scores(parts: list[SectionEstimate]) -> FloatArray:
    scores = np.zeros((len(parts), len(KINDS)))
    duration_s = parts[-1].end_s - parts[0].start_s
    had_low_end = False
    for number, part in enumerate(parts):
        after = parts[number + 1] if number + 1 < len(parts) else None
        length_s = part.end_s - part.start_s
        fuller = _NOTHING if after is None else after.fullness - part.fullness
        full = 2 * (part.fullness - (_FULL + _THIN) / 2) / (_FULL - _THIN)  # 1 when full, -1 when thin
        gone = part.low_end_db < _LOW_END_GONE_DB or part.kick_share < _KICK_GONE
        rise = np.clip(part.rise_db / _RISER_DB + max(part.onset_rise, 0.0) / _ROLL, -1.0, 1.5)
        tension = gone * np.clip((part.highs_db - _BARE_DB) / -_BARE_DB, -1.0, 1.0)
        intro_share, outro_share = part.end_s / duration_s, 1 - part.start_s / duration_s
        scores[number] = (
            1.0 - max(0.0, full) - max(0.0, rise) - 8.0 * max(0.0, intro_share - _LONG_END),
            -1.8
            + 2.5 * rise
            + 0.75 * tension
            + 3.0 * min(fuller, 0.3)
            - max(0.0, full)
            - max(0.0, np.log2(length_s / _LONG_BUILD_S)),
            2.0 * np.clip(full, -2.0, 1.0) - 3.0 * gone,
            (2.0 if gone else -1.0 + np.clip(-full, 0.0, 1.0))
            - max(0.0, full)
            - max(0.0, rise)
            - 2.0 * (not had_low_end),
            1.0 - max(0.0, full) - max(0.0, rise) - 8.0 * max(0.0, outro_share - _LONG_END),
        )
        had_low_end |= not gone
    return scores


def _shares(scores: FloatArray) -> FloatArray:
    """Probability of each kind for each part, over all sequences; shape as given."""
    forward, backward = scores.copy(), np.zeros_like(scores)
    for part in range(1, scores.shape[0]):
        forward[part] += np.logaddexp.reduce(forward[part - 1][:, None] + _FOLLOWS, axis=0)
        back = scores.shape[0] - 1 - part
        backward[back] = np.logaddexp.reduce(_FOLLOWS + (scores[back + 1] + backward[back + 1])[None], axis=1)
    joint = forward + backward
    shares: FloatArray = np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None])
    return shares
