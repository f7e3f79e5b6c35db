"""Where things are in the demo song: bars and sixteenths to seconds and frames, and the sections of the arrangement.

Bars count from 1 and beats within a bar from 1, as in a DAW's ruler; steps are sixteenths and count from 0. The first
sample of the file is bar 1, beat 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from uptrack_daemon.demo.effects import RATE_HZ

Kind = Literal["intro", "build", "drop", "break", "outro"]

BPM = 128.0
BEATS_PER_BAR = 4
STEPS_PER_BAR = 16
BAR_S = BEATS_PER_BAR * 60.0 / BPM
STEP_S = BAR_S / STEPS_PER_BAR
SWING = 0.09
"""How late every second sixteenth comes, as a share of a sixteenth."""


def bar_start_s(bar: int) -> float:
    return (bar - 1) * BAR_S


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the arrangement, from ``first_bar`` up to and without ``end_bar``."""

    kind: Kind
    name: str
    first_bar: int
    end_bar: int

    @property
    def start_s(self) -> float:
        return bar_start_s(self.first_bar)

    @property
    def end_s(self) -> float:
        return bar_start_s(self.end_bar)

    @property
    def bars(self) -> range:
        return range(self.first_bar, self.end_bar)


INTRO = Part("intro", "Intro", 1, 5)
BUILD = Part("build", "Build", 5, 9)
DROP_1 = Part("drop", "Drop 1", 9, 17)
BREAK = Part("break", "Break", 17, 25)
DROP_2 = Part("drop", "Drop 2", 25, 33)
OUTRO = Part("outro", "Outro", 33, 37)
PARTS = (INTRO, BUILD, DROP_1, BREAK, DROP_2, OUTRO)

TAIL_S = 1.5
"""After the last bar, for echoes and rooms to ring out."""
LENGTH_S = OUTRO.end_s + TAIL_S
FRAMES = round(LENGTH_S * RATE_HZ)


def step_s(bar: int, step: float) -> float:
    """Seconds of a sixteenth, swung: odd steps come late."""
    late = SWING if step % 2 == 1 else 0.0
    return bar_start_s(bar) + (step + late) * STEP_S


def frame(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def position(seconds: float) -> str:
    """The ruler's "bar.beat" of a time in the song."""
    beats = int(seconds / (BAR_S / BEATS_PER_BAR) + 1e-6)
    return f"{beats // BEATS_PER_BAR + 1}.{beats % BEATS_PER_BAR + 1}"


def part_at(bar: int) -> Part:
    return next(part for part in PARTS if bar in part.bars)
