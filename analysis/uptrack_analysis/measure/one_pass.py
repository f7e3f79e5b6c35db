"""All meters over one file in a single decode."""

from __future__ import annotations

from collections.abc import Callable

from uptrack_analysis.audio.source import AudioSource
from uptrack_analysis.measure.results import Measured

Progress = Callable[[float, str], None]
"""Called with the fraction done, 0 to 1, and the stage's name."""


def measure(source: AudioSource, progress: Progress) -> Measured:
    """Run every meter over ``source``.

    Raises
    ------
    NothingToMeasure
        The file holds no frames.
    """
    raise NotImplementedError
