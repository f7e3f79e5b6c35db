"""The case before the rules: what was measured, by which thresholds it is judged, and which parts of it matter.

**The loud passage** is defined here and nowhere else: the drops, where the arrangement has some that are about as loud
as the file gets; otherwise the union of all 3 s windows that reach the integrated loudness, less half a decibel so that
steady music counts whole. Files too short for such a window are loud throughout. Tone, low end and balance are judged
inside it; whole-file figures are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.findings.families import Family, load_families
from uptrack_analysis.findings.lean import Lean, lean_of
from uptrack_analysis.findings.moments import Steps, steps_of
from uptrack_analysis.findings.places import TimeSpan, inside, merged, spans_of_windows
from uptrack_analysis.findings.targets import Delivery
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.ltas import Spectrum, mean_spectrum
from uptrack_analysis.measure.results import Measured, SectionEstimate
from uptrack_analysis.measure.stereo import LIMIT_DB, correlation_curve
from uptrack_analysis.report import Action, GenreChoice, ProjectFacts, Span
from uptrack_analysis.signal import FloatArray
from uptrack_analysis.stems.attribution import Blame
from uptrack_analysis.stems.low_end import LowEnd, low_end
from uptrack_analysis.stems.results import Stems

if TYPE_CHECKING:
    from uptrack_analysis.findings.reference_profile import ReferenceProfile
    from uptrack_analysis.findings.rule import Verdict

SHORT_TERM_S = 3.0
LOUD_BELOW_INTEGRATED_LU = 0.5
# A drop has to be believed, and to be where the level is: a quiet one was named by mistake, or is no place to judge at.
DROP_BELIEVED_FROM = 0.5
DROP_BELOW_INTEGRATED_LU = 1.0
CORRELATION_S = 1.0

# Two places this close are one: a bar, and where nobody knows the tempo two seconds, a bar at 120 bpm.
BAR_S_WITHOUT_TEMPO = 2.0
TEMPO_BELIEVED_FROM = 0.5


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A rule had nothing to judge; ``reason`` is a sentence. It costs coverage, never score."""

    reason: str
    optional: bool = False
    """It takes what not every analysis is given (stems, a crate, an encoder): its absence costs no coverage either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A finding to be: what one rule saw at one place. Identity, severity and points are added by ``judge``."""

    value: float
    unit: str
    threshold: Threshold
    confidence: float
    """The detector's own, 0 to 1; certainty of the genre is multiplied in later where the rule rests on it."""
    exposure: float
    """Share of the time that matters, 0 to 1."""
    advice: str
    spans: tuple[Span, ...]
    title: str | None = None
    """Instead of the rule's own."""
    blocker: bool = False
    """An objective defect beyond the limit that the data names."""
    low_hz: float | None = None
    high_hz: float | None = None
    channel: int | None = None
    stem: str | None = None
    """Whose problem it is, where the rule itself knows; otherwise the stems are asked."""
    blame: Blame | None = None
    """What to ask the stems for, to name the one it comes from; ``None`` where no stem is to blame."""
    place: str = ""
    """Tells findings of one rule apart that share stem, band and channel; coarse, so that it survives small changes."""
    actions: tuple[Action, ...] = ()
    expected_delta: str = ""
    told_from: float | None = None
    """The rule's own first value that it tells, where that lies beyond the fine range by more than a warning does."""
    whatever_genre: bool = False
    """Judged by the user's references or by the mix itself, so that how sure the genre is does not matter."""

    informs: bool = False
    """Told even where it does not warn: something to know, or to ask. All else that does not warn is no finding."""

    @property
    def excess(self) -> float:
        return self.threshold.excess(self.value)


@dataclass(frozen=True, slots=True)
class StereoWindows:
    """The front pair in sliding windows of 1 s, shape (n_windows,) each."""

    ends_s: FloatArray
    length_s: float
    correlation: FloatArray
    """Signed, -1 to 1; NaN where nothing sounds."""
    balance_db: FloatArray
    """Left over right power, within +-90 dB; NaN where nothing sounds."""
    loud: NDArray[np.bool_]
    """The window's middle lies in the loud passage."""

    def spans(self, chosen: NDArray[np.bool_]) -> tuple[TimeSpan, ...]:
        return spans_of_windows(chosen, self.ends_s, self.length_s)

    @property
    def sounding(self) -> NDArray[np.bool_]:
        return np.isfinite(self.correlation)


@dataclass(frozen=True)
class Case:
    """One mix before the rules. Derived figures are made on first use and kept."""

    measured: Measured
    family: Family
    delivery: Delivery
    genre: GenreChoice
    project: ProjectFacts = field(default_factory=ProjectFacts)
    references: ReferenceProfile | None = None
    """The user's own tracks, which rules ask before any curve of ours."""
    stems: Stems | None = None
    """What the mix was made of, if the stems came with it."""
    _verdicts: dict[Callable[[Case], Verdict], Verdict] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def verdict_of(self, check: Callable[[Case], Verdict]) -> Verdict:
        """What one rule's check says; asked once, however many rules want to hear it."""
        if check not in self._verdicts:
            self._verdicts[check] = check(self)
        return self._verdicts[check]

    @property
    def whole(self) -> TimeSpan:
        return (0.0, self.measured.duration_s)

    @property
    def sounds_until_s(self) -> float:
        """Where the music ends: silence behind it belongs to the last section, but is no part of what is judged."""
        return self.measured.duration_s - self.measured.defects.tail_silence_s

    def why(self, figure: str, otherwise: str) -> Unmeasured:
        """The meter's own reason for a missing figure, or ``otherwise``."""
        return Unmeasured(self.measured.unmeasured.get(figure, otherwise))

    @cached_property
    def own_family(self) -> Family:
        """The genre as its file has it, which is what may be said of it: ``family`` may be widened by a guess."""
        return load_families().get(self.family.id, self.family)

    def still_passes(self, limit: str) -> str:
        """What to add to a figure of ``own_family`` where an unsure guess judges by a wider ``limit``; else empty."""
        return f" (the genre is a guess that is not sure, so {limit} still passes)" if self.genre.widened else ""

    @cached_property
    def true_peak_dbtp(self) -> float | None:
        """Largest of all channels; ``None`` in silence."""
        peaks = self.measured.peaks.true_dbtp
        return float(peaks.max()) if peaks.size and np.isfinite(peaks).any() else None

    @cached_property
    def plr_db(self) -> float | None:
        """True peak over integrated loudness."""
        integrated = self.measured.loudness.integrated_lufs
        return None if integrated is None or self.true_peak_dbtp is None else self.true_peak_dbtp - integrated

    @cached_property
    def psr_in_drop_db(self) -> float | None:
        """Sample peak in 3 s over short-term loudness, median of the loud passage; ``None`` if unknown."""
        curve, step_s = self.measured.peaks.curve_dbfs, self.measured.peaks.curve_step_s
        loudness = self.measured.loudness
        steps = round(SHORT_TERM_S / step_s)
        if curve.size < steps:
            return None
        highest = np.lib.stride_tricks.sliding_window_view(curve, steps).max(axis=1)
        ends_s = step_s * np.arange(steps, steps + highest.size, dtype=np.float64)
        places = np.minimum(np.round(ends_s / loudness.hop_s).astype(np.int64), loudness.short_term_lufs.size) - 1
        with np.errstate(invalid="ignore"):  # silence over silence has no ratio
            psr = highest - loudness.short_term_lufs[places]
        chosen = inside(ends_s - SHORT_TERM_S / 2, self.loud_spans) & np.isfinite(psr)
        return float(np.median(psr[chosen])) if chosen.any() else None

    @cached_property
    def bpm(self) -> float | None:
        """The project's tempo, or the detected one if it is believed."""
        if self.project.bpm is not None:
            return self.project.bpm
        tempo = self.measured.tempo
        return tempo.bpm if tempo.bpm is not None and tempo.confidence >= TEMPO_BELIEVED_FROM else None

    @cached_property
    def bar_s(self) -> float:
        if not self.bpm:
            return BAR_S_WITHOUT_TEMPO
        return 60.0 / self.bpm * (self.project.beats_per_bar or 4)

    def joined(self, spans: Sequence[TimeSpan]) -> tuple[TimeSpan, ...]:
        """The union of ``spans``, with gaps under one bar closed; none of it after the file's end.

        The last window of a curve may reach past that end by part of a step.
        """
        end_s = self.measured.duration_s
        return tuple((start, min(end, end_s)) for start, end in merged(spans, self.bar_s) if start < end_s)

    @cached_property
    def drops(self) -> tuple[SectionEstimate, ...]:
        """Sections believed to be drops, in order."""
        sections = self.measured.structure.sections
        return tuple(part for part in sections if part.kind == "drop" and part.confidence >= DROP_BELIEVED_FROM)

    @cached_property
    def loud_spans(self) -> tuple[TimeSpan, ...]:
        """The loud passage; empty when the file is silent throughout."""
        loudness = self.measured.loudness
        if loudness.integrated_lufs is None:
            return ()
        curve = loudness.short_term_lufs
        if not np.isfinite(curve).any():
            return (self.whole,)
        drops = [
            (section.start_s, min(section.end_s, self.sounds_until_s))
            for section in self.drops
            if section.loudness_lufs is not None
            and section.loudness_lufs >= loudness.integrated_lufs - DROP_BELOW_INTEGRATED_LU
        ]
        if drops:
            return merged(drops)
        with np.errstate(invalid="ignore"):
            loud = curve >= loudness.integrated_lufs - LOUD_BELOW_INTEGRATED_LU
        if not loud.any():  # a burst shorter than a window: its 0.4 s blocks count, its 3 s windows do not
            loud = curve == np.nanmax(curve)
        ends_s = loudness.hop_s * np.arange(1, curve.size + 1, dtype=np.float64)
        return spans_of_windows(loud, ends_s, SHORT_TERM_S)

    @cached_property
    def loud_mask(self) -> NDArray[np.bool_]:
        """Frames of the band matrix inside the loud passage, shape (n_frames,)."""
        return inside(self.measured.bands.times_s, self.loud_spans)

    @cached_property
    def loud_spectrum(self) -> Spectrum:
        """Mean power of the loud passage, band by band; NaN where there is none."""
        return mean_spectrum(self.measured.bands, self.loud_mask)

    @cached_property
    def lean(self) -> Lean | None:
        """How dark or bright the loud passage is against the tonal average; ``None`` where that cannot be told."""
        return lean_of(self)

    @cached_property
    def steps(self) -> Steps | None:
        """The band matrix in steps of half a second, which ``moments`` makes its windows of."""
        return steps_of(self.measured.bands, self.sounds_until_s)

    @cached_property
    def low_end(self) -> LowEnd | str:
        """Kick and bass of the stems where they meet, or a sentence that says why there is nothing to compare."""
        return "There are no stems." if self.stems is None else low_end(self.stems)

    @property
    def dead_sides(self) -> tuple[int, ...]:
        """Channels of the front pair without a sound while another plays.

        Surround files often carry an unused centre or LFE; a dead front channel is never meant.
        """
        return tuple(channel for channel in self.measured.defects.silent_channels if channel in self.measured.front)

    @cached_property
    def stereo(self) -> StereoWindows | Unmeasured:
        """The front pair over time, or why there is none to judge."""
        curve = self.measured.stereo
        if self.measured.channels < 2:
            return Unmeasured("The file has one channel, so there is no stereo image to judge.")
        if self.dead_sides:
            return Unmeasured("One channel is silent, so there is no stereo image to judge.")
        steps = round(CORRELATION_S / curve.step_s)
        if curve.ll.size < steps:
            return Unmeasured(f"The file is shorter than the {CORRELATION_S:.0f} s window of the correlation.")
        # What plays on one side only is unrelated to the other, and plays.
        correlation = correlation_curve(curve, window_s=CORRELATION_S, dead=0.0)[steps - 1 :]
        left, right = (np.lib.stride_tricks.sliding_window_view(p, steps).sum(axis=1) for p in (curve.ll, curve.rr))
        sounding = np.isfinite(correlation)
        if not sounding.any():
            return Unmeasured("The file is silent.")
        balance_db = np.full(correlation.shape, np.nan)
        floor = 10 ** (-LIMIT_DB / 10)
        left, right = (np.maximum(own, floor * other)[sounding] for own, other in ((left, right), (right, left)))
        balance_db[sounding] = 10 * np.log10(left / right)
        ends_s = curve.step_s * np.arange(steps, steps + correlation.size, dtype=np.float64)
        loud = inside(ends_s - CORRELATION_S / 2, self.loud_spans)
        return StereoWindows(ends_s, CORRELATION_S, correlation, balance_db, loud)
