"""Level and tone of the tracks a mix will be played beside: a DJ's folder, measured lightly.

Two meters a track instead of all, and tone from every fourth stretch of 3 s, faded at its ends so that the cut makes no
click: enough for a median over tracks. What was measured is remembered while this program runs, by path, size and time,
and nowhere else.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.errors import BadInput, NothingToMeasure
from uptrack_analysis.measure.bands import BandMeter
from uptrack_analysis.measure.loudness import LoudnessMeter
from uptrack_analysis.measure.ltas import mean_spectrum, named_band_levels
from uptrack_analysis.measure.one_pass import front_pair
from uptrack_analysis.measure.results import Crate, CrateTrack
from uptrack_analysis.signal import Block

MOST_TRACKS = 200
_THREADS = 2
_BLOCK_FRAMES = 131_072
_TONE_EVERY = 4
_FADE_FRAMES = 1_024

Heard = Callable[[float], None]
"""Called with the fraction done, 0 to 1, after each track; what it raises ends everything."""

_known: dict[tuple[str, int, int], CrateTrack] = {}


class _Stopped(Exception):
    """The analysis this was for is over."""


def measure_crate(folder: Path, beside: Path, limits: Limits, heard: Heard) -> Crate:
    """Every track that lies in ``folder`` itself, in the order of their names; what is no audio is passed over.

    Parameters
    ----------
    beside : Path
        The mix: not its own neighbour where it lies in the folder.

    Raises
    ------
    BadInput
        ``folder`` cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file() and not entry.name.startswith("."))
    except OSError as error:
        raise BadInput(
            f"Expected a folder of tracks to compare with, but {folder.name or folder} cannot be read "
            f"({(error.strerror or str(error)).lower()}): name another.",
            code="input.crate",
        ) from None
    paths = [folder / name for name in names if not _same(folder / name, beside)][:MOST_TRACKS]
    stop = threading.Event()
    found: dict[Path, CrateTrack | None] = {}
    with ThreadPoolExecutor(_THREADS, "crate") as pool:
        waiting = {pool.submit(_track, path, limits, stop): path for path in paths}
        try:
            for number, done in enumerate(as_completed(waiting), start=1):
                found[waiting[done]] = done.result()
                heard(number / len(paths))
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    return Crate(tuple(track for path in paths if (track := found[path]) is not None))


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _track(path: Path, limits: Limits, stop: threading.Event) -> CrateTrack | None:
    """``None`` for what is no audio, is silent, or is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    key = (str(path.absolute()), status.st_size, status.st_mtime_ns)
    if key not in _known:
        try:
            _known[key] = _measure(path, limits, stop)
        except (BadInput, NothingToMeasure, _Stopped):
            return None
    return _known[key]


def _measure(path: Path, limits: Limits, stop: threading.Event) -> CrateTrack:
    with open_audio(path, limits) as source:
        rows = list(front_pair(source.info.layout))
        loudness = LoudnessMeter(source.info.sample_rate_hz, source.info.layout)
        bands = BandMeter(source.info.sample_rate_hz, len(rows))
        for number, block in enumerate(source.blocks(_BLOCK_FRAMES)):
            if stop.is_set():
                raise _Stopped
            loudness.push(block)
            if number % _TONE_EVERY == 0:
                bands.push(_faded(block[rows]))
    integrated = loudness.finish().integrated_lufs
    if integrated is None:
        raise NothingToMeasure("silent")
    return CrateTrack(integrated, tuple(level.level_db for level in named_band_levels(mean_spectrum(bands.finish()))))


def _faded(block: Block) -> Block:
    length = min(_FADE_FRAMES, block.shape[1] // 2)
    ramp = np.linspace(0.0, 1.0, length, dtype=np.float32)
    faded = block.copy()
    faded[:, :length] *= ramp
    faded[:, faded.shape[1] - length :] *= ramp[::-1]
    return faded
