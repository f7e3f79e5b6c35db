"""Whole mixes to ask a question of, without a truth of their own: the shared material's, LMMS's projects, the demo's.

What ``corpus.py`` is for tempo, this is for laws that hold for any music. No stems, loops or clipped exports.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import corpus
import corpus_lmms
import soundfile

from uptrack_daemon.demo import arrangement, master

MATERIAL_KINDS = ("mix",)
RATE_HZ = 44_100


def of_the_material() -> Iterator[tuple[str, Path]]:
    """Name and file; none where the material is missing (see ``corpus.py``)."""
    path = corpus.MATERIAL / "manifest.json"
    if path.exists():
        for item in json.loads(path.read_text())["items"]:
            if item["kind"] in MATERIAL_KINDS:
                yield item["id"], corpus.MATERIAL / item["file"]


def of_lmms() -> Iterator[tuple[str, Path]]:
    """The first hundred seconds of each project at its own tempo; what is not there yet is rendered."""
    for project in (*corpus_lmms.TUNE, *corpus_lmms.TEST):
        path, _bpm = corpus_lmms.render_at(project.name)
        yield path.stem, path


def demo(folder: Path) -> Path:
    """The demo's song, mastered, without its planted faults."""
    path = folder / "demo.wav"
    song = master.master(master.sum_stems(arrangement.arrange(7).values()))
    soundfile.write(path, song.T, RATE_HZ, subtype="FLOAT")
    return path
