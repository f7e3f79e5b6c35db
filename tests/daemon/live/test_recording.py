"""The ring of a live stream: what is read is what was heard, and the clock says where it lies."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptrack_daemon.live.recording import SPARE_S, TOGETHER_S, Recording, sweep_recordings

RATE_HZ = 1_000
"""Frames are numbered by their values, so a low rate makes what is looked for readable."""


def numbered(first: int, count: int) -> np.ndarray:
    return np.repeat(np.arange(first, first + count, dtype=np.float32)[:, None], 2, axis=1)


class Sender:
    """Sends numbered frames in packets, as long as a clock says."""

    def __init__(self, recording: Recording, now_s: float = 50.0) -> None:
        self.recording, self.now_s, self.sent = recording, now_s, 0

    def play(self, seconds: float, *, packet: int = 20, lose: int = 0) -> None:
        """``lose`` drops every so-manieth packet."""
        for number in range(round(seconds * RATE_HZ / packet)):
            self.now_s += packet / RATE_HZ
            if not (lose and number % lose == lose - 1):
                self.recording.add(numbered(self.sent, packet), self.now_s)
            self.sent += packet


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    made = Recording(tmp_path, rate_hz=RATE_HZ, channels=2, longest_s=30)
    yield made
    made.close()


def read(recording: Recording, until_s: float, seconds: float) -> list[float]:
    passage = recording.passage(until_s, seconds)
    return [float(value) for block in recording.blocks(passage) for value in block[:, 0]]


def test_a_passage_is_what_was_heard_up_to_its_moment(recording: Recording) -> None:
    sender = Sender(recording)
    sender.play(10)
    assert read(recording, sender.now_s, 3) == list(range(7_000, 10_000))
    assert read(recording, sender.now_s - 2.5, 3) == list(range(4_500, 7_500))


def test_a_passage_ends_between_two_packets(recording: Recording) -> None:
    sender = Sender(recording)
    sender.play(10, packet=100)
    assert read(recording, sender.now_s - 0.25, 1) == list(range(8_750, 9_750))


def test_a_passage_longer_than_what_came_begins_with_it(recording: Recording) -> None:
    sender = Sender(recording)
    sender.play(4)
    passage = recording.passage(sender.now_s, 60)
    assert (passage.first, passage.last) == (0, 4_000)
    assert passage.seconds == pytest.approx(4)


def test_only_so_much_is_kept_however_long_it_plays(recording: Recording, tmp_path: Path) -> None:
    sender = Sender(recording)
    sender.play(100)
    assert recording.seconds == 30
    assert read(recording, sender.now_s, 600) == list(range(70_000, 100_000))
    assert recording._file.seek(0, 2) <= (30 + SPARE_S) * RATE_HZ * 8
    assert len(recording._moments) < 100 / 0.02


def test_what_is_lost_is_told_in_seconds_and_moves_nothing(recording: Recording) -> None:
    sender = Sender(recording)
    sender.play(20, lose=50)
    passage = recording.passage(sender.now_s, 10)
    assert passage.missing_s == pytest.approx(0.2, abs=0.03)
    assert passage.seconds == pytest.approx(10)
    assert read(recording, sender.now_s, 10)[0] == pytest.approx(10_000, abs=20)


def test_late_blocks_and_two_quartzes_are_no_loss(recording: Recording) -> None:
    sender = Sender(recording)
    for _ in range(100):  # blocks of 50 ms, on a card that is 200 ppm slow
        sender.now_s += 0.05 * 1.0002
        recording.add(numbered(sender.sent, 50), sender.now_s)
        sender.sent += 50
    assert recording.missing_s == 0


def test_a_beginning_that_was_held_up_lies_where_it_was_played(recording: Recording) -> None:
    """A stream's first second waits in a buffer and comes at once; from then on all comes in time."""
    began_s = 50.0
    recording.add(numbered(0, 20), began_s + 0.9)
    recording.add(numbered(20, 980), began_s + 1.0)
    sender = Sender(recording, began_s + 1.0)
    sender.sent = 1_000
    sender.play(4)
    assert recording.began_s == pytest.approx(began_s)
    passage = recording.passage(sender.now_s, 2.5)
    assert (passage.first, passage.missing_s) == (2_500, 0)


def test_nothing_of_it_can_be_found_in_the_folder(recording: Recording, tmp_path: Path) -> None:
    Sender(recording).play(1)
    assert list(tmp_path.iterdir()) == []


@given(
    packets=st.lists(st.integers(1, 9_000), min_size=1, max_size=30),
    share=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_the_ring_gives_back_every_frame_it_keeps(packets: list[int], share: tuple[float, float]) -> None:
    recording = Recording(Path(tempfile.gettempdir()), rate_hz=RATE_HZ, channels=2, longest_s=20)
    with contextlib.closing(recording):
        _give_back(recording, packets, share)


def test_what_a_power_cut_has_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    kept = tmp_path / "kept.wav"
    kept.touch()
    (tmp_path / "live-a_folder").mkdir()
    for name in ("live-x8f3k2", "live-"):
        (tmp_path / name).touch()
    (tmp_path / "live-link").symlink_to(kept)
    others = {"kept.wav", "live-a_folder"}
    sweep_recordings(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == others
    sweep_recordings(tmp_path / "nowhere")


def _give_back(recording: Recording, packets: list[int], share: tuple[float, float]) -> None:
    sent, now_s = 0, 0.0
    for count in packets:
        now_s += count / RATE_HZ
        recording.add(numbered(sent, count), now_s)
        sent += count
    total_s = recording.seconds
    until_s, seconds = now_s - share[0] * total_s, share[1] * total_s
    values = read(recording, until_s, seconds)
    assert values == [values[0] + number for number in range(len(values))]
    kept_s = max(0.0, min(seconds, until_s - recording.began_s))
    assert len(values) == pytest.approx(kept_s * RATE_HZ, abs=1.01 + TOGETHER_S * RATE_HZ)
