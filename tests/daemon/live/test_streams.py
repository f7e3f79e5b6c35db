"""Which live streams are kept, and what breaks one off."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.live_place import Place
from uptrack_analysis.errors import BadInput
from uptrack_bridges.reastream import BadPacket
from uptrack_daemon.live.streams import FORGET_AFTER_S, MOST_STREAMS, Streams


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.streams.close()


def test_streams_are_kept_apart_by_name(place: Place) -> None:
    place.play("mix", "bass")
    place.play("mix")
    assert place.kept() == {"bass": 2, "mix": 4}


@pytest.mark.parametrize("change", [{"rate_hz": 16_000}, {"channels": 1}])
def test_another_format_begins_anew_once_the_old_one_is_silent(place: Place, change: dict[str, int]) -> None:
    place.play("mix")
    place.play("mix", seconds=0.9, **change)
    assert place.kept() == {"mix": 2}
    assert "Two senders are called “mix”" in place.streams.problem
    place.play("mix", seconds=2.1, **change)
    assert place.kept()["mix"] == pytest.approx(2, abs=0.1)


def test_a_pause_begins_anew(place: Place) -> None:
    place.play("mix")
    place.now_s += 1.5
    place.play("mix", seconds=1)
    assert place.kept() == {"mix": 1}


def test_a_stream_that_fell_silent_can_still_be_had_for_a_while(place: Place) -> None:
    place.play("mix")
    place.now_s += FORGET_AFTER_S - 1
    place.streams.forget_old()
    assert place.streams.find(None)[0] == "mix"
    place.now_s += 2
    place.streams.forget_old()
    assert place.kept() == {}


def test_what_a_daw_renders_is_not_what_anybody_heard(place: Place) -> None:
    place.play("mix")
    place.rendering = True
    place.play("mix", speed=20)
    assert place.kept() == {}
    place.rendering = False
    place.play("mix", seconds=1)
    assert place.kept() == {"mix": 1}


@pytest.mark.parametrize("speed", [2.0, 20.0])
def test_what_comes_faster_than_time_passes_is_not_kept_and_said(place: Place, speed: float) -> None:
    place.play("mix", seconds=30, speed=speed)
    assert place.kept().get("mix", 0) < 5
    assert "faster than it can be heard" in place.streams.problem
    place.now_s += 1.5
    place.play("mix", seconds=6)
    assert place.kept() == {"mix": 6}
    place.now_s += 0.5
    place.play("mix", seconds=6)
    assert place.streams.problem == ""


def test_a_burst_of_a_render_moves_nothing_that_was_played_before_because_it_ends_the_take(place: Place) -> None:
    place.play("mix", seconds=30)
    place.play("mix", seconds=1.4, speed=50)
    assert place.kept().get("mix", 0) < 1.2
    assert "faster than it can be heard" in place.streams.problem


def test_two_senders_of_one_name_are_not_mixed_up(place: Place) -> None:
    place.play("mix", "mix", seconds=30)
    assert "two senders of one name" in place.streams.problem


def test_buffers_that_waited_may_come_at_once(place: Place) -> None:
    place.play("mix", seconds=10)
    place.now_s += 0.9
    place.play("mix", seconds=0.9, speed=1e6)
    assert place.kept() == {"mix": 10.9}


def test_a_beginning_that_was_held_up_costs_nothing_later(place: Place) -> None:
    place.now_s += 1.2
    place.play("mix", seconds=1.2, speed=1e6)
    place.play("mix", seconds=20)
    assert place.kept() == {"mix": 21.2}
    assert place.streams.problem == ""


def test_ours_is_meant_else_the_only_one_that_plays(place: Place) -> None:
    with pytest.raises(BadInput, match=r"No live audio has come in\. Put ReaStream on the master"):
        place.streams.find(None)
    place.play("drums")
    assert place.streams.find(None)[0] == "drums"
    place.now_s += 2
    place.play("other")
    assert place.streams.find(None)[0] == "other"  # the drums are silent
    place.play("drums", "other")
    with pytest.raises(BadInput, match="“drums”, “other” come in: call the one that is meant “uptrack”"):
        place.streams.find(None)
    assert place.streams.find("drums")[0] == "drums"
    with pytest.raises(BadInput, match="called “bass” has come in"):
        place.streams.find("bass")
    place.play("uptrack", "drums")
    assert place.streams.find(None)[0] == "uptrack"


def test_a_datagram_nobody_understands_is_told_once(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(100):
        place.streams.refused(BadPacket("Expected 1 to 8 channels, got 12."))
        place.play("mix", seconds=0.1)
    place.streams.close()
    place.streams.refused(BadPacket("Expected 1 to 8 channels, got 12."))
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
        "Expected 1 to 8 channels, got 12."
    ]
    with pytest.raises(BadInput, match="got 12"):
        place.streams.find(None)


def test_no_more_streams_than_a_mixer_has(place: Place) -> None:
    place.play(*(f"track {number}" for number in range(MOST_STREAMS + 3)))
    assert len(place.kept()) == MOST_STREAMS
    assert "More than 16 live streams" in place.streams.problem


def test_a_disk_that_takes_nothing_ends_the_stream_with_a_sentence(place: Place, tmp_path: Path) -> None:
    place.streams = Streams(tmp_path / "gone", clock=lambda: place.now_s)
    place.play("mix")
    assert place.kept() == {}
    assert "cannot be kept: No such file or directory" in place.streams.problem
