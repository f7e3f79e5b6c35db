"""LMMS's own demo projects as tracks with a known tempo and bar: as they are, and at other tempi and master pitches.

A project's first hundred seconds are rendered, by a copy of its XML that keeps only what begins before; the copy's head
carries the tempo and master pitch wanted. Song position 0 is bar 1 and the file's first sample. Nothing is committed:
projects come with Debian's ``lmms-common``, renders stay in ``.cache/lmms``.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.lmms import CACHE, PROJECTS, project_tempo, project_xml, render_project  # noqa: E402

SECONDS = 100.0
TICKS_A_BAR = 192


@dataclass(frozen=True, slots=True)
class Project:
    """``name`` below LMMS's project folder; ``variants`` are (BPM, semitones) to render it at besides its own."""

    name: str
    variants: tuple[tuple[float, int], ...] = ()
    levels: tuple[float, ...] = ()
    """Metrical levels, as multiples of the written tempo, that are as defensible."""
    seconds: float = SECONDS


# Tracks of one song stay on one side, the shared manifest's too.
TUNE = (
    Project("shorties/Surrender-Main.mmpz", ((120, 2), (165, 0))),
    Project("shorties/Skiessi-222.mmpz", ((92, 0), (118, -3))),
    Project("demos/Alf42red-Mauiwowi.mmpz", ((113, 0),)),
    Project("demos/CapDan/CapDan-TwilightArea-OriginalByAlf42red.mmpz", ((155, 1),), (0.5,)),
    Project("demos/EsoXLB-CPU.mmpz"),
    Project("demos/Momo64-esp.mmpz"),
    Project("demos/Settel-InnerRecreation.mmpz", (), (0.5,)),
    Project("demos/Jousboxx-BuzzerBeater.mmpz"),
    Project("demos/StrictProduction-DearJonDoe.mmp", (), (2.0,)),
)
TEST = (
    Project("demos/CapDan/CapDan-ReggaetonTry.mmpz", ((188, 2),), (0.5,)),
    Project("demos/CapDan/CapDan-ReggaeTry.mmpz", ((172, -2),), (0.5,)),
    Project("demos/CapDan/CapDan-ZeroSumGame-OriginalByZakarra.mmpz", ((133, 0),)),
    Project("shorties/DirtyLove.mmpz", ((169, -1),), (0.5,)),
    Project("demos/Socceroos-Progress.mmpz", ((184, 0),), (0.5,)),
    Project("demos/Skiessi/Skiessi-C64.mmpz", ((134, 3),)),
    Project("shorties/Crunk(Demo).mmp", ((112, 0),), (0.5,)),
    Project("shorties/Greshz-CoolSnip.mmpz", ((128, 1),), (0.5,)),
    Project("demos/Impulslogik-Zen.mmpz"),
    Project("demos/Shovon-ProgressiveHousePluckDemo.mmpz"),
    Project("demos/TameAnderson-MakeMe.mmpz"),
    Project("demos/Thomasso-AxeFromThe80s.mmpz"),
    Project("demos/Oglsdl-PpTrip.mmpz", (), (0.5,)),
    Project("demos/Skiessi/Skiessi-Onion.mmpz"),
    Project("demos/Saber-FinalStep.mmpz"),
    Project("demos/Oglsdl-Dr8v2.mmpz"),
)


def render_at(name: str, bpm: float | None = None, semitones: int = 0) -> tuple[Path, float]:
    """The rendered beginning of a project, and its tempo in BPM."""
    project = PROJECTS / name
    written = project_tempo(project)
    tempo = written if bpm is None else bpm
    label = f"{project.stem}@{tempo:g}{semitones:+d}"
    wav = CACHE / f"{label}.wav"
    if not wav.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        copy = CACHE / f"{label}.mmp"
        copy.write_bytes(_beginning(project_xml(project), tempo, semitones))
        render_project(copy, wav)
    return wav, tempo


def _beginning(xml: bytes, bpm: float, semitones: int) -> bytes:
    """The project's XML with another head, without what begins after ``SECONDS``."""
    tree = ET.fromstring(xml)  # noqa: S314 a project of Debian's own package
    head = tree.find("head")
    song = tree.find("song/trackcontainer")
    if head is None or song is None:
        raise SystemExit("expected an LMMS project with a head and a song, found neither")
    head.set("bpm", f"{bpm:g}")
    head.set("masterpitch", str(int(head.get("masterpitch", "0")) + semitones))
    last = TICKS_A_BAR * max(8, int(SECONDS * bpm / 240))
    for track in song.findall("track"):
        for part in [part for part in track if part.get("pos") is not None]:
            begins = int(part.get("pos", "0"))
            if begins >= last:
                track.remove(part)
            elif part.get("len") is not None:
                part.set("len", str(min(int(part.get("len", "0")), last - begins)))
    copied: bytes = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
    return copied
