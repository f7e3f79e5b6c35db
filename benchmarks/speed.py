"""How long a 4:30 stereo track and the demo take beside ffmpeg's loudness meter, and what the daemon adds.

``make bench`` prints this. Seconds on a shared machine mean little; the ratios do, because both sides of a pair meet
the same neighbours. ffmpeg's ``ebur128=peak=true`` measures loudness and true peak only, ``uptrack analyze`` everything
a report holds. What the daemon adds is a difference that has no peer: it is taken on an excerpt, often, and said beside
the share of a processor that the machine gave meanwhile.
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
from pathlib import Path

import websockets

from track import EXCERPT_SECONDS, SECONDS, excerpt, track
from uptrack_daemon.home import Home
from uptrack_daemon.jobs.queue import Queue
from uptrack_daemon.store import open_store

RUNS = int(os.environ.get("UPTRACK_BENCH_RUNS", "5"))
TRIPS = 5 * RUNS
UPTRACK = str(Path(sys.executable).with_name("uptrack"))


def wall_s(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def show(name: str, values: list[float], unit: str = "s") -> None:
    low, middle, high = min(values), statistics.median(values), max(values)
    print(f"  {name:<58} {middle:7.2f} {unit:<2} [{low:.2f} … {high:.2f}]")


def ffmpeg_meter(path: Path) -> list[str]:
    return ["ffmpeg", "-nostdin", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]


def beside_ffmpeg(name: str, ours: list[str], path: Path) -> None:
    peer = ffmpeg_meter(path)
    wall_s(ours)
    wall_s(peer)
    pairs = [(wall_s(ours), wall_s(peer)) for _ in range(RUNS)]
    show(name, [ours_s for ours_s, _ in pairs])
    show("ffmpeg ebur128=peak=true on the track", [peer_s for _, peer_s in pairs])
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


async def warm_daemon(path: Path) -> None:
    home = Home(Path(tempfile.mkdtemp(prefix="uptrack-bench-")))
    environment = {**os.environ, "UPTRACK_HOME": str(home.root)}
    subprocess.run([UPTRACK, "daemon", "start"], env=environment, check=True, stdout=subprocess.DEVNULL)
    try:
        bridge = json.loads(home.bridge_file.read_text())
        async with websockets.connect(f"ws://127.0.0.1:{bridge['port']}/bridge", max_size=None) as wire:
            hello = {"type": "hello", "id": "h", "protocol": 1, "host": "bench", "token": bridge["token"]}
            await wire.send(json.dumps(hello))
            await wire.recv()
            await one_round_trip(wire, path, 0)
            trips = [await one_round_trip(wire, path, number) for number in range(1, TRIPS + 1)]
        async with open_store(home.database) as store:
            queue = Queue(store)
            analysis_s = [(await queue.get(job)).timings["total"] for _took_s, job in trips]
    finally:
        subprocess.run([UPTRACK, "daemon", "stop"], env=environment, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(home.root)
    total_s = [took_s for took_s, _job in trips]
    show("analyze message to feedback", total_s)
    show("of that, the analysis itself", analysis_s)
    show("what the daemon adds", [whole - inner for whole, inner in zip(total_s, analysis_s, strict=True)])


if __name__ == "__main__":
    before = share_of_a_core()
    whole = track()
    print(f"one file of {SECONDS // 60}:{SECONDS % 60:02d}, whole processes, {RUNS} pairs: median [min … max]")
    beside_ffmpeg("uptrack analyze --json", [UPTRACK, "analyze", "--json", str(whole)], whole)
    print(f"the demo, synthesis and two analyses through a daemon, {RUNS} pairs")
    beside_ffmpeg("uptrack demo", [UPTRACK, "demo"], whole)
    print(f"a warm daemon over WebSocket, an excerpt of {EXCERPT_SECONDS} s, {TRIPS} runs")
    asyncio.run(warm_daemon(excerpt()))
    print(f"share of a processor this machine gave, before and after: {before:.0%}, {share_of_a_core():.0%}")
