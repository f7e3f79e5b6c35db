from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import numpy as np
import pytest

from uptrack_analysis.measure.lanes import Lanes
from uptrack_analysis.signal import Block

PATIENCE_S = 30.0


def block(number: int) -> Block:
    return np.full((1, 4), number, dtype=np.float32)


def ignored(_stage: str, _through: int) -> None:
    pass


class Collector:
    """Keeps the number of every block it was given; ``before`` runs first."""

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        self.numbers: list[int] = []
        self._before = before

    def push(self, block: Block) -> None:
        self._before()
        self.numbers.append(int(block[0, 0]))

    def finish(self) -> tuple[int, ...]:
        return tuple(self.numbers)


@pytest.mark.parametrize("threads", [0, 1, 2, 5])
def test_every_lane_takes_every_block_in_order(threads: int) -> None:
    with Lanes(threads) as lanes:
        found = [lanes.add(name, collector.push, collector.finish) for name, collector in collectors(4)]
        for number in range(100):
            for lane in lanes.all:
                lanes.feed(lane, block(number), ignored)
        lanes.finish(ignored)
    assert [lane.result for lane in found] == [tuple(range(100))] * 4


def collectors(count: int) -> list[tuple[str, Collector]]:
    return [(f"stage {number}", Collector()) for number in range(count)]


def test_a_lane_that_is_held_up_holds_up_no_other() -> None:
    others_are_through = threading.Event()
    held = Collector(lambda: others_are_through.wait(PATIENCE_S))

    def heard(_stage: str, through: int) -> None:
        if through == 2:
            others_are_through.set()

    with Lanes(2) as lanes:
        slow = lanes.add("slow", held.push, held.finish)
        quick = [lanes.add(name, collector.push, collector.finish) for name, collector in collectors(2)]
        for number in range(5):
            for lane in lanes.all:
                lanes.feed(lane, block(number), heard)
        lanes.finish(heard)
    assert others_are_through.is_set()
    assert [lane.result for lane in (slow, *quick)] == [(0, 1, 2, 3, 4)] * 3


def test_a_lane_falls_behind_only_so_far() -> None:
    behind: list[int] = []
    collector = Collector(lambda: behind.append(len(lane.waiting)))
    with Lanes(2) as lanes:
        lane = lanes.add("slow", collector.push, collector.finish)
        for number in range(200):
            lanes.feed(lane, block(number), ignored)
        lanes.finish(ignored)
    assert len(collector.numbers) == 200
    assert max(behind) <= 4  # three, and the end of the stream


@pytest.mark.parametrize("threads", [0, 2])
def test_the_caller_hears_of_every_block_and_of_the_lanes_that_are_through(threads: int) -> None:
    heard: list[tuple[str, int]] = []
    with Lanes(threads) as lanes:
        for name, collector in collectors(3):
            lanes.add(name, collector.push, collector.finish)
        for number in range(4):
            for lane in lanes.all:
                lanes.feed(lane, block(number), lambda stage, through: heard.append((stage, through)))
        lanes.finish(lambda stage, through: heard.append((stage, through)))
    assert sorted(stage for stage, _through in heard) == sorted(5 * ["stage 0", "stage 1", "stage 2"])
    throughs = [through for _stage, through in heard]
    assert throughs == sorted(throughs)
    assert throughs[-1] == 3


class Broken(Exception):
    pass


def broken(*_: object) -> None:
    raise Broken


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("where", ["push", "finish"])
def test_what_a_lane_raises_reaches_the_caller(where: str, threads: int) -> None:
    sound = Collector()

    def work() -> None:
        with Lanes(threads) as lanes:
            lanes.add("broken", broken if where == "push" else sound.push, broken)
            lanes.add("sound", sound.push, sound.finish)
            for number in range(20):
                for lane in lanes.all:
                    lanes.feed(lane, block(number), ignored)
            lanes.finish(ignored)

    with pytest.raises(Broken):
        work()


def test_leaving_early_drops_what_has_not_begun() -> None:
    begun, dropped = threading.Event(), threading.Event()

    class Watched(deque[Block | None]):
        def clear(self) -> None:
            super().clear()
            dropped.set()

    def until_the_rest_is_dropped() -> None:
        begun.set()
        assert dropped.wait(PATIENCE_S)

    collector = Collector(until_the_rest_is_dropped)

    def work() -> None:
        with Lanes(1) as lanes:
            lane = lanes.add("slow", collector.push, collector.finish)
            lane.waiting = Watched()
            for number in range(4):
                lanes.feed(lane, block(number), ignored)
            assert begun.wait(PATIENCE_S)
            raise Broken

    with pytest.raises(Broken):
        work()
    assert collector.numbers == [0]
