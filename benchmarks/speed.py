"""How long a 4:30 stereo track takes beside its peers, cold and warm, and what the daemon adds.

``make bench`` prints this. Seconds on a shared machine mean little; the ratios do, because both sides of a pair meet
the same neighbours. ffmpeg's ``ebur128=peak=true`` measures loudness and true peak only, ``uptrack analyze`` everything
a report holds; essentia's MusicExtractor and a script of librosa and pyloudnorm measure about as much. What the daemon
adds is a difference that has no peer: it is taken on an excerpt, often, and said beside the share of a processor that
the machine gave meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import websockets
from essentia_peer import essentia_python

from track import EXCERPT_SECONDS, SECONDS, excerpt, track
from uptrack_daemon.home import Home
from uptrack_daemon.jobs.queue import Queue
from uptrack_daemon.store import open_store

RUNS = int(os.environ.get("UPTRACK_BENCH_RUNS", "5"))
SLOW_RUNS = max(1, RUNS // 2)
TRIPS = 5 * RUNS
WARM_RUNS = 4 * RUNS
"""ffmpeg's time has two humps, 1.7 and 2.5 s, and so has any ratio to it: a handful of pairs says little."""
FFMPEG = "ffmpeg ebur128=peak=true"
MUSIC_EXTRACTOR = "import sys, essentia.standard as es; es.MusicExtractor()(sys.argv[1])"
UPTRACK = str(Path(sys.executable).with_name("uptrack"))


def wall_s(command: list[str]) -> float:
    return run(command)[0]


def run(command: list[str]) -> tuple[float, float, float]:
    """Seconds a command takes as a whole process, the most memory it held, in MiB, and its processors' seconds."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took_s = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return took_s, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def show(name: str, values: list[float], unit: str = "s") -> None:
    low, middle, high = min(values), statistics.median(values), max(values)
    print(f"  {name:<58} {middle:7.2f} {unit:<3} [{low:.2f} … {high:.2f}]")


def ffmpeg_meter(path: Path) -> list[str]:
    return ["ffmpeg", "-nostdin", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]


def beside(name: str, ours: list[str], peer_name: str, peer: list[str], runs: int = RUNS) -> None:
    wall_s(ours)
    wall_s(peer)
    pairs = [(wall_s(ours), wall_s(peer)) for _ in range(runs)]
    show(name, [ours_s for ours_s, _ in pairs])
    show(peer_name, [peer_s for _, peer_s in pairs])
    show("ratio, pair by pair", [ours_s / peer_s for ours_s, peer_s in pairs], "×")


def share_of_a_core(seconds: float = 5.0) -> float:
    """Of the time that passes, how much this machine lets a busy process run: 1.0 if nothing takes it away."""
    ends, took_s = time.perf_counter() + seconds, []
    while (started := time.perf_counter()) < ends:
        sum(range(20_000))
        took_s.append(time.perf_counter() - started)
    return statistics.median(took_s) * len(took_s) / sum(took_s)


async def one_round_trip(wire: websockets.ClientConnection, path: Path, number: int) -> tuple[float, str]:
    """Seconds from ``analyze`` to ``feedback``, and the job's id."""
    started = time.perf_counter()
    await wire.send(json.dumps({"type": "analyze", "id": f"a{number}", "mix": {"path": str(path)}}))
    while True:
        message = json.loads(await wire.recv())
        if message["type"] in ("job.failed", "refused"):
            raise SystemExit(f"the daemon refused the track: {message['sentence']}")
        if message["type"] == "feedback":
            took_s = time.perf_counter() - started
            await wire.send(json.dumps({"type": "feedback.applied", "run": message["run"]}))
            return took_s, message["job"]


@asynccontextmanager
async def a_daemon() -> AsyncIterator[tuple[websockets.ClientConnection, Home]]:
    """A daemon in a home of its own, and a DAW that has said hello to it."""
    home = Home(Path(tempfile.mkdtemp(prefix="uptrack-bench-")))
    environment = {**os.environ, "UPTRACK_HOME": str(home.root)}
    subprocess.run([UPTRACK, "daemon", "start"], env=environment, check=True, stdout=subprocess.DEVNULL)
    try:
        bridge = json.loads(home.bridge_file.read_text())
        async with websockets.connect(f"ws://127.0.0.1:{bridge['port']}/bridge", max_size=None) as wire:
            hello = {"type": "hello", "id": "h", "protocol": 1, "host": "bench", "token": bridge["token"]}
            await wire.send(json.dumps(hello))
            await wire.recv()
            yield wire, home
    finally:
        subprocess.run([UPTRACK, "daemon", "stop"], env=environment, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(home.root)


async def analysis_s(home: Home, jobs: list[str]) -> list[float]:
    """What the workers themselves took over ``jobs``."""
    async with open_store(home.database) as store:
        queue = Queue(store)
        return [(await queue.get(job)).timings["total"] for job in jobs]


async def warm_worker(path: Path) -> None:
    peer = ffmpeg_meter(path)
    async with a_daemon() as (wire, home):
        await one_round_trip(wire, path, 0)
        wall_s(peer)
        jobs, peer_s = [], []
        for number in range(1, WARM_RUNS + 1):
            jobs.append((await one_round_trip(wire, path, number))[1])
            peer_s.append(wall_s(peer))
        ours_s = await analysis_s(home, jobs)
    show(f"a warm worker: decode to report, {WARM_RUNS} pairs", ours_s)
    show(FFMPEG, peer_s)
    show("ratio, pair by pair", [ours / peer for ours, peer in zip(ours_s, peer_s, strict=True)], "×")


async def what_the_daemon_adds(path: Path) -> None:
    async with a_daemon() as (wire, home):
        await one_round_trip(wire, path, 0)
        trips = [await one_round_trip(wire, path, number) for number in range(1, TRIPS + 1)]
        inner_s = await analysis_s(home, [job for _took_s, job in trips])
    total_s = [took_s for took_s, _job in trips]
    show("analyze message to feedback", total_s)
    show("of that, the analysis itself", inner_s)
    show("what the daemon adds", [whole - inner for whole, inner in zip(total_s, inner_s, strict=True)])


def main() -> None:
    before = share_of_a_core()
    whole = track()
    ours, meter = [UPTRACK, "analyze", "--json", str(whole)], ffmpeg_meter(whole)
    print(f"one file of {SECONDS // 60}:{SECONDS % 60:02d}, {RUNS} pairs each: median [min … max]")
    beside("uptrack analyze --json, a cold process", ours, FFMPEG, meter)
    asyncio.run(warm_worker(whole))
    extractor = essentia_python()
    if extractor is None:
        print("  essentia cannot be installed here")
    else:
        command = [str(extractor), "-c", MUSIC_EXTRACTOR, str(whole)]
        beside("uptrack analyze --json, a cold process", ours, "essentia MusicExtractor", command, SLOW_RUNS)
    naive = [sys.executable, str(Path(__file__).with_name("naive.py")), str(whole)]
    beside(
        "uptrack analyze --json, a cold process", ours, "librosa and pyloudnorm, numba's cache warm", naive, SLOW_RUNS
    )
    show("the most memory uptrack analyze held", [run(ours)[1] for _ in range(SLOW_RUNS)], "MiB")
    beside("uptrack demo: a song and two analyses", [UPTRACK, "demo"], FFMPEG, meter)
    print(f"a warm daemon over WebSocket, an excerpt of {EXCERPT_SECONDS} s, {TRIPS} runs")
    asyncio.run(what_the_daemon_adds(excerpt()))
    print(f"share of a processor this machine gave, before and after: {before:.0%}, {share_of_a_core():.0%}")


if __name__ == "__main__":
    main()
