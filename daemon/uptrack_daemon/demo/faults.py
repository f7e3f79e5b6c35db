"""The faults planted in the demo, each with its truth: what, where, in which stem, how much, and what should find it.

A fault is planted where it would happen in a studio: in a stem before the master chain, or in the finished mix. Every
planter changes the arrays it is given in place and returns what it did, in the song's own bars and in seconds of the
file. Stems and mix are float32, shape (2, frames).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from uptrack_daemon.demo import effects, synth
from uptrack_daemon.demo.effects import RATE_HZ, Sound
from uptrack_daemon.demo.timeline import (
    BREAK,
    DROP_1,
    DROP_2,
    FRAMES,
    LENGTH_S,
    OUTRO,
    STEP_S,
    bar_start_s,
    frame,
    position,
    step_s,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One planted fault and the truth about it."""

    name: str
    rules: tuple[str, ...]
    """Rules that should report it."""
    what: str
    """A sentence for people."""
    stem: str | None
    """``None``: in the mix itself, after the stems were summed."""
    start_s: float
    end_s: float
    amount: float
    unit: str
    low_hz: float | None = None
    high_hz: float | None = None

    @property
    def bar(self) -> str:
        """The ruler's "bar.beat" of the start."""
        return position(self.start_s)

    @property
    def last_bar(self) -> str:
        """The ruler's "bar.beat" of the last moment."""
        return position(max(self.start_s, self.end_s - 0.001))


StemPlanter = Callable[[dict[str, Sound]], Fault]
MixPlanter = Callable[[Sound], Fault]


def _span(start_s: float, end_s: float) -> slice:
    return slice(frame(start_s), frame(end_s))


# -- in the stems ------------------------------------------------------------------------------------------------------


def dc_offset(stems: dict[str, Sound], *, percent: float = 1.4) -> Fault:
    """A synthesiser with a broken output stage: the whole bass stem sits off the zero line."""
    from uptrack_daemon.demo.master import Settings

    # Said as it arrives in the mix: the master's drive lifts an offset like everything else.
    stems["Bass"] += np.float32(percent / 100 / 10 ** (Settings().drive_db / 20))
    return Fault(
        name="dc",
        rules=("int.dc",),
        what="The bass stem carries a DC offset from start to end.",
        stem="Bass",
        start_s=0.0,
        end_s=LENGTH_S,
        amount=percent,
        unit="% FS",
    )


def loud_sub(stems: dict[str, Sound], *, gain_db: float = 4.0) -> Fault:
    """A sub-octave oscillator left on in the second drop, ``gain_db`` over the sub itself."""
    gain = np.float32(10 ** (gain_db / 20) * np.abs(stems["Sub"]).max())
    for bar in DROP_2.bars:
        for step in (1, 5, 9, 13):
            start = frame(step_s(bar, step))
            note = synth.sub(26 if bar % 4 else 31, 3.1 * STEP_S)
            stems["Sub"][:, start : start + note.size] += gain * note
    return Fault(
        name="sub",
        rules=("low.sub_balance",),
        what="An oscillator far below the bass was left on in drop 2.",
        stem="Sub",
        start_s=DROP_2.start_s,
        end_s=DROP_2.end_s,
        amount=gain_db,
        unit="dB over the sub",
        low_hz=36.0,
        high_hz=50.0,
    )


def wide_bass(stems: dict[str, Sound], *, side_db: float = 7.0) -> Fault:
    """A stereo widener on the bass in drop 1: its low end out of phase by a quarter of a turn and more."""
    span = _span(DROP_1.start_s, DROP_1.end_s)
    part = stems["Bass"][:, span]
    low = effects.low_pass(part, 140.0)
    side = 0.5 * (low[0] + low[1]) * np.float32(10 ** (side_db / 20))
    delayed = np.roll(side, round(0.004 * RATE_HZ))
    part[0] += delayed
    part[1] -= delayed
    return Fault(
        name="wide bass",
        rules=("low.mono",),
        what="A widener on the bass spreads what lies below 120 Hz in drop 1.",
        stem="Bass",
        start_s=DROP_1.start_s,
        end_s=DROP_1.end_s,
        amount=side_db,
        unit="dB side over mid",
        high_hz=120.0,
    )


def flipped_pad(stems: dict[str, Sound]) -> Fault:
    """The pad's right side with its polarity reversed through the break."""
    for name in ("Chords", "Lead"):
        stems[name][1, _span(BREAK.start_s, BREAK.end_s)] *= -1
    return Fault(
        name="polarity",
        rules=("int.channel",),
        what="The chord bus, pad and lead, has its right side reversed in polarity through the break.",
        stem="Chords",
        start_s=BREAK.start_s,
        end_s=BREAK.end_s,
        amount=-1.0,
        unit="polarity of the right side",
    )


def loud_hats(stems: dict[str, Sound], *, gain_db: float = 12.0) -> Fault:
    """The hats' fader, pushed up for the drops by somebody whose ears were tired."""
    for part in (DROP_1, DROP_2):
        stems["Hats"][:, _span(part.start_s, part.end_s)] *= np.float32(10 ** (gain_db / 20))
    return Fault(
        name="hats",
        rules=("ton.air",),
        what="The hats are far too loud in both drops.",
        stem="Hats",
        start_s=DROP_1.start_s,
        end_s=DROP_2.end_s,
        amount=gain_db,
        unit="dB",
        low_hz=7_000.0,
        high_hz=16_000.0,
    )


# -- in the mix --------------------------------------------------------------------------------------------------------


def leaning(mix: Sound, *, lead_db: float = 2.0) -> Fault:
    """A balance knob on the master, turned by accident: the right side is ``lead_db`` down from start to end."""
    mix[1] *= np.float32(10 ** (-lead_db / 20))
    return Fault(
        name="balance",
        rules=("ste.balance",),
        what="The right side of the master is turned down.",
        stem=None,
        start_s=0.0,
        end_s=LENGTH_S,
        amount=lead_db,
        unit="dB left over right",
    )


def dropout(mix: Sound, *, gap_s: float = 0.023) -> Fault:
    """A buffer that ran dry while the mix was rendered: silence in the sixth bar of drop 1."""
    start_s = bar_start_s(DROP_1.first_bar + 5) + 10.4 * STEP_S
    mix[:, _span(start_s, start_s + gap_s)] = 0.0
    return Fault(
        name="dropout",
        rules=("int.dropout",),
        what="A buffer ran dry during the render.",
        stem=None,
        start_s=start_s,
        end_s=start_s + gap_s,
        amount=1000 * gap_s,
        unit="ms",
    )


def clipping(mix: Sound, *, gain_db: float = 12.0) -> Fault:
    """A clip gain left in the second drop: one bar far over full scale, cut off flat and over between the samples."""
    start_s, end_s = bar_start_s(DROP_2.first_bar + 4), bar_start_s(DROP_2.first_bar + 5)
    span = _span(start_s, end_s)
    mix[:, span] = np.clip(mix[:, span] * np.float32(10 ** (gain_db / 20)), -1.0, 1.0 - 2.0**-23)
    return Fault(
        name="clipping",
        rules=("int.clip", "int.truepeak"),
        what="A bar of drop 2 is driven far over full scale and cut off flat.",
        stem=None,
        start_s=start_s,
        end_s=end_s,
        amount=gain_db,
        unit="dB",
    )


def cut_tail(mix: Sound) -> Fault:
    """The render stops on the last bar line, while room and echoes still sound; silence is what remains of the array.

    ``render`` cuts the file at ``end_s``.
    """
    end_s = OUTRO.end_s - 0.25 * STEP_S
    mix[:, frame(end_s) : FRAMES] = 0.0
    return Fault(
        name="cut tail",
        rules=("int.headtail",),
        what="The render stops while the last bar still sounds.",
        stem=None,
        start_s=end_s - 0.01,
        end_s=end_s,
        amount=1000 * (LENGTH_S - end_s),
        unit="ms missing",
    )


# The offset comes last: what filters or widens a stem would change it.
IN_STEMS: tuple[StemPlanter, ...] = (loud_sub, wide_bass, flipped_pad, loud_hats, dc_offset)
IN_MIX: tuple[MixPlanter, ...] = (leaning, dropout, clipping, cut_tail)
