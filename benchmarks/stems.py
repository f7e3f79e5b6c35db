"""What stems cost beside their mix: eight of 4:30, stereo, 24 bit, analysed with it and without, in pairs.

The stems are the demo song's, looped; like most stems they are silent for part of the time, which costs less. What a
stem costs that never pauses is measured as well, on a whole mix taken for one, and what stems cost where the mix has a
hole, because then holes, clicks and repeats are looked for in them. Printed: the ratio of both runs, and
what each stem added to the wall time, also as a share of what ffmpeg's ``ebur128=peak=true`` takes for one such file
right afterwards: a quarter of a second was asked for where ffmpeg took 1.18 s, and machines differ.
``UPTRACK_BENCH_RUNS`` sets how many pairs, 5 if it does not.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

# Before numpy is loaded: as in a worker, where BLAS must not add threads of its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import soundfile
from speed import FFMPEG, ffmpeg_meter, show
from speed import wall_s as command_s

from track import ROOT, SECONDS, track
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.settings import Settings, StemFile
from uptrack_daemon.demo import arrangement, song

RUNS = int(os.environ.get("UPTRACK_BENCH_RUNS", "5"))
SEED = 7


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
    compared("Eight stems of 4:30", mix, stems)
    compared("Eight stems where the mix has a hole", holed(mix), stems)
    busy = StemFile("Everything", str(track()))
    compared("A stem that never pauses", track(), (busy,))


if __name__ == "__main__":
    main()
