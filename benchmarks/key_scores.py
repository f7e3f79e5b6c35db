"""What an answer about a key is worth, as the MIREX key task weighs it."""

from __future__ import annotations

Key = tuple[int, bool]
"""Tonic in semitones from C, and whether it is minor."""


def mirex(truth: Key, said: Key | None) -> float:
    """Score of one answer: 1 right, 0.5 a fifth off, 0.3 relative, 0.2 parallel."""
    if said is None:
        return 0.0
    up = (said[0] - truth[0]) % 12
    if said[1] == truth[1]:
        return {0: 1.0, 5: 0.5, 7: 0.5}.get(up, 0.0)
    if up == 0:
        return 0.2
    return 0.3 if up == (3 if truth[1] else 9) else 0.0
