"""What a tick of our scripts may cost REAPER."""

from __future__ import annotations

from support.fake_reaper import Tick

MOST_INSTRUCTIONS = 75_000
"""2 ms: where this was measured, reading JSON ran 75,000 (Lua 5.3) to 85,000 (5.4) instructions in them, and a plain
loop 350,000. REAPER's own functions are not in it; ``MOST_CALLS`` bounds them."""
MOST_CALLS = 1_000


def worst(ticks: list[Tick]) -> Tick:
    """The most of each that any tick cost."""
    return Tick(
        max(tick.instructions for tick in ticks),
        max(tick.listings for tick in ticks),
        max(tick.calls for tick in ticks),
    )


def within_budget(ticks: list[Tick]) -> bool:
    most = worst(ticks)
    return most.instructions <= MOST_INSTRUCTIONS and most.calls <= MOST_CALLS and most.listings <= 1
