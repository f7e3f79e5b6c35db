"""Files with changed bytes, through the worker that serves users and under its limits: a report or one sentence each.

The decoder alone meets the same and worse in ``tests/analysis/audio/test_hostile_headers.py``; here all that decoded is
measured, judged and written down as well. One worker takes all files, as it does in life: a crash, a hang, a fault of
ours or memory over the cap ends the test, and so does a report that cannot be read back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.format_zoo import clip, encode, extensible, id3v2, wav
from support.workers import Pipes, worker
from uptrack_analysis.report import from_json
from uptrack_daemon.jobs.protocol import Done
from uptrack_daemon.settings import DaemonSettings

EXAMPLES = 5_000 if os.environ.get("UPTRACK_SOAK") == "1" else 300
HANGS_AFTER_S = 120.0
HEADER_BYTES = 128
REFUSALS = ("input.", "measure.")

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["set", "flip", "word", "repeat", "cut"]), st.integers(0, HEADER_BYTES - 1), st.integers(0, 255)
    ),
    min_size=1,
    max_size=8,
)


@lru_cache(maxsize=1)
def seeds() -> dict[str, bytes]:
    short = clip()[:6_000]
    return {
        "wav": wav(short),
        "extensible": extensible(np.tile(short, (1, 3)), 0x3F),
        "float": encode(short, "WAV", "FLOAT"),
        "double": encode(short, "WAV", "DOUBLE"),
        "adpcm": encode(short, "WAV", "MS_ADPCM"),
        "rf64": encode(short, "RF64", "PCM_16"),
        "w64": encode(short, "W64", "PCM_16"),
        "aiff": encode(short, "AIFF", "PCM_24"),
        "caf": encode(short, "CAF", "PCM_16"),
        "flac": encode(short, "FLAC", "PCM_16"),
        "ogg": encode(short, "OGG", "VORBIS"),
        "mp3": id3v2(40) + encode(short, "MP3", "MPEG_LAYER_III"),
    }


def changed(data: bytes, changes: list[tuple[str, int, int]]) -> bytes:
    out = bytearray(data)
    for kind, at, value in changes:
        match kind:
            case "set":
                out[at : at + 1] = bytes([value])
            case "flip":
                out[at : at + 1] = bytes([out[at] ^ (1 << value % 8)]) if at < len(out) else b""
            case "word":
                out[at : at + 4] = (b"\xff" * 4, b"\0" * 4, b"\x80\0\0\0", b"\x7f\xff\xff\xff")[value % 4]
            case "repeat":
                out[at:at] = out[at : at + 1 + value % 40]
            case _:
                del out[at : at + 1 + value % 40]
    return bytes(out)


@pytest.fixture(scope="module")
def served() -> Iterator[Pipes]:
    with worker(None, memory_mib=DaemonSettings().worker_memory_mib) as pipes:
        yield pipes


@pytest.mark.soak
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(name=st.sampled_from(sorted(seeds())), changes=CHANGES)
def test_a_file_with_changed_bytes_ends_in_a_report_or_one_sentence(
    served: Pipes, tmp_path: Path, name: str, changes: list[tuple[str, int, int]]
) -> None:
    path = tmp_path / f"hostile.{name}"
    path.write_bytes(changed(seeds()[name], changes))
    served.ask(path)
    watchdog = threading.Timer(HANGS_AFTER_S, served.process.kill)
    watchdog.start()
    try:
        answer = served.answer()
    finally:
        watchdog.cancel()
    if isinstance(answer, Done):
        assert from_json(answer.document).source.name == path.name
    else:
        assert answer.reusable, answer.sentence
        assert answer.code.startswith(REFUSALS), answer
        assert "\n" not in answer.sentence
