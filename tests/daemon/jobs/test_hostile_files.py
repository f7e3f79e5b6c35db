"""Files with changed bytes, through the worker that serves users and under its limits: a report or one sentence each.

The decoder alone meets the same and worse in ``tests/analysis/audio/test_hostile_headers.py``; here all that decoded is
measured, judged and written down as well. One worker takes all files, as it does in life: a crash, a hang, a fault of
ours or memory over the cap ends the test, and so does a report that cannot be read back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.seeds import FFMPEG_NAMES, NAMES, ffmpeg_seeds, header_bytes, seeds, with_page_checksums
from support.workers import Pipes, worker
from uptrack_analysis.report import from_json
from uptrack_daemon.jobs.protocol import Done
from uptrack_daemon.settings import DaemonSettings

SOAK = os.environ.get("UPTRACK_SOAK") == "1"
EXAMPLES = 5_000 if SOAK else 300
FFMPEG_EXAMPLES = 5_000 if SOAK else 80
FRAMES = 6_000
HANGS_AFTER_S = 120.0
PLACES = 1_024
"""Along the header, however long it is."""
REFUSALS = ("input.", "measure.")

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["set", "flip", "word", "repeat", "cut"]), st.integers(0, PLACES - 1), st.integers(0, 255)
    ),
    min_size=1,
    max_size=8,
)


def changed(data: bytes, changes: list[tuple[str, int, int]]) -> bytes:
    out, header = bytearray(data), header_bytes(data)
    for kind, place, value in changes:
        at = place * header // PLACES
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


def check(served: Pipes, path: Path, data: bytes) -> None:
    """A report, or one sentence, from a worker that goes on, and in time."""
    path.write_bytes(data)
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
        assert answer.sentence.isprintable()


fuzz = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.soak
@fuzz
@given(name=st.sampled_from(sorted(NAMES)), changes=CHANGES, mended=st.booleans())
def test_a_file_with_changed_bytes_ends_in_a_report_or_one_sentence(
    served: Pipes, tmp_path: Path, name: str, changes: list[tuple[str, int, int]], mended: bool
) -> None:
    data = changed(seeds(FRAMES)[name], changes)
    if mended and name in {"ogg", "opus"}:  # else the checksum of a page keeps its damage from the codec
        data = with_page_checksums(data)
    check(served, tmp_path / f"hostile.{name}", data)


@pytest.mark.soak
@settings(fuzz, max_examples=FFMPEG_EXAMPLES)
@given(name=st.sampled_from(FFMPEG_NAMES), changes=CHANGES)
def test_a_file_that_ffmpeg_reads_ends_in_a_report_or_one_sentence_however_it_was_changed(
    served: Pipes, tmp_path: Path, name: str, changes: list[tuple[str, int, int]]
) -> None:
    check(served, tmp_path / f"hostile.{name}", changed(ffmpeg_seeds()[name], changes))
