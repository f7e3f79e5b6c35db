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


@pytest.mark.parametrize("helpers", [0, 1, 2, 5])
def test_every_lane_takes_every_block_in_order(helpers: int) -> None:
    with Lanes(helpers) as lanes:
        found = [lanes.add(name, collector.push, collector.finish) for name, collector in collectors(4)]
        for number in range(100):
            for lane in lanes.all:
                lanes.feed(lane, block(number), ignored)
        lanes.finish(ignored)
    assert [lane.result for lane in found] == [tuple(range(100))] * 4


def meeting() -> tuple[set[int], Callable[[], None]]:
    """The threads that came, and where each waits for the other; it fails the work of one that works alone."""
    workers: set[int] = set()
    both = threading.Barrier(2)

    def meet() -> None:
        if threading.get_ident() not in workers:
            workers.add(threading.get_ident())
            both.wait(PATIENCE_S)

    return workers, meet


def collectors(count: int) -> list[tuple[str, Collector]]:
    return [(f"stage {number}", Collector()) for number in range(count)]


def test_a_lane_that_is_held_up_holds_up_no_other() -> None:
    others_are_through = threading.Event()

    def note() -> None:
        if sum(len(collector.numbers) for collector in quick) == 5:  # and the sixth is being added
            others_are_through.set()

    quick = [Collector(note) for _ in range(2)]
    waited: list[bool] = []
    held = Collector(lambda: waited.append(others_are_through.wait(PATIENCE_S)))
    with Lanes(1) as lanes:
        slow = lanes.add("slow", held.push, held.finish)
        others = [lanes.add("quick", collector.push, collector.finish) for collector in quick]
        for number in range(3):
            for lane in lanes.all:
                lanes.feed(lane, block(number), ignored)
        lanes.finish(ignored)
    assert waited == [True] * 3
    assert [lane.result for lane in (slow, *others)] == [(0, 1, 2)] * 3


def test_the_caller_works_too_where_a_lane_is_too_far_behind() -> None:
    workers, meet = meeting()
    with Lanes(1) as lanes:
        for name in ("one", "other"):
            collector = Collector(meet)
            lanes.add(name, collector.push, collector.finish)
        for number in range(20):
            for lane in lanes.all:
                lanes.feed(lane, block(number), ignored)
        lanes.finish(ignored)
    assert threading.get_ident() in workers
    assert len(workers) == 2


def test_a_thread_that_comes_to_help_works_until_the_lanes_are_left() -> None:
    workers, meet = meeting()
    with Lanes() as lanes:
        guest = threading.Thread(target=lanes.help)
        guest.start()
        found = [lanes.add(name, collector.push, collector.finish) for name in "ab" for collector in [Collector(meet)]]
        for number in range(20):
            for lane in lanes.all:
                lanes.feed(lane, block(number), ignored)
        lanes.finish(ignored)
    guest.join(PATIENCE_S)
    assert not guest.is_alive()
    assert len(workers) == 2
    assert [lane.result for lane in found] == [tuple(range(20))] * 2


def test_who_comes_to_help_where_nothing_is_left_to_do_goes_at_once() -> None:
    with Lanes() as lanes:
        pass
    lanes.help()


def test_a_lane_falls_behind_only_so_far() -> None:
    behind: list[int] = []
    collector = Collector(lambda: behind.append(len(lane.waiting)))
    with Lanes(1) as lanes:
        lane = lanes.add("slow", collector.push, collector.finish)
        for number in range(200):
            lanes.feed(lane, block(number), ignored)
        lanes.finish(ignored)
    assert len(collector.numbers) == 200
    assert max(behind) <= 4  # three, and the end of the stream


@pytest.mark.parametrize("helpers", [0, 2])
def test_the_caller_hears_of_every_block_and_of_the_lanes_that_are_through(helpers: int) -> None:
    heard: list[tuple[str, int]] = []
    with Lanes(helpers) as lanes:
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


@pytest.mark.parametrize("helpers", [0, 2])
@pytest.mark.parametrize("where", ["push", "finish"])
def test_what_a_lane_raises_reaches_the_caller(where: str, helpers: int) -> None:
    sound = Collector()

    def work() -> None:
        with Lanes(helpers) as lanes:
            lanes.add("broken", broken if where == "push" else sound.push, broken)
            lanes.add("sound", sound.push, sound.finish)
            for number in range(20):
                for lane in lanes.all:
                    lanes.feed(lane, block(number), ignored)
            lanes.finish(ignored)

    with pytest.raises(Broken):
        work()


def test_leaving_early_drops_what_has_not_begun() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def until_the_rest_is_dropped() -> None:
        begun.set()
        assert may_end.wait(PATIENCE_S)

    class Watched(deque[Block | None]):
        def clear(self) -> None:
            super().clear()
            may_end.set()

    collector = Collector(until_the_rest_is_dropped)

    def work() -> None:
        with Lanes(1) as lanes:
            lane = lanes.add("slow", collector.push, collector.finish)
            lane.waiting = Watched()
            for number in range(4):  # one in hand and three behind it: no more, or the caller would work
                lanes.feed(lane, block(number), ignored)
                assert begun.wait(PATIENCE_S)
            raise Broken

    with pytest.raises(Broken):
        work()
    assert collector.numbers == [0]
