"""Tempo of the whole file, from the autocorrelation of its onset envelope.

A tempo is believed when the envelope repeats after one beat *and* two *and* four *and* eight: the geometric mean of
those four autocorrelations, so that one missing level sinks a candidate. A sum would not: it is how dotted rhythms turn
180 into 120. What two- and four-beat repetition cannot rule out, a beat taken 3/2 too long, betrays itself by strong
repetition at 2/3, 4/3 and 8/3 of it, which is subtracted. The octave left over is decided by a prior that is level from
95 to 180 BPM, where electronic music is written and DJ players count, and falls to either side: it has no favourite
inside. The winner is then followed to ever longer lags, up to half the file and ten minutes at most, and at last its
attacks through the whole file (``pulse.py``), which settles it to a few thousandths of a BPM where a machine kept time;
a band that drifts keeps its mean. ``beat_grid.py`` says where its beats and bars lie.

After the autocorrelation family of tempo estimators (Percival and Tzanetakis, IEEE/ACM TASLP 22(12), 2014, for the
envelope-to-autocorrelation chain); the scoring is this project's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.measure.beat_grid import fit_grid
from uptrack_analysis.measure.fft import fast_length, irfft, rfft
from uptrack_analysis.measure.onsets import OnsetEnvelope, OnsetFlux, OnsetMeter, without
from uptrack_analysis.measure.pulse import follow
from uptrack_analysis.measure.results import TempoEstimate
from uptrack_analysis.signal import Block, FloatArray

MIN_SECONDS = 3.5
SHORT_SECONDS, SHORT_SURE = 6.0, 0.6
"""Of less music than this a tempo has to be so sure: a few random hits always fit one, but none as surely as a loop."""
MIN_BPM, MAX_BPM = 45.0, 240.0
PRIOR_LEVEL_BPM = (95.0, 180.0)
PRIOR_WIDTH_OCTAVES = 0.2
COUNTED_DOUBLE_BPM = 90.0
"""Below this the double is counted (drum and bass is 174, not 87) where it is heard at all, as DJ programs do, whose
ranges begin at 88 to 90: the slower level repeats better by nature, since its lags leave out the odd beats."""
HEARD_AT_ALL = 0.5
"""Least clarity of the double, over that of the slower level; breaks and dotted grooves at 170 to 177 have 0.71."""
MIN_CLARITY = 0.12
"""Least geometric mean of the four autocorrelations that counts as a beat: noise, speech and drones stay under 0.10."""
CLEAR = 0.4
"""Clarity from which on the beat itself is beyond doubt, and only its level is asked."""
MIN_ALTERNATIVE = 0.01
"""Alternatives less likely than this are not worth a reader's time."""

MIN_CONTRAST, DOUBTFUL = 2.3, 0.5
"""A doubtful tempo is none if its strongest attack stands out less than so many times: partials that beat against each
other repeat as well, but swell. Drones stay under 2.0, of 107 pieces of music the least is 2.7."""

_BEATS = (1.0, 2.0, 4.0, 8.0)
_THIRDS = (2 / 3, 4 / 3, 8 / 3)
_THIRDS_WEIGHT = 0.3
# How much less a bar of three must differ from the next than a bar of four does: pieces in three have 0.25 to 0.63, in
# four 0.87 and more.
_UNLIKE = 0.75
_TREND_S = 1.0
# Longest lag that is asked for. Files of up to this have all their lags; a tenth of a frame in ten minutes, to which
# the beat is followed, is 2 ppm, and an FFT over hours would take more memory than all that is kept of them.
_LONGEST_LAG_S = 1_200.0
_GRID_STEP = 0.002
_CANDIDATES = 5
# Frames worked on together: six minutes, so that only a longer file is cut.
_CHUNK = 1 << 15
# Scores of right and wrong metrical levels differ by tens of per cent; this power turns that into odds.
_ODDS_POWER = 8.0


class TempoMeter:
    """Streaming kernel: blocks in, one ``TempoEstimate`` out.

    ``reason`` says, after ``finish``, why there is no tempo; it is ``None`` when there is one.

    Parameters
    ----------
    rate_hz : int
        8-192 kHz.
    channels : int
        Rows of each block; the first two are the front left and right.

    Raises
    ------
    InvalidSignal
        A rate outside that range, or no channel.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._onsets = OnsetMeter(rate_hz, channels)
        self.reason: str | None = None
        self.onsets: OnsetFlux | None = None
        """After ``finish``: the flux the tempo was found in, for whatever else asks when things start."""
        self._envelope: OnsetEnvelope | None = None

    def push(self, block: Block) -> None:
        """Take the next samples, shape (channels, frames)."""
        self._onsets.push(block)

    def finish(self) -> TempoEstimate:
        """The tempo of everything pushed; confidence is the odds among metrical levels times the beat's clarity."""
        self._envelope = envelope = self._onsets.finish()
        return self._estimate(envelope)

    def without(self, spans_s: Sequence[tuple[float, float]]) -> TempoEstimate:
        """As ``finish``, after it and before ``forget``, as if nothing started in these spans, nor at their ends."""
        if self._envelope is None:
            raise RuntimeError("expected the envelope of a finished file, but it was let go of")
        return self._estimate(without(self._envelope, spans_s))

    def forget(self) -> None:
        """Let go of what only ``without`` needs: 14 kB of a second."""
        self._envelope = None

    def _estimate(self, envelope: OnsetEnvelope) -> TempoEstimate:
        self.onsets = OnsetFlux(envelope.rate_hz, envelope.groups)
        estimate, self.reason = estimate_tempo(envelope)
        return estimate


def estimate_tempo(envelope: OnsetEnvelope) -> tuple[TempoEstimate, str | None]:
    """Tempo of an onset envelope, and the reason when there is none."""
    seconds = envelope.groups.shape[1] / envelope.rate_hz
    if seconds < MIN_SECONDS:
        return _NO_TEMPO, f"a tempo needs at least {MIN_SECONDS} s of music, this is {seconds:.1f} s"
    repetition = _repetition(envelope)
    if repetition is None:
        return _NO_TEMPO, "nothing starts anywhere: the file is silence or one unchanging sound"
    bpm = np.exp(np.arange(np.log(MIN_BPM), np.log(MAX_BPM), _GRID_STEP))
    clarity, score = _score(repetition, 60.0 * envelope.rate_hz / bpm, bpm)
    peaks = 1 + np.flatnonzero((score[1:-1] >= score[:-2]) & (score[1:-1] > score[2:]))
    ranked = peaks[np.argsort(-score[peaks], kind="stable")]
    if ranked.size == 0 or clarity[ranked[0]] < MIN_CLARITY:
        return _NO_TEMPO, "no beat repeats steadily enough to count"
    chosen = _distinct(ranked, bpm)
    odds = score[chosen] ** _ODDS_POWER
    confidence = odds / odds.sum() * min(1.0, float(clarity[chosen[0]]) / CLEAR)
    chosen = _counted(chosen, bpm, clarity)
    found = [
        (_refine(repetition, envelope.rate_hz, float(bpm[place])), float(sure))
        for place, sure in zip(chosen, confidence, strict=True)
    ]
    alternatives = tuple(other for other in found[1:] if other[1] >= MIN_ALTERNATIVE)
    bpm, sure = found[0]
    if seconds < SHORT_SECONDS and sure < SHORT_SURE:
        return _NO_TEMPO, f"no beat is beyond doubt in as little as {seconds:.1f} s of music"
    attacks = envelope.attacks
    pulse = follow(attacks.low + attacks.high, attacks.rate_hz, 60.0 / bpm)
    if sure < DOUBTFUL and pulse.contrast < MIN_CONTRAST:
        return _NO_TEMPO, "something swells and fades steadily, but no attack marks a beat"
    grid = fit_grid(envelope, pulse, _beats_per_bar(repetition, 60.0 * envelope.rate_hz / bpm))
    return TempoEstimate(bpm if grid is None else 60.0 / grid.beat_s, sure, alternatives, grid), None


_NO_TEMPO = TempoEstimate(None, 0.0, ())


def _flattened(group: Block, window: int) -> FloatArray | None:
    """A group without its slow trend, unit variance; ``None`` where nothing happens."""
    flux: FloatArray = group - _trend(group, window)
    spread = float(flux.std())
    if not spread > 1e-9:
        return None
    flux /= spread
    return flux


def _trend(group: Block, window: int) -> FloatArray:
    """Mean over ``window`` frames around each frame, fewer at the ends."""
    until = np.concatenate([np.zeros(1), np.cumsum(group, dtype=np.float64)])
    trend: FloatArray = np.empty(group.size)
    for start in range(0, group.size, _CHUNK):
        here = np.arange(start, min(start + _CHUNK, group.size))
        first = np.maximum(here - window // 2, 0)
        last = np.minimum(here + window // 2 + 1, group.size)
        trend[start : start + here.size] = (until[last] - until[first]) / (last - first)
    return trend


def _repetition(envelope: OnsetEnvelope) -> FloatArray | None:
    """Normalised, unbiased autocorrelation by lag in frames: half from the groups singly, half from their sum.

    The groups singly keep a hi-hat's pulse apart from a bass line's; the sum rewards what falls together. ``None``
    where nothing happens in any of them.
    """
    window = round(_TREND_S * envelope.rate_hz)
    frames = envelope.groups.shape[1]
    lags = min(frames, round(_LONGEST_LAG_S * envelope.rate_hz))
    together, singly = np.zeros(frames), np.zeros(lags)
    alive = 0
    # One after the other, so that a two-hour set needs the room of one.
    for group in envelope.groups:
        flux = _flattened(group, window)
        if flux is not None:
            together += flux
            singly += _autocorrelation(flux, lags)
            alive += 1
    if not alive:
        return None
    repetition = _autocorrelation(together, lags)
    repetition *= 0.5
    singly *= 0.5 / alive
    repetition += singly
    # Longer lags are sums over less of the file.
    repetition *= frames / (frames - np.arange(lags))
    return repetition


def _autocorrelation(flux: FloatArray, lags: int) -> FloatArray:
    """By lag in frames, shape (lags,), 1 at none: the sum over stretches of ``lags`` frames."""
    length = fast_length(2 * lags)
    correlation = np.zeros(lags)
    for start in range(0, flux.size, lags):
        spectrum = _spectrum(flux[start : start + lags], length)
        further = spectrum if start + lags >= flux.size else _spectrum(flux[start : start + 2 * lags], length)
        correlation += irfft(spectrum.conj() * further, length)[:lags]
    return correlation / float(correlation[0])


def _spectrum(frames: FloatArray, length: int) -> NDArray[np.complex128]:
    padded = np.zeros(length)
    padded[: frames.size] = frames
    return rfft(padded)


def _at(repetition: FloatArray, lags: FloatArray) -> FloatArray:
    """Repetition at fractional lags; none where it is negative or the file is too short to say."""
    known = np.interp(lags, np.arange(repetition.size), repetition, right=0.0)
    return np.maximum(known, 0.0)


def _score(repetition: FloatArray, beat: FloatArray, bpm: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Clarity and score of each beat length in frames, shape (n_tempi,) each."""
    # A lag is heard well enough while two thirds of the file overlap with themselves; all tempi use the same multiples.
    slowest = float(beat[np.searchsorted(bpm, 60.0)])
    multiples = [k for k in _BEATS if k <= 2 or k * slowest <= repetition.size * 2 / 3]
    heard = np.stack([_at(repetition, k * beat) for k in multiples])
    clarity = np.exp(np.log(heard + 1e-3).mean(axis=0))
    thirds = np.stack([_at(repetition, k * beat) for k in _THIRDS]).mean(axis=0)
    low, high = PRIOR_LEVEL_BPM
    octaves = np.maximum(np.log2(low / bpm), 0.0) + np.maximum(np.log2(bpm / high), 0.0)
    prior = np.exp(-0.5 * (octaves / PRIOR_WIDTH_OCTAVES) ** 2)
    return clarity, np.maximum(clarity - _THIRDS_WEIGHT * thirds, 0.0) * prior


def _counted(chosen: list[int], bpm: FloatArray, clarity: FloatArray) -> list[int]:
    """The candidates, a slow winner having changed places with its double where that is one of them."""
    slow = chosen[0]
    for rank, fast in enumerate(chosen):
        is_double = abs(np.log(bpm[fast] / bpm[slow] / 2)) < 0.02
        if bpm[slow] < COUNTED_DOUBLE_BPM and is_double and clarity[fast] > HEARD_AT_ALL * clarity[slow]:
            return [fast, *chosen[1:rank], slow, *chosen[rank + 1 :]]
    return chosen


def _beats_per_bar(repetition: FloatArray, beat: float) -> int:
    """Three where every multiple of three beats repeats better than any of two or four, and clearly; else four."""
    # Over five frames, or a lag half-way between two would seem to repeat worse than one that meets a frame.
    around = np.concatenate([repetition[2:0:-1], repetition])
    smooth = np.convolve(around, np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0, mode="same")[2:]
    threes, fours = (_at(smooth, beat * np.array(multiples)) for multiples in ((3.0, 6.0, 9.0), (2.0, 4.0, 8.0)))
    clearly = smooth[0] - threes.mean() < _UNLIKE * (smooth[0] - fours.mean())
    return 3 if clearly and threes.mean() > fours.max() else 4


def _distinct(ranked: np.ndarray[tuple[int], np.dtype[np.intp]], bpm: FloatArray) -> list[int]:
    """The best few peaks that are 4 % or more apart."""
    chosen: list[int] = []
    for place in ranked:
        if all(abs(np.log(bpm[place] / bpm[other])) > 0.04 for other in chosen):
            chosen.append(int(place))
        if len(chosen) == _CANDIDATES:
            break
    return chosen


def _refine(repetition: FloatArray, rate_hz: float, bpm: float) -> float:
    """Follow a beat to longer and longer lags, each found by the last, as long as the repetition holds."""
    beat = 60.0 * rate_hz / bpm
    # The grid was scored at up to eight beats, and knows that lag to half a frame; so does each step the one before.
    beats = next((k for k in (8, 4, 2) if k * beat < repetition.size / 2), 1)
    holding = 0.0
    while beats * beat < repetition.size / 2:
        centre = round(beats * beat)
        window = slice(max(1, centre - 2), min(repetition.size - 1, centre + 3))
        peak = window.start + int(np.argmax(repetition[window]))
        if not 0 < peak < repetition.size - 1:
            break
        before, top, after = repetition[peak - 1 : peak + 2]
        if top < 0.4 * holding or top <= 0.0 or before > top or after > top:
            break
        holding = max(holding, float(top))
        bend = before - 2 * top + after
        lag = peak + (0.5 * (before - after) / bend if bend < 0.0 else 0.0)
        beat = float(lag) / beats
        beats *= 2
    return 60.0 * rate_hz / beat
