"""A real track nobody here wrote, with a tempo known from its project file: LMMS renders one of its own demos.

LMMS is a Debian package; the render is kept in ``.cache/lmms`` because it takes seconds. The audio is never committed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import zlib
from pathlib import Path

from filelock import FileLock

from support.needs import need_program

PROJECTS = Path("/usr/share/lmms/projects")
CACHE = Path(__file__).parents[2] / ".cache" / "lmms"
ATTEMPTS = 4


def project_xml(project: Path) -> bytes:
    """An LMMS project's XML (``.mmpz`` is XML deflated as Qt's qCompress does)."""
    raw = project.read_bytes()
    return zlib.decompress(raw[4:]) if project.suffix == ".mmpz" else raw


def project_tempo(project: Path) -> float:
    """The tempo written in an LMMS project, in BPM."""
    xml = project_xml(project)
    head = re.search(rb"<head\b.*?/?>", xml, re.DOTALL)
    found = re.search(rb'\bbpm="([0-9.]+)"', head.group()) if head else None
    if found is None:
        raise AssertionError(f"{project.name} names no tempo in its head")
    return float(found.group(1))


def _run(command: list[str]) -> None:
    """LMMS 1.2.2 dies of a race of its own now and then (SIGSEGV, seen in one render of dozens): then once more."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            subprocess.run(
                command,
                env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(CACHE)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=300,
                check=True,
            )
        except subprocess.CalledProcessError as died:
            if attempt == ATTEMPTS or died.returncode != -signal.SIGSEGV:
                raise
        else:
            return


def _transposed(project: Path, semitones: int, folder: Path) -> Path:
    """A copy whose master pitch lies ``semitones`` higher; its drums keep their pitch where they ignore that."""
    raw = project.read_bytes()
    xml = zlib.decompress(raw[4:]) if project.suffix == ".mmpz" else raw
    before = re.search(rb'\bmasterpitch="(-?[0-9]+)"', xml)
    if before is None:
        raise AssertionError(f"{project.name} names no master pitch in its head")
    copy = folder / f"{project.stem}{semitones:+d}.mmp"
    pitch = b'masterpitch="%d"' % (int(before.group(1)) + semitones)
    copy.write_bytes(xml[: before.start()] + pitch + xml[before.end() :])
    return copy


def render(name: str = "shorties/Skiessi-222.mmpz", semitones: int = 0) -> tuple[Path, float]:
    """Render one of LMMS's own projects to 16-bit stereo WAV at 44.1 kHz.

    Parameters
    ----------
    name : str
        Below LMMS's folder of projects.
    semitones : int
        Added to the master pitch the project was written with.

    Returns
    -------
    wav : pathlib.Path
    bpm : float
        As the project says.
    """
    project = PROJECTS / name
    if semitones:
        CACHE.mkdir(parents=True, exist_ok=True)
        project = _transposed(project, semitones, CACHE)
    return render_project(project, CACHE / f"{project.stem}.wav"), project_tempo(project)


def render_project(project: Path, wav: Path) -> Path:
    """Render any project file to ``wav``, unless that is there already."""
    need_program("lmms")
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(wav.with_suffix(".lock")):
        if not wav.exists():
            partial = wav.with_suffix(".partial.wav")
            _run(["lmms", "--allowroot", "render", str(project), "-f", "wav", "-s", "44100", "-o", str(partial)])
            shutil.move(partial, wav)
    return wav
