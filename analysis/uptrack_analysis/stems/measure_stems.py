"""All stems of a mix: measured two at a time, given a role, and laid over the mix.

A stem that cannot be read is left out and said so; the rest goes on. So does the mix, if all are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from uptrack_analysis.audio.described import describe
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.errors import UpTrackError
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.report import MeasuredFile
from uptrack_analysis.settings import StemFile
from uptrack_analysis.stems.alignment import Delay, DelayFinder, align
from uptrack_analysis.stems.results import Stem, StemMeasured, Stems
from uptrack_analysis.stems.roles import guess_role
from uptrack_analysis.stems.stem_pass import measure_stem
from uptrack_analysis.stems.sum_check import check_sum

_THREADS = 2
_WAIT_S = 0.05
"""How long the caller waits before it shows progress again, which is where a cancelled analysis ends."""

Heard = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class ReadStem:
    """One stem file, measured or with the reason why it is not."""

    file: StemFile
    measured: StemMeasured | None
    source: MeasuredFile | None
    """What the file is."""
    problem: str | None
    delay: Delay | None = None
    """At which its waveform is in the mix, if it stands out there."""


class _Stopped(Exception):
    pass


def measure_stems(
    mix: Measured, files: Sequence[StemFile], limits: Limits, progress: Heard, *, follow_links: bool = True
) -> tuple[Stems, tuple[ReadStem, ...]]:
    """Measure and place every stem.

    Parameters
    ----------
    mix : Measured
        With its probes.
    files : sequence of StemFile
    limits : Limits
        For each file.
    progress : callable
        Called with the fraction done, 0 to 1, and a stage's name; what it raises ends the work.
    follow_links : bool
        As ``open_audio``.

    Returns
    -------
    tuple of (Stems, tuple of ReadStem)
        The stems that could be measured, and what became of every file, in the order given.
    """
    assert mix.probes is not None  # noqa: S101 - the caller asked for them
    finder = DelayFinder(mix.probes)
    read = _read_all(files, limits, progress, finder, follow_links=follow_links, defects=_has_faults(mix))
    there = [(one.file, one.measured) for one in read if one.measured is not None]
    if not there:
        return Stems((), None, "no stem could be measured"), read
    measured = [stem for _file, stem in there]
    placed = align(mix.probes, mix.bands, measured, [one.delay for one in read if one.measured is not None])
    check = check_sum(mix.probes, [stem.probes for stem in measured], placed)
    stems: list[Stem] = []
    for (file, stem), alignment in zip(there, placed, strict=True):
        role, confidence = guess_role(stem, file.name)
        stems.append(Stem(file.name, file.track, stem, alignment, role, confidence))
    if isinstance(check, str):
        return Stems(tuple(stems), None, check), read
    return Stems(tuple(stems), check), read


def _has_faults(mix: Measured) -> bool:
    defects = mix.defects
    return bool(defects.gaps or defects.clicks or defects.repeats)


def _read_all(
    files: Sequence[StemFile],
    limits: Limits,
    progress: Heard,
    finder: DelayFinder,
    *,
    follow_links: bool,
    defects: bool,
) -> tuple[ReadStem, ...]:
    stop = Event()
    done = 0

    def heard() -> None:
        if stop.is_set():
            raise _Stopped

    helpers = _THREADS - 1 if len(files) == 1 else 0  # two stems side by side have a thread each

    def read(file: StemFile) -> ReadStem:
        return _read(file, limits, heard, finder, follow_links=follow_links, defects=defects, helpers=helpers)

    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="stems") as pool:
        pending: set[Future[ReadStem]] = set()
        try:
            futures = [pool.submit(read, file) for file in files]
            pending = set(futures)
            while pending:
                ended, pending = wait(pending, timeout=_WAIT_S, return_when=FIRST_COMPLETED)
                done += len(ended)
                progress(done / len(files), "stems")
            return tuple(future.result() for future in futures)
        finally:
            stop.set()
            for future in pending:
                future.cancel()


def _read(
    file: StemFile,
    limits: Limits,
    heard: Callable[[], None],
    finder: DelayFinder,
    *,
    follow_links: bool,
    defects: bool,
    helpers: int,
) -> ReadStem:
    if file.problem is not None:
        return ReadStem(file, None, None, file.problem)
    try:
        with open_audio(Path(file.path), limits, follow_links=follow_links) as source:
            measured = measure_stem(source, defects=defects, heard=heard, helpers=helpers)
            described = describe(Path(file.path).name, source)
    except UpTrackError as error:
        return ReadStem(file, None, None, error.sentence)
    return ReadStem(file, measured, described, None, finder.find(measured.probes))
