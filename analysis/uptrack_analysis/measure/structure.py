"""The arrangement: where a track's parts begin and end, on phrase boundaries where it has a beat, and what they are.

With a beat grid the stretches compared are bars, and a cut is cheaper where phrases begin; none has to lie there.
Without one they are seconds: cuts lie where the sound changes most, and nothing is counted in bars. What is compared is
in ``structure_features.py``, phrases in ``phrases.py``, the cutting in ``segmentation.py``, names in
``section_kinds.py``.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from uptrack_analysis.measure.onsets import OnsetFlux
from uptrack_analysis.measure.phrases import PhraseGrid, phrase_grid
from uptrack_analysis.measure.results import BandMatrix, BeatGrid, Loudness, SectionEstimate, SectionKind, Structure
from uptrack_analysis.measure.section_kinds import name_parts
from uptrack_analysis.measure.segmentation import best_cuts, novelty, standardised
from uptrack_analysis.measure.structure_features import HIGHS, LOW_END, Profile, Stretches
from uptrack_analysis.signal import FloatArray

MIN_SECONDS = 30.0
"""Below that there are rarely two parts, and what there is cannot be told from a fill."""
SILENT_LUFS = -70.0
"""The absolute gate of BS.1770: a file that never comes over it has no arrangement."""

_PRICE = 20.0
# Of the price: what a cut costs on a 2nd, 4th, 8th, 16th bar of the phrase grid, the last that holds; 1.5 elsewhere.
_OFF_GRID = 1.5
_ON_GRID = ((2, 1.25), (4, 1.0), (8, 0.75), (16, 0.65))
# Of the price, on top: a piece of 1, 2, 3 ... bars. Parts of 8 are common, 4 exist, 2 are fills.
_SHORT_BARS = np.array([1.5, 1.0, 1.0, 0.25, 0.25, 0.25, 0.25])
# The same in seconds, a bar of electronic music being about two.
_SHORT_SECONDS = np.array([2.0, 1.75, 1.5, 1.25, 1.0, 1.0, 1.0, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25])
# Seconds are twice as many as bars, and twice as much speaks for every cut.
_SECONDS_PRICE = 2.0
# Pieces of this many are fills and pauses inside a part, in bars and in seconds.
_FILL_BARS, _FILL_SECONDS = 2, 5
# Without a grid a cut is looked for this far around, this finely; less than half a piece, so that none meet.
_AROUND_S, _FINE_S = 2.0, 0.05
# Low end and loudness that count as nothing in a piece's fullness.
_NO_LOW_END_DB, _NO_LOUDNESS_LU = -12.0, -9.0
# A name is as likely as all others together.
_BELIEVED = 0.5
# Fullest and thinnest piece of a track must differ by this for its parts to have names.
_LEAST_CONTRAST = 0.12

NO_CONTRAST = "no part has more low end, onsets or loudness than the others, so none can be told a drop from a break"
NO_BEAT = "without a steady beat a part is no intro, build, drop, break or outro"


def find_structure(
    bands: BandMatrix, onsets: OnsetFlux, loudness: Loudness, grid: BeatGrid | None, duration_s: float
) -> Structure:
    """Cut a track into its parts and name them.

    Silence behind the music belongs to the last part and says nothing of any.

    Parameters
    ----------
    bands, onsets, loudness : BandMatrix, OnsetFlux, Loudness
        Of one file.
    grid : BeatGrid or None
        Its beats, if it has steady ones.
    duration_s : float
        Its length.

    Returns
    -------
    structure : Structure
        One section where nothing changes; none, with a reason, under 30 s and in silence.
    """
    if duration_s < MIN_SECONDS:
        return Structure((), f"an arrangement needs at least {MIN_SECONDS:.0f} s of music, this is {duration_s:.1f} s")
    if not np.nanmax(loudness.momentary_lufs, initial=-np.inf) >= SILENT_LUFS:
        return Structure((), f"nothing is louder than {SILENT_LUFS:.0f} LUFS")
    music_s = min(duration_s, onsets.groups.shape[1] / onsets.rate_hz)
    found = _structure_of(Profile(bands, onsets, music_s), _MeanLoudness(loudness), grid, music_s)
    if not found.sections:
        return found
    return replace(found, sections=(*found.sections[:-1], replace(found.sections[-1], end_s=duration_s)))


def _structure_of(profile: Profile, power: _MeanLoudness, grid: BeatGrid | None, duration_s: float) -> Structure:
    if grid is None:
        found = profile.between(np.linspace(0.0, duration_s, round(duration_s) + 1))
        cuts = _cuts(found, np.full(found.edges_s.size, _SECONDS_PRICE), _SHORT_SECONDS, _FILL_SECONDS)
        edges_s = _sharpened(found.edges_s[cuts], profile)
        return Structure(tuple(_parts(found, cuts, edges_s, power)), NO_BEAT)
    phrases = phrase_grid(profile, grid, duration_s)
    found = profile.between(phrases.edges_s)
    cuts = _cuts(found, _bar_prices(phrases), _SHORT_BARS, _FILL_BARS)
    parts = _parts(found, cuts, found.edges_s[cuts], power)
    fullness = [part.fullness for part in parts]
    if max(fullness) - min(fullness) < _LEAST_CONTRAST:
        return Structure(_counted(parts, phrases, cuts), NO_CONTRAST)
    names = name_parts(parts)
    runs = [list(run) for _, run in itertools.groupby(range(len(parts)), key=lambda part: _told(*names[part]))]
    cuts = [*(cuts[run[0]] for run in runs), cuts[-1]]
    joined = [
        replace(part, kind=names[run[0]][0], confidence=max(names[member][1] for member in run))
        for part, run in zip(_parts(found, cuts, found.edges_s[cuts], power), runs, strict=True)
    ]
    return Structure(_counted(joined, phrases, cuts))


def _told(kind: SectionKind, confidence: float) -> tuple[SectionKind, bool]:
    """What neighbours must share to be one part: a mix is judged in its drops, so one that hardly is none is no part of
    a sure one beside it, or which of two names it got would decide where."""
    return kind, kind == "drop" and confidence >= _BELIEVED


def _cuts(found: Stretches, prices: FloatArray, short_prices: FloatArray, fill: int) -> list[int]:
    """First stretch of every part, and how many there are.

    Pieces of up to ``fill`` stretches are no parts: fills, pauses, a tail that rings out. They go to the part they end,
    a count-in to the one it begins.
    """
    features = standardised(found.scaled) * found.weights()
    cuts = best_cuts(features, prices * _PRICE, short_prices * _PRICE)
    kept = [cut for cut, after in itertools.pairwise(cuts) if cut == 0 or after - cut > fill]
    if len(kept) > 1 and kept[1] <= fill:
        del kept[1]
    return [*kept, cuts[-1]]


def _bar_prices(phrases: PhraseGrid) -> FloatArray:
    """Of a cut before each bar: over all places where phrases may begin, as likely as each is."""
    bars = np.arange(phrases.edges_s.size) - np.arange(phrases.begins.size)[:, None]
    prices = np.full(bars.shape, _OFF_GRID)
    for multiple, price in _ON_GRID:
        prices[bars % multiple == 0] = price
    expected: FloatArray = phrases.begins @ prices
    return expected


def _parts(found: Stretches, cuts: list[int], edges_s: FloatArray, power: _MeanLoudness) -> list[SectionEstimate]:
    """Figures of each piece; kinds and bars are for others to say."""
    spans = list(zip(edges_s[:-1].tolist(), edges_s[1:].tolist(), strict=True))
    loudness = [power.lufs(start_s, end_s) for start_s, end_s in spans]
    lengths_s = np.diff(found.edges_s)
    parts: list[SectionEstimate] = []
    for (start_s, end_s), lufs, (first, last) in zip(spans, loudness, itertools.pairwise(cuts), strict=True):
        rows = slice(first, last)
        weights = lengths_s[rows] / lengths_s[rows].sum()
        low_end_db = 10 * float(np.log10(weights @ 10 ** (found.levels_db[rows, LOW_END] / 10)))
        onsets = weights @ np.minimum(found.onsets[rows], 1.0)
        shares = (1 - low_end_db / _NO_LOW_END_DB, float(onsets.mean()), 1 - (lufs - max(loudness)) / _NO_LOUDNESS_LU)
        parts.append(
            SectionEstimate(
                kind=None,
                start_s=start_s,
                end_s=end_s,
                bars=None,
                first_bar=None,
                confidence=0.0,
                loudness_lufs=lufs if np.isfinite(lufs) else None,
                low_end_db=low_end_db,
                onset_share=float(onsets.mean()),
                kick_share=float(onsets[LOW_END]),
                fullness=float(np.mean(np.clip(shares, 0.0, 1.0))),
                highs_db=float(weights @ found.levels_db[rows, HIGHS].mean(axis=1)),
                rise_db=_rise(found.levels_db[rows, HIGHS].mean(axis=1)),
                onset_rise=_rise(np.minimum(found.onsets[rows], 1.0).mean(axis=1)),
            )
        )
    fullest = max(1e-9, *(part.fullness for part in parts), 0.0)
    return [replace(part, fullness=part.fullness / fullest) for part in parts]


def _rise(levels: FloatArray) -> float:
    """End minus beginning of the straight line through the levels, times the share of their variance it explains.

    A riser is nearly a line; a voice that comes in half-way, or every other bar, is not.
    """
    if levels.size < 2:
        return 0.0
    position = np.arange(levels.size) - (levels.size - 1) / 2
    slope = float(position @ levels / (position @ position))
    variance = float(((levels - levels.mean()) ** 2).sum())
    explained = slope**2 * float(position @ position) / variance if variance > 1e-9 else 0.0
    return slope * (levels.size - 1) * min(1.0, explained)


def _counted(parts: list[SectionEstimate], phrases: PhraseGrid, cuts: list[int]) -> tuple[SectionEstimate, ...]:
    """The same parts, in bars."""
    return tuple(
        replace(part, bars=(part.end_s - part.start_s) / phrases.bar_s, first_bar=phrases.first_bar + cut)
        for part, cut in zip(parts, cuts, strict=False)
    )


def _sharpened(edges_s: FloatArray, profile: Profile) -> FloatArray:
    """Inner edges moved to where, near by, one side differs most from the other."""
    sharp_s = edges_s.copy()
    reach = round(_AROUND_S / _FINE_S)
    for number in range(1, edges_s.size - 1):
        fine_s = edges_s[number] + np.arange(-2 * reach, 2 * reach + 1) * _FINE_S
        fine_s = fine_s[(fine_s >= 0.0) & (fine_s <= edges_s[-1])]
        near = np.abs(fine_s[:-1] - edges_s[number]) <= _AROUND_S
        change = novelty(profile.between(fine_s).scaled, reach)
        sharp_s[number] = fine_s[:-1][near][int(np.argmax(change[near]))]
    return sharp_s


class _MeanLoudness:
    """Mean loudness between any two moments, from the running sum of momentary loudness."""

    def __init__(self, loudness: Loudness) -> None:
        momentary = np.nan_to_num(loudness.momentary_lufs, nan=-np.inf)
        self._power = np.concatenate([[0.0], np.cumsum(10 ** (momentary / 10))])
        self._windows = np.concatenate([[0.0], np.cumsum(~np.isnan(loudness.momentary_lufs))])
        # A window of 0.4 s that ends here stands for its middle.
        self._times_s = np.arange(momentary.size + 1) * loudness.hop_s - 0.2

    def lufs(self, start_s: float, end_s: float) -> float:
        power, windows = (
            float(np.diff(np.interp([start_s, end_s], self._times_s, sums))[0]) for sums in (self._power, self._windows)
        )
        return 10 * float(np.log10(power / windows)) if power > 0.0 and windows > 0.0 else -np.inf
