"""What stems cost beside their mix: eight of 4:30, stereo, 24 bit, analysed with it and without, in pairs.

The stems are the demo song's, looped; like most stems they are silent for part of the time, which costs less. What a
stem costs that never pauses is measured as well, on a whole mix taken for one, and what stems cost where the mix has a
hole, because then holes, clicks and repeats are looked for in them. Sixty stems are the demo song's once, 69 s, each
cut into octaves that add up to it; eight of that length are measured beside them. Printed: the ratio of both runs, and
what each stem added to the wall time, also as a share of what ffmpeg's ``ebur128=peak=true`` takes for one such file
right afterwards: a quarter of a second was asked for where ffmpeg took 1.18 s, and machines differ.
``UPTRACK_BENCH_RUNS`` sets how many pairs, 5 if it does not. What is measured may be named: ``eight``, ``holed``,
``busy``, ``sixty``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

# Before numpy is loaded: as in a worker, where BLAS must not add threads of its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import soundfile
from speed import FFMPEG, ffmpeg_meter, show
from speed import wall_s as command_s

from track import ROOT, SECONDS, track
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.settings import Settings, StemFile
from uptrack_daemon.demo import arrangement, song

RUNS = int(os.environ.get("UPTRACK_BENCH_RUNS", "5"))
SEED = 7
SIXTY = 60
LOWEST_HZ = 90.0
"""Seven or eight octaves from here reach the top of what is heard."""


def looped_song(folder: Path) -> tuple[Path, tuple[StemFile, ...]]:
    """Mix and stems of the demo song, each looped to the track's length; made once."""
    done = folder / "mix.wav"
    if not done.exists():
        whole = song.render(folder / "once", arrangement.arrange(SEED), clean=True)
        for stem in whole.stems:
            _loop(stem.path, folder / f"{stem.name}.wav")
        _loop(whole.mix, done)
    names = [path for path in sorted(folder.glob("*.wav")) if path != done]
    return done, tuple(StemFile(path.stem, str(path)) for path in names)


def _loop(source: Path, target: Path) -> None:
    partial = target.with_suffix(".partial.wav")
    loop = ["-stream_loop", "-1", "-i", str(source), "-t", str(SECONDS), "-c:a", "pcm_s24le"]
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *loop, str(partial)], check=True)
    partial.rename(target)


def holed(mix: Path) -> Path:
    """The mix with 20 ms of nothing in it, so that the stems are asked whose that is; made once."""
    path = mix.parent / "once" / "holed.wav"
    if not path.exists():
        samples, rate_hz = soundfile.read(mix, dtype="int32", always_2d=True)
        samples[100 * rate_hz : 100 * rate_hz + rate_hz // 50] = 0
        soundfile.write(path, samples, rate_hz, subtype="PCM_24")
    return path


def octaves_of_song(folder: Path) -> tuple[Path, tuple[StemFile, ...], tuple[StemFile, ...]]:
    """Mix, eight stems and sixty of the demo song, once through; made once. The sixty add up to the eight."""
    once, parts = folder / "once", folder / "sixty"
    (mix,) = (path for path in once.glob("*.wav") if path.name != "holed.wav")
    whole = sorted((once / "Stems").glob("*.wav"))
    parts.mkdir(exist_ok=True)
    for number, path in enumerate(whole):
        count = SIXTY // len(whole) + (number < SIXTY % len(whole))
        named = [parts / f"{path.stem} {octave + 1}.wav" for octave in range(count)]
        if all(part.exists() for part in named):
            continue
        samples, rate_hz = soundfile.read(path, always_2d=True)
        spectrum = np.fft.rfft(samples, axis=0)
        hz = np.fft.rfftfreq(samples.shape[0], 1 / rate_hz)
        octave_of = np.clip(np.log2(np.maximum(hz, 1.0) / LOWEST_HZ), 0, count - 1).astype(int)
        for octave, part in enumerate(named):
            own = np.fft.irfft(np.where((octave_of == octave)[:, None], spectrum, 0), samples.shape[0], axis=0)
            soundfile.write(part, own, rate_hz, subtype="PCM_24")
    files = [StemFile(path.stem, str(path)) for path in sorted(parts.glob("*.wav"))]
    return mix, tuple(StemFile(path.stem, str(path)) for path in whole), tuple(files)


def wall_s(mix: Path, stems: tuple[StemFile, ...]) -> float:
    started = time.perf_counter()
    analyze_file(mix, Settings(genre="techno", stems=stems))
    return time.perf_counter() - started


def compared(name: str, mix: Path, stems: tuple[StemFile, ...]) -> None:
    wall_s(mix, stems)
    runs = [(wall_s(mix, ()), wall_s(mix, stems), command_s(ffmpeg_meter(mix))) for _ in range(RUNS)]
    print(f"\n{name}")
    show("the mix alone, warm", [alone for alone, _, _ in runs])
    show(f"with {len(stems)} stems", [together for _, together, _ in runs])
    show("ratio, pair by pair (target 3 for eight stems)", [together / alone for alone, together, _ in runs], "×")
    added = [(together - alone) / len(stems) for alone, together, _ in runs]
    show("each stem adds", added)
    show(FFMPEG, [meter for _, _, meter in runs])
    beside = [one / meter for one, (_, _, meter) in zip(added, runs, strict=True)]
    show("each stem beside it (target 0.21)", beside, "×")


def main() -> None:
    folder = ROOT / ".cache" / "bench-stems"
    folder.mkdir(parents=True, exist_ok=True)
    mix, stems = looped_song(folder)
    wanted = sys.argv[1:] or ["eight", "holed", "busy", "sixty"]
    if "eight" in wanted:
        compared("Eight stems of 4:30", mix, stems)
    if "holed" in wanted:
        compared("Eight stems where the mix has a hole", holed(mix), stems)
    if "busy" in wanted:
        compared("A stem that never pauses", track(), (StemFile("Everything", str(track())),))
    if "sixty" in wanted:
        once, eight, sixty = octaves_of_song(folder)
        compared("Eight stems of 69 s", once, eight)
        compared("Sixty stems of 69 s", once, sixty)


if __name__ == "__main__":
    main()
