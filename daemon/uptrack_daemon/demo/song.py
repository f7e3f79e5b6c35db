"""The demo song as files: a mix and its stems, with or without planted faults, and the truth about both.

``render`` takes what ``arrangement.arrange`` played, plants the faults, runs the master chain and writes 24-bit WAV at
44.1 kHz. The mix is the stems' sum through ``master.master`` and nothing else, except for faults that lie in the mix
itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from uptrack_daemon.demo import arrangement, faults, master
from uptrack_daemon.demo.effects import RATE_HZ, Sound
from uptrack_daemon.demo.faults import Fault
from uptrack_daemon.demo.timeline import BEATS_PER_BAR, BPM, LENGTH_S, PARTS, Part, frame

TITLE = "Concrete Garden"


@dataclass(frozen=True, slots=True)
class StemFile:
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class TempoMark:
    """From ``time_s`` on, this tempo and signature; ``bar`` starts there."""

    time_s: float
    bpm: float
    beats_per_bar: int
    bar: int


@dataclass(frozen=True, slots=True)
class DemoSong:
    """What was rendered, and everything a DAW would know of it. Times are seconds from the file's first sample."""

    title: str
    mix: Path
    stems: tuple[StemFile, ...]
    bpm: float
    beats_per_bar: int
    key: str
    """As the report writes it: "C minor"."""
    tempo_map: tuple[TempoMark, ...]
    parts: tuple[Part, ...]
    faults: tuple[Fault, ...]
    duration_s: float
    sample_rate_hz: int = RATE_HZ


def render(folder: Path, performance: Mapping[str, Sound], *, clean: bool = False) -> DemoSong:
    """Write mix and stems into ``folder``, which is made if it is missing.

    Parameters
    ----------
    folder : Path
        Gets ``<title>.wav`` and ``Stems/01 Kick.wav`` and so on.
    performance : mapping
        The stems as ``arrangement.arrange`` played them; they are left as they are.
    clean : bool
        Leave the faults out.

    Raises
    ------
    OSError
        The folder cannot be made or written.
    """
    stems = dict(performance) if clean else _CopiedOnceTouched(performance)
    planted = [] if clean else [plant(stems) for plant in faults.IN_STEMS]
    mix = master.master(master.sum_stems(stems.values()))
    duration_s = LENGTH_S
    if not clean:
        planted += [plant(mix) for plant in faults.IN_MIX]
        duration_s = min((fault.end_s for fault in planted if "int.headtail" in fault.rules), default=LENGTH_S)
    stem_folder = folder / "Stems"
    stem_folder.mkdir(parents=True, exist_ok=True)
    files = [StemFile(name, stem_folder / f"{number:02d} {name}.wav") for number, name in enumerate(stems, start=1)]
    mix_path = folder / f"{TITLE}.wav"
    count = frame(duration_s)
    # libsndfile packs 24-bit samples outside the interpreter lock, so two files are written at once.
    with ThreadPoolExecutor(max_workers=2) as writers:
        jobs = [writers.submit(_write, mix_path, mix[:, :count])]
        jobs += [
            writers.submit(_write, file.path, stem[:, :count]) for file, stem in zip(files, stems.values(), strict=True)
        ]
        for job in jobs:
            job.result()
    return DemoSong(
        title=TITLE,
        mix=mix_path,
        stems=tuple(files),
        bpm=BPM,
        beats_per_bar=BEATS_PER_BAR,
        key=arrangement.KEY,
        tempo_map=(TempoMark(time_s=0.0, bpm=BPM, beats_per_bar=BEATS_PER_BAR, bar=1),),
        parts=PARTS,
        faults=tuple(sorted(planted, key=lambda fault: (fault.start_s, fault.name))),
        duration_s=count / RATE_HZ,
    )


class _CopiedOnceTouched(dict[str, Sound]):
    """Stems to plant in: planting works in place, and whole-song arrays are copied only where something is planted."""

    def __init__(self, performance: Mapping[str, Sound]) -> None:
        super().__init__(performance)
        self._still_shared = set(performance)

    def __getitem__(self, name: str) -> Sound:
        if name in self._still_shared:
            self._still_shared.remove(name)
            self[name] = super().__getitem__(name).copy()
        return super().__getitem__(name)


def _write(path: Path, sound: Sound) -> None:
    # Written frame by frame from a contiguous array: soundfile would otherwise walk the memory crosswise.
    soundfile.write(path, np.ascontiguousarray(sound.T), RATE_HZ, subtype="PCM_24")
