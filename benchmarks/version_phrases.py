"""Whether a phrase that is put in or taken out changes verdicts that are not about it.

Each song is held against itself with eight bars repeated, and with eight bars cut out, at a bar line in the middle and
faded over 10 ms. Nothing else was touched: a finding said to be fixed, new, worse or better is wrong, unless its whole
place is in the phrase. Songs: the shared material's and LMMS's that last a minute or more, and the demo's with its
planted faults.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import mixes

from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.compare.versions import Change, Comparison, compare
from uptrack_analysis.report import Report
from uptrack_analysis.settings import Settings
from uptrack_analysis.signal import Block
from uptrack_daemon.demo.arrangement import arrange
from uptrack_daemon.demo.song import render as render_demo

WORKERS = 2
LEAST_S, PHRASE_BARS, FADE_S = 60.0, 8, 0.01
BAR_S_WITHOUT_BEAT = 2.0


def versions(path: Path) -> dict[str, Report]:
    """The song as it is, with a phrase put in, and with one taken out."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    music = np.ascontiguousarray(samples.T)
    with tempfile.TemporaryDirectory(prefix="uptrack-bench-") as folder:
        as_it_is = _analysed(music, rate_hz, Path(folder) / "mix.wav", Settings())
        # As people compare versions: both are judged as one genre.
        settings = Settings(genre=as_it_is.context.genre.family)
        first, last = (round(moment * rate_hz) for moment in _phrase(as_it_is))
        longer = _joined(_joined(music[:, :last], music[:, first:last], rate_hz), music[:, last:], rate_hz)
        shorter = _joined(music[:, :first], music[:, last:], rate_hz)
        return {
            "as it is": _analysed(music, rate_hz, Path(folder) / "mix.wav", settings),
            "put in": _analysed(longer, rate_hz, Path(folder) / "mix 2.wav", settings),
            "taken out": _analysed(shorter, rate_hz, Path(folder) / "mix 3.wav", settings),
        }


def _analysed(music: Block, rate_hz: int, path: Path, settings: Settings) -> Report:
    soundfile.write(path, music.T, rate_hz, subtype="FLOAT")
    return analyze_file(path, settings).report


def _phrase(report: Report) -> tuple[float, float]:
    """Eight bars from the bar line nearest the middle; without a beat, as long as eight bars at 120 bpm."""
    tempo = report.measurements.tempo
    bar_s = BAR_S_WITHOUT_BEAT if not tempo.bpm else 240.0 / tempo.bpm
    first_s = tempo.first_downbeat_s or 0.0
    start_s = first_s + bar_s * round((report.source.duration_s / 2 - first_s) / bar_s)
    return start_s, min(start_s + PHRASE_BARS * bar_s, report.source.duration_s - bar_s)


def _joined(one: Block, other: Block, rate_hz: int) -> Block:
    """One after the other, each faded at the seam, so that it does not click."""
    ramp = np.linspace(0.0, 1.0, round(FADE_S * rate_hz), dtype=np.float32)
    one, other = one.copy(), other.copy()
    one[:, -ramp.size :] *= ramp[::-1]
    other[:, : ramp.size] *= ramp
    return np.concatenate([one, other], axis=1)


def wrong(comparison: Comparison) -> list[Change]:
    """What became of findings that nobody touched."""
    return [change for change in comparison.changes if change.status != "unchanged" and not change.only_here]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="uptrack-bench-") as folder, ProcessPoolExecutor(WORKERS) as pool:
        songs = {name: path for name, path in (*mixes.of_the_material(), *mixes.of_lmms()) if _long(path)}
        songs["demo with its faults"] = render_demo(Path(folder), arrange(1)).mix
        found = dict(zip(songs, pool.map(versions, songs.values()), strict=True))
    tally: Counter[str] = Counter()
    lines: list[str] = []
    for name, reports in found.items():
        for what in ("put in", "taken out"):
            comparison = compare(reports["as it is"], reports[what])
            changed = wrong(comparison)
            tally["comparisons"] += 1
            tally["findings"] += len(comparison.changes)
            tally["wrong comparisons"] += bool(changed)
            tally["wrong"] += len(changed)
            tally["unsure"] += len(comparison.unsure)
            tally["in the phrase alone"] += sum(change.only_here for change in comparison.changes)
            tally["score moved"] += comparison.score_change in ("better", "worse")
            lines += [f"  {name}, {what}: {_said(change)}" for change in changed]
    print(f"{len(found)} songs, {tally['comparisons']} comparisons, {tally['findings']} findings")
    print(f"  a verdict that nothing was done for: {tally['wrong']} in {tally['wrong comparisons']} comparisons")
    print(f"  in one version only, and called neither fixed nor new: {tally['unsure']}")
    print(f"  findings of the phrase alone, said to be: {tally['in the phrase alone']}")
    print(f"  the score said to be better or worse: {tally['score moved']}")
    print("\n".join(lines))


def _said(change: Change) -> str:
    sides = [
        "-" if side is None else f"{side.severity} {side.value:.2f} (excess {side.excess:.2f})"
        for side in (change.old, change.new)
    ]
    return f"{change.status} {change.rule}, {sides[0]} to {sides[1]}"


def _long(path: Path) -> bool:
    return bool(soundfile.info(path).duration >= LEAST_S)


if __name__ == "__main__":
    main()
