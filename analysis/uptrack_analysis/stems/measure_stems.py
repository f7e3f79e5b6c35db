"""All stems of a mix: measured two at a time, given a role, and laid over the mix.

What remains to be made of the mix is one thread's work, and done beside the first stem. A thread for which no stem is
left helps with the last one, so that neither waits for the other.

A stem that cannot be read is left out and said so; the rest goes on. So does the mix, if all are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event

from uptrack_analysis.audio.described import describe
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.source import AudioSource, open_audio
from uptrack_analysis.errors import UpTrackError
from uptrack_analysis.measure.breaks import Kind
from uptrack_analysis.measure.lanes import Lanes
from uptrack_analysis.measure.one_pass import Metered, Progress, measure
from uptrack_analysis.measure.results import Defects, Measured
from uptrack_analysis.report import MeasuredFile
from uptrack_analysis.settings import StemFile
from uptrack_analysis.stems.alignment import Delay, DelayFinder, align
from uptrack_analysis.stems.results import Stem, StemMeasured, Stems
from uptrack_analysis.stems.roles import guess_role
from uptrack_analysis.stems.stem_pass import measure_stem, stem_of
from uptrack_analysis.stems.sum_check import check_sum

_THREADS = 2
_WAIT_S = 0.05
"""How long the caller waits before it shows progress again, which is where a cancelled analysis ends."""


@dataclass(frozen=True, slots=True)
class ReadStem:
    """One stem file, measured or with the reason why it is not."""

    file: StemFile
    measured: StemMeasured | None
    source: MeasuredFile | None
    """What the file is."""
    problem: str | None
    whole: Measured | None = None
    """Everything that is measured of a mix, where that was asked for."""
    delay: Delay | None = None
    """At which its waveform is in the mix, if it stands out there."""


class _Stopped(Exception):
    pass


def measure_stems(
    mix: Metered,
    files: Sequence[StemFile],
    limits: Limits,
    progress: Progress,
    *,
    in_full: bool = False,
    follow_links: bool = True,
) -> tuple[Measured, Stems, tuple[ReadStem, ...]]:
    """Complete the mix; measure and place every stem.

    Parameters
    ----------
    mix : Metered
        With its probes.
    files : sequence of StemFile
    limits : Limits
        For each file.
    progress : callable
        Called with the fraction done, 0 to 1, and a stage's name; what it raises ends the work.
    in_full : bool
        Measure each as fully as the mix; it takes as long.
    follow_links : bool
        As ``open_audio``.

    Returns
    -------
    tuple of (Measured, Stems, tuple of ReadStem)
        The mix, the stems that could be measured, and what became of every file, in the order given.
    """
    assert mix.probes is not None  # noqa: S101 - the caller asked for them
    finder = DelayFinder(mix.probes)
    sought = _sought(mix.defects)

    def read_one(file: StemFile, heard: Callable[[], None], lanes: Lanes) -> ReadStem:
        def measured(source: AudioSource) -> tuple[StemMeasured, Measured | None]:
            if in_full:
                whole = measure(source, lambda _fraction, _stage: heard(), stem=True)
                return stem_of(whole, source.info.layout), whole
            return measure_stem(source, breaks=sought, heard=heard, lanes=lanes), None

        return _read(file, limits, measured, finder, follow_links=follow_links)

    # What measures in full has a helper of its own.
    whole, read = _read_all(mix.complete, files, read_one, progress, threads=1 if in_full else _THREADS)
    there = [(one.file, one.measured) for one in read if one.measured is not None]
    if not there:
        return whole, Stems((), None, "no stem could be measured"), read
    measured = [stem for _file, stem in there]
    placed = align(mix.probes, mix.bands, measured, [one.delay for one in read if one.measured is not None])
    check = check_sum(mix.probes, [stem.probes for stem in measured], placed)
    stems: list[Stem] = []
    for (file, stem), alignment in zip(there, placed, strict=True):
        role, confidence = guess_role(stem, file.name)
        stems.append(Stem(file.name, file.track, stem, alignment, role, confidence))
    if isinstance(check, str):
        return whole, Stems(tuple(stems), None, check), read
    return whole, Stems(tuple(stems), check), read


def _sought(defects: Defects) -> frozenset[Kind]:
    """What of a stem is looked for: what the mix has. The edges of a stem's hole or copy are clicks, if not sought."""
    found: dict[Kind, bool] = {
        "gaps": bool(defects.gaps or defects.timed_gaps),
        "clicks": bool(defects.clicks),
        "repeats": bool(defects.repeats),
        "held": bool(defects.held),
    }
    return frozenset(kind for kind, there in found.items() if there)


def _read_all(
    complete: Callable[[], Measured],
    files: Sequence[StemFile],
    read: Callable[[StemFile, Callable[[], None], Lanes], ReadStem],
    progress: Progress,
    *,
    threads: int,
) -> tuple[Measured, tuple[ReadStem, ...]]:
    stop = Event()
    done = 0
    begun: SimpleQueue[Lanes] = SimpleQueue()

    def heard() -> None:
        if stop.is_set():
            raise _Stopped

    def read_one(file: StemFile) -> ReadStem:
        with Lanes() as lanes:  # left in any case, so that who came to help goes on
            begun.put(lanes)
            return read(file, heard, lanes)

    def help_others() -> None:
        for _ in files:  # the pool begins this only once each is begun, so that none is waited for in vain
            begun.get().help()

    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="stems") as pool:
        pending: set[Future[ReadStem]] = set()
        helping: list[Future[None]] = []
        try:
            whole = pool.submit(complete)
            futures = [pool.submit(read_one, file) for file in files]
            pending = set(futures)
            helping = [pool.submit(help_others) for _ in range(threads - 1)]
            while pending:
                ended, pending = wait(pending, timeout=_WAIT_S, return_when=FIRST_COMPLETED)
                done += len(ended)
                if whole.done():
                    whole.result()  # which ends all of it, if it failed
                progress(done / len(files), "stems")
            return whole.result(), tuple(future.result() for future in futures)
        finally:
            stop.set()
            for helper in helping:
                helper.cancel()
            for future in pending:
                future.cancel()


def _read(
    file: StemFile,
    limits: Limits,
    measured: Callable[[AudioSource], tuple[StemMeasured, Measured | None]],
    finder: DelayFinder,
    *,
    follow_links: bool,
) -> ReadStem:
    if file.problem is not None:
        return ReadStem(file, None, None, file.problem)
    try:
        with open_audio(Path(file.path), limits, follow_links=follow_links) as source:
            stem, whole = measured(source)
            described = describe(Path(file.path).name, source)
    except UpTrackError as error:
        return ReadStem(file, None, None, error.sentence)
    return ReadStem(file, stem, described, None, whole, finder.find(stem.probes))
