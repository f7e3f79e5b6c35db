"""Where an LMMS project's arrangement changes, read from its song editor: truth that nobody listened for.

A bar counts as a change when, from the four bars before it to the four from it on, two or more tracks and at least two
fifths of those playing come or go, or a kick, drum or bass track does. What the parts are called is nowhere written.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

TICKS_PER_BAR = 192
AROUND_BARS = 4
CARRYING = ("kick", "bass", "bd", "drum", "kix")


@dataclass(frozen=True, slots=True)
class Project:
    bpm: float
    changes: tuple[int, ...]
    """Bars, counted from 0."""

    @property
    def bar_s(self) -> float:
        return 240 / self.bpm


def read_project(path: Path) -> Project:
    """Tempo and changes of a project in 4/4 without tempo automation."""
    raw = path.read_bytes()
    tree = ET.fromstring(zlib.decompress(raw[4:]) if path.suffix == ".mmpz" else raw)  # noqa: S314 - Debian's own files
    head, song = tree.find("head"), tree.find("song/trackcontainer")
    assert head is not None
    assert song is not None
    tracks = [(track.get("name", ""), _playing(track)) for track in song.findall("track") if track.get("muted") != "1"]
    return Project(float(head.get("bpm", "0")), _changes([(name, spans) for name, spans in tracks if spans]))


def _playing(track: ET.Element) -> list[tuple[float, float]]:
    """Bars from and up to which a track plays."""
    spans: list[tuple[float, float]] = []
    for clip in (*track.findall("pattern"), *track.findall("bbtco"), *track.findall("sampletco")):
        notes = [int(note.get("pos", "0")) / TICKS_PER_BAR for note in clip.findall("note")]
        if clip.get("muted") == "1" or (clip.tag == "pattern" and not notes):
            continue
        start = int(clip.get("pos", "0")) / TICKS_PER_BAR
        ends = [start + int(clip.get("len", "0")) / TICKS_PER_BAR] if clip.get("len") else []
        ends += [start + math.ceil(max(notes) + 1e-6)] if notes else []
        spans.append((start, min(ends)))
    return spans


def _changes(tracks: list[tuple[str, list[tuple[float, float]]]]) -> tuple[int, ...]:
    bars = int(max(end for _, spans in tracks for _, end in spans))
    plays = np.zeros((len(tracks), bars), dtype=bool)
    for row, (_, spans) in enumerate(tracks):
        for start, end in spans:
            plays[row, round(start) : round(end)] = True
    carrying = np.array([any(word in name.lower() for word in CARRYING) for name, _ in tracks])
    changes: list[int] = []
    for bar in range(AROUND_BARS, bars - AROUND_BARS + 1):
        before = plays[:, bar - AROUND_BARS : bar].mean(axis=1) >= 0.5
        after = plays[:, bar : bar + AROUND_BARS].mean(axis=1) >= 0.5
        turned = (before != after) & (plays[:, bar] != plays[:, bar - 1])
        many = turned.sum() >= max(2, 0.4 * (before | after).sum())
        if (many or (turned & carrying).any()) and (not changes or bar - changes[-1] >= 2):
            changes.append(bar)
    return tuple(changes)
