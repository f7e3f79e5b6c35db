"""How far the score moves where the music is the same: another rate, 24 bits, MP3, silence behind it, channels swapped.

The limits are those of the tests (``tests/support/remade.py``), which hold a few songs to them; here the first 75 s of
every mix of the shared material, of LMMS's own projects and of the demo's song are asked. A plateau is a fact of one
file, which resampling and encoding undo, and an encoder's cliff in a lossless file is one that an MP3 may have: songs
that are clipped are not asked for another rate or as MP3, nor songs with a cliff as MP3. For each form the worst song
is named, and for what is over its limit the findings that moved. ``--songs`` prints every song.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import mixes

from support.remade import FORMS, plain, prepared
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.findings.score import Kept, overall_score
from uptrack_analysis.report import Report

WORKERS = 2
SECONDS = 75.0
UNDONE = {"int.clip": ("at another rate", "as MP3 at 320 kb/s"), "int.format": ("as MP3 at 320 kb/s",)}
"""Rule to the forms that undo what it finds."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What became of one song's score in one form."""

    points: float
    moved: tuple[str, ...]
    """Findings whose cost is another, dearest difference first."""


def deltas(path: Path) -> dict[str, Delta]:
    """One song in every form that leaves it what it is, by the form's name."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    music = prepared(np.ascontiguousarray(samples[: round(SECONDS * rate_hz)].T), rate_hz)
    with tempfile.TemporaryDirectory(prefix="uptrack-bench-") as folder:
        first = analyze_file(plain(music, rate_hz, Path(folder))).report
        undone = {form for finding in first.findings for form in UNDONE.get(finding.rule, ())}
        return {
            name: _delta(first, analyze_file(form.write(music, rate_hz, Path(folder))).report)
            for name, form in FORMS.items()
            if name not in undone
        }


def _delta(first: Report, second: Report) -> Delta:
    before, now = _costs(first), _costs(second)
    moved = sorted(
        ({*before, *now}), key=lambda key: -abs(now.get(key, 0.0) - before.get(key, 0.0))
    )  # fmt: skip
    said = tuple(
        f"{key} {before.get(key, 0.0):.3f} to {now.get(key, 0.0):.3f}"
        for key in moved
        if abs(now.get(key, 0.0) - before.get(key, 0.0)) > 5e-4
    )
    if first.context.genre.family != second.context.genre.family:
        said = (f"judged as {first.context.genre.family}, then {second.context.genre.family}", *said)
    return Delta(_score(second) - _score(first), said)


def _costs(report: Report) -> dict[str, float]:
    costs: dict[str, float] = {}
    for finding in report.findings:
        costs[finding.rule] = costs.get(finding.rule, 0.0) + finding.penalty
    return costs


def _score(report: Report) -> float:
    return overall_score([Kept.of(finding) for finding in report.findings], report.context.target)


def songs(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every mix there is."""
    yield from mixes.of_the_material()
    yield from mixes.of_lmms()
    yield "demo", mixes.demo(folder)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="uptrack-bench-") as folder, ProcessPoolExecutor(WORKERS) as pool:
        chosen = dict(songs(Path(folder)))
        found = dict(zip(chosen, pool.map(deltas, chosen.values()), strict=True))
    print(f"{len(found)} songs")
    print(f"  {'':<26}{'songs':>6}{'limit':>7}{'median':>8}{'worst':>8}{'over it':>9}  worst song")
    for form, limit in FORMS.items():
        sizes = {name: abs(of[form].points) for name, of in found.items() if form in of}
        worst = max(sizes, key=sizes.__getitem__)
        over = sum(size > limit.points for size in sizes.values())
        middle = float(np.median(list(sizes.values())))
        figures = f"{len(sizes):>6}{limit.points:>7.2f}{middle:>8.3f}{sizes[worst]:>8.2f}{over:>9}"
        print(f"  {form:<26}{figures}  {worst}")
    held = sum(all(abs(delta.points) <= FORMS[form].points for form, delta in of.items()) for of in found.values())
    print(f"  within every limit: {held} of {len(found)}")
    print("\nover the limit" if "--songs" not in sys.argv else "\nevery song")
    for name, of in found.items():
        for form, delta in of.items():
            if abs(delta.points) > FORMS[form].points or "--songs" in sys.argv:
                print(f"  {name}, {form}: {delta.points:+.2f}; {', '.join(delta.moved[:6])}")


if __name__ == "__main__":
    main()
