"""What is known of a mix's stems once all have been measured: plain results, no judgement.

Levels in dB name their reference; a delay is positive where the stem sounds later in the mix than in its own file. What
could not be measured is ``None``, with its reason beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from uptrack_analysis.audio.source import Speaker
from uptrack_analysis.measure.probes import Probes
from uptrack_analysis.measure.results import BandMatrix, Breaks, Loudness, LowSignal, StereoCurve, Transients
from uptrack_analysis.signal import FloatArray

Role = Literal["kick", "bass", "drums", "hats", "snare", "lead", "pad", "vocal", "fx", "other"]


@dataclass(frozen=True, slots=True)
class StemMeasured:
    """One stem by itself, in its own time."""

    sample_rate_hz: int
    frames: int
    layout: tuple[Speaker, ...]
    loudness: Loudness
    bands: BandMatrix
    stereo: StereoCurve
    rms_dbfs: float | None
    """``None`` for digital silence"""
    peak_dbfs: float | None
    step_peaks_dbfs: FloatArray
    """shape (n_steps,): largest sample of any channel in each 100 ms"""
    transients: Transients | None
    dc_offset: FloatArray
    """shape (channels,)"""
    lead_silence_s: float
    """Until the first sample over -60 dBFS; the whole duration if there is none."""
    tail_silence_s: float
    breaks: Breaks | None
    """Searched for only where the mix has some, because only then somebody asks whose they are."""
    probes: Probes
    low: LowSignal
    unmeasured: dict[str, str] = field(default_factory=dict)

    @property
    def silent(self) -> bool:
        return self.rms_dbfs is None

    @property
    def duration_s(self) -> float:
        return self.frames / self.sample_rate_hz


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a stem lies in the mix."""

    delay_s: float = 0.0
    gain_db: float | None = None
    """In the mix, over the stem's own level; ``None`` where the waveforms could not be compared."""
    level_db: float = 0.0
    """What levels are scaled by: ``gain_db``, or where that is not known what the other stems have."""
    inverted: bool = False
    share: float | None = None
    """Of the mix's power that this stem accounts for, 0 to 1, by waveform."""
    by: Literal["waveform", "level", "nothing"] = "nothing"
    """What it rests on: the samples; the course of its level alone; or nothing, then it is taken as it lies."""


@dataclass(frozen=True, slots=True)
class Stem:
    """One stem of a mix, measured and placed."""

    name: str
    track: str | None
    measured: StemMeasured
    alignment: Alignment
    role: Role
    role_confidence: float


@dataclass(frozen=True, slots=True)
class Remainder:
    """What the mix holds in one band that the stems do not."""

    low_hz: float
    high_hz: float
    gain_db: float
    """Mix over the sum of the stems, as far as the two go together."""
    unexplained_db: float
    """Power of the mix that no stem accounts for, re the mix in that band; -80 for none."""


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Power of the mix by octave and stretch, and what of it no master chain can have made of the stems' sum."""

    octaves_hz: tuple[float, ...]
    """Centres"""
    mix: FloatArray
    """Mean square, shape (n_octaves, n_probes)"""
    left: FloatArray
    """Of the same, what is left; never negative"""
    starts_s: tuple[float, ...]
    """Of the stretches, in the mix's time"""


@dataclass(frozen=True, slots=True)
class SumCheck:
    """The sum of the stems, each delayed and scaled as it fits best, against the mix."""

    null_db: float
    """Power of the difference between the waveforms re the mix, -80 for none."""
    bands: tuple[Remainder, ...]
    """Octaves"""
    left_over: LeftOver | None = None
    """``None`` where the waveforms cancel so well that nothing can be missing."""


@dataclass(frozen=True, slots=True)
class Stems:
    """All stems of a mix that could be measured."""

    stems: tuple[Stem, ...]
    check: SumCheck | None
    no_check: str | None = None
    """Why there is no check."""

    def named(self, role: Role, least_confidence: float = 0.5) -> tuple[Stem, ...]:
        """Stems of one role, by how much of them there is, most first."""
        chosen = [stem for stem in self.stems if stem.role == role and stem.role_confidence >= least_confidence]
        return tuple(sorted(chosen, key=lambda stem: -loud_power(stem)))


def power_gain(stem: Stem) -> float:
    """Of the stem in the mix; 0 for one that is not in it."""
    return float(10 ** (stem.alignment.level_db / 10))


def loud_power(stem: Stem) -> float:
    """Mean-square power of the stem in the mix, 1.0 for a full-scale square wave."""
    level = stem.measured.rms_dbfs
    return 0.0 if level is None else power_gain(stem) * float(10 ** (level / 10))
