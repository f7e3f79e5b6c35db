"""Work of several steps, none of which holds up another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable


async def every(*steps: Callable[[], Awaitable[object]]) -> None:
    """Each in its turn, whatever became of those before it.

    Raises
    ------
    ExceptionGroup
        Of all that failed, once the rest is done.
    """
    failed = list[Exception]()
    for step in steps:
        try:
            await step()
        except Exception as error:  # noqa: BLE001 - raised below
            failed.append(error)
    if failed:
        raise ExceptionGroup("not every step went well", failed)
