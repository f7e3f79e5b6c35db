"""Tracks with truths for tempo and bar, split by song into those a method was tuned on and those it is judged on.

Three sources: the shared material's manifest, where it is (``UPTRACK_MATERIAL`` or ``../shared/material``); LMMS's own
projects, rendered on the spot; grooves synthesised to be hard. Every second LMMS track is cut at an odd moment, so that
the file's first sample says nothing about the bar.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import corpus_lmms
import drawn
import groove_patterns
import grooves
import soundfile

CACHE = corpus_lmms.ROOT / ".cache" / "grooves"
MATERIAL = Path(os.environ.get("UPTRACK_MATERIAL", corpus_lmms.ROOT.parent / "shared" / "material"))
CUTS_S = (3.217, 10.531, 7.119, 5.843)

Split = Literal["tune", "test"]

# Songs whose LMMS project, or whose sibling, is on the tuning side; everything else of the manifest is for judging.
_TUNE_SONGS = (
    "esoxlb", "momo64", "settel", "skiessi_222", "surrender", "heroes01", "high_score", "chaosland", "mika",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Track:
    """One file and what is known of it."""

    name: str
    path: Path
    split: Split
    bpm: float | None
    """``None``: the right answer is that there is no beat."""
    alternates: tuple[float, ...] = ()
    """Equally valid tempi in BPM."""
    exact: bool = True
    """A machine kept time, so the tempo is known to a hundredth."""
    downbeat_s: float | None = None
    """A moment at which a bar begins, possibly before the file."""
    beats_per_bar: int = 4
    stem: bool = False
    """A part on its own (a lead, one snare), which need not say what the song's tempo is: counted apart."""

    @property
    def bar_s(self) -> float:
        return 60.0 * self.beats_per_bar / (self.bpm or 60.0)


def tracks() -> Iterator[Track]:
    """All of them; what is not there yet is rendered first, which takes a quarter of an hour."""
    yield from manifest()
    yield from lmms()
    yield from synthesised()


def manifest() -> Iterator[Track]:
    """The shared material's items with a tempo worth scoring; none where the material is missing."""
    path = MATERIAL / "manifest.json"
    if not path.exists():
        return
    for item in json.loads(path.read_text())["items"]:
        if item.get("true_bpm") is None or item["bpm_confidence"] == "low" or item["seconds"] < 6:
            continue
        yield Track(
            item["id"],
            MATERIAL / item["file"],
            "tune" if any(song in item["id"] for song in _TUNE_SONGS) else "test",
            item["true_bpm"],
            tuple(item["bpm_alternates"]),
            # Bands are human; a tracker's tick is a whole number of samples, so 135 BPM plays at 135.11.
            exact=not item["id"].startswith(("fof", "mod")),
            stem=item["kind"] == "stem",
            downbeat_s=_first_bar_s(item),
        )


def _first_bar_s(item: dict[str, Any]) -> float | None:
    """LMMS songs begin with bar 1 at 0 and loops with a bar; where a module's or a chart's bars lie is not known."""
    if not item["id"].startswith(("lmms", "loop")):
        return None
    return -float((item.get("excerpt") or [0.0])[0])


def lmms() -> Iterator[Track]:
    """LMMS's projects, each at its own tempo, some at others."""
    number = 0
    for split, projects in (("tune", corpus_lmms.TUNE), ("test", corpus_lmms.TEST)):
        for project in projects:
            for bpm, semitones in ((None, 0), *project.variants):
                whole, tempo = corpus_lmms.render_at(project.name, bpm, semitones)
                cut_s = CUTS_S[number // 2 % len(CUTS_S)] if number % 2 else 0.0
                number += 1
                path = _cut(whole, cut_s) if cut_s else whole
                levels = tuple(level * tempo for level in project.levels)
                yield Track(path.stem, path, "tune" if split == "tune" else "test", tempo, levels, downbeat_s=-cut_s)


def _cut(whole: Path, seconds: float) -> Path:
    path = whole.with_name(f"{whole.stem} from {seconds:g} s.wav")
    if not path.exists():
        samples, rate_hz = soundfile.read(whole, dtype="int16")
        soundfile.write(path, samples[round(seconds * rate_hz) :], rate_hz, subtype="PCM_16")
    return path


def synthesised() -> Iterator[Track]:
    """The hard grooves, and what has no beat."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for groove in groove_patterns.TUNE:
        yield _played(groove, "tune")
    for groove in groove_patterns.TEST:
        yield _played(groove, "test")
    for number, (name, signal) in enumerate(grooves.no_beat().items()):
        path = CACHE / f"no beat, {name}.wav"
        if not path.exists():
            soundfile.write(path, signal.T, grooves.RATE_HZ, subtype="PCM_16")
        yield Track(path.stem, path, "test" if number % 2 else "tune", None)


def drawn_grooves(seed: int) -> Iterator[Track]:
    """A set that nobody has tuned on, see ``drawn.py``."""
    for groove in drawn.grooves(seed):
        yield _played(groove, "test")


def _played(groove: grooves.Groove, split: Split) -> Track:
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"{groove.name}.wav"
    if not path.exists():
        grooves.write(groove, path)
    return Track(
        groove.name,
        path,
        split,
        groove.bpm,
        groove.alternates,
        downbeat_s=groove.start_s,
        beats_per_bar=groove.beats_per_bar,
    )
