"""Work side by side on one stream: every lane takes every block in order, whichever thread is free does it.

The caller's thread is one of them: where a lane is too far behind to be given another block, the caller does what is
next instead of waiting. Others come and go (``help``). No lane waits for another, so a thread that the machine holds up
holds up only the block it has in hand. What a lane works with is its own; blocks are shared and read only. NumPy and
soxr let go of the interpreter lock while they calculate, so threads are worth cores; each such call hands the lock
over, though, and waking another thread can cost what a short call takes. So meters work through long chunks: those of
65,000 to 131,000 samples were a quarter faster.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from time import perf_counter
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from uptrack_analysis.signal import Block

# Blocks one lane may be behind: enough to ride out a stalled thread, little beside the memory of the rest.
_MOST_WAITING = 3

Result = TypeVar("Result")

Heard = Callable[[str, int], None]
"""Called, on the caller's thread, for every block taken: with the lane's stage, and how many lanes are through."""


class Lane(Generic[Result]):
    """One stage of the work; ``result`` is there once ``Lanes.finish`` has returned."""

    result: Result

    def __init__(self, stage: str, push: Callable[[Block], None], finish: Callable[[], Result]) -> None:
        self.stage = stage
        self.seconds = 0.0
        """Time its work has taken so far."""
        self.waiting: deque[Block | None] = deque()
        """Blocks to come; ``None`` stands for the end of the stream."""
        self.in_hand = False
        self._push = push
        self._finish = finish

    def take(self, block: Block | None) -> None:
        begun = perf_counter()
        try:
            if block is None:
                self.result = self._finish()
            else:
                self._push(block)
        finally:
            self.seconds += perf_counter() - begun


class Lanes:
    """Threads for a handful of lanes. Leaving the context drops what has not begun and waits for what has.

    Parameters
    ----------
    helpers : int
        Threads beside the caller's. While there is none the caller does all the work, block by block.
    """

    def __init__(self, helpers: int = 0) -> None:
        self.all: list[Lane[Any]] = []
        self._helpers = [Thread(target=self.help, name=f"meters-{number}") for number in range(helpers)]
        self._changed = Condition()  # guards what follows, and every lane's ``waiting`` and ``in_hand``
        self._helping = 0
        self._ready: deque[Lane[Any]] = deque()
        """Lanes with something to take that nobody has in hand."""
        self._taken: deque[tuple[str, bool, BaseException | None]] = deque()
        self._left = False
        self._owed = 0
        self._through = 0

    def __enter__(self) -> Self:
        for helper in self._helpers:
            helper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._left = True
            self._ready.clear()
            for lane in self.all:
                lane.waiting.clear()
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._helping)
        for helper in self._helpers:
            helper.join()

    def help(self) -> None:
        """Work on this thread, which has nothing else to do, until the context is left; at once if it was."""
        with self._changed:
            self._helping += 1
        try:
            while (taken := self._next_or_left()) is not None:
                self._take(*taken)
        finally:
            with self._changed:
                self._helping -= 1
                self._changed.notify_all()

    def add(self, stage: str, push: Callable[[Block], None], finish: Callable[[], Result]) -> Lane[Result]:
        """A lane that calls ``push`` with each block and ``finish`` after the last."""
        lane = Lane(stage, push, finish)
        self.all.append(lane)
        return lane

    def feed(self, lane: Lane[Any], block: Block, heard: Heard) -> None:
        """Put ``block`` at the end of the lane's queue; while there is no room, work.

        Raises
        ------
        Exception
            What any lane raised at an earlier block, or what ``heard`` raises.
        """
        self._offer(lane, block)
        self._tell(heard)
        while len(lane.waiting) > (_MOST_WAITING if self._helping else 0):
            self._work(heard)

    def finish(self, heard: Heard) -> None:
        """End the stream and work until every lane has its result.

        Raises
        ------
        Exception
            As ``feed``.
        """
        for lane in self.all:
            self._offer(lane, None)
        while self._owed:
            self._work(heard)

    def _offer(self, lane: Lane[Any], block: Block | None) -> None:
        self._owed += 1
        with self._changed:
            lane.waiting.append(block)
            if not lane.in_hand and len(lane.waiting) == 1:
                self._ready.append(lane)
                self._changed.notify()

    def _work(self, heard: Heard) -> None:
        """Take what is next, or wait until a helper has something done."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._taken)
            taken = self._next() if self._ready else None
        if taken is not None:
            self._take(*taken)
        self._tell(heard)

    def _next_or_left(self) -> tuple[Lane[Any], Block | None] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._left)
            return None if self._left else self._next()

    def _next(self) -> tuple[Lane[Any], Block | None]:
        lane = self._ready.popleft()
        lane.in_hand = True
        return lane, lane.waiting.popleft()

    def _take(self, lane: Lane[Any], block: Block | None) -> None:
        failure: BaseException | None = None
        try:
            lane.take(block)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the caller hears of this block
            failure = error
        with self._changed:
            lane.in_hand = False
            self._taken.append((lane.stage, block is None, failure))
            if lane.waiting:
                self._ready.append(lane)
            self._changed.notify_all()

    def _tell(self, heard: Heard) -> None:
        while self._taken:  # the caller alone takes from it
            stage, ended, failure = self._taken.popleft()
            self._owed -= 1
            if failure is not None:
                raise failure
            self._through += ended
            heard(stage, self._through)
