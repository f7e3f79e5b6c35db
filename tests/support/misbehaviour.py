"""What an analysis might do that the file it reads has taken over; each is run in the isolated process instead of one.

All take what the analysis takes, and answer in the place of a report.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path


def call_out(path: Path, _kind: str, _samples: int, _minutes: float, _name: str) -> str:
    """Connect to the port of this machine that the file names."""
    try:
        with socket.create_connection(("127.0.0.1", int(path.read_text("utf-8"))), timeout=5):
            return "connected"
    except OSError as error:
        return type(error).__name__


def read_anothers(path: Path, _kind: str, _samples: int, _minutes: float, _name: str) -> str:
    """Open, list and write what the file names."""
    said = list[str]()
    another = Path(path.read_text("utf-8"))
    for act in (another.read_bytes, lambda: list(another.parent.iterdir()), another.with_name("new").touch):
        try:
            act()
            said.append("did")
        except OSError as error:
            said.append(type(error).__name__)
    return " ".join(said)


def eat_memory(_path: Path, _kind: str, _samples: int, _minutes: float, _name: str) -> str:
    return str(len(bytearray(8 << 30)))


def spin(_path: Path, _kind: str, _samples: int, _minutes: float, _name: str) -> str:
    while True:
        pass


def wait_for_ever(path: Path, _kind: str, _samples: int, _minutes: float, _name: str) -> str:
    """With a child that would outlive it, whose end the file's lock tells."""
    code = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); print(flush=True); "
        "time.sleep(9000)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(9_000)
    return "awake"


def write_much(path: Path, _kind: str, _samples: int, _minutes: float, _name: str) -> str:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with path.with_name("much").open("wb") as file:
            for _ in range(1_000):
                file.write(bytes(1 << 20))
    except OSError as error:
        return str(error.errno)
    return "written"


def die(_path: Path, _kind: str, _samples: int, _minutes: float, _name: str) -> str:
    os.kill(os.getpid(), signal.SIGSEGV)
    return "alive"


def complain(path: Path, _kind: str, _samples: int, _minutes: float, name: str) -> str:
    """Of what it knows, as a library does, and then as Python does."""
    print(f"{name}: {path} is strange", file=sys.stderr)
    raise ValueError(f"{name} in {path}")


def say_too_much(_path: Path, _kind: str, _samples: int, _minutes: float, _name: str) -> str:
    return "x" * (64 << 20)


def look_around(path: Path, _kind: str, _samples: int, _minutes: float, _name: str) -> str:
    """What it has."""
    made = path.with_name("made")
    made.write_text("a file of one's own", "utf-8")
    return json.dumps(
        {
            "environment": sorted(os.environ),
            "pid": os.getpid(),
            "folder": str(Path.cwd()),
            "mode": Path.cwd().stat().st_mode & 0o777,
            "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
            "cpu_s": resource.getrlimit(resource.RLIMIT_CPU)[0],
            "written": resource.getrlimit(resource.RLIMIT_FSIZE)[0],
            "path": os.environ["PATH"],
            "session": os.getsid(0) == os.getpid(),
            "core": resource.getrlimit(resource.RLIMIT_CORE),
            "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            "open": [str(where) for where in opened() if where.is_file()],
            "made": made.read_text("utf-8"),
        }
    )


def opened() -> list[Path]:
    return [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
