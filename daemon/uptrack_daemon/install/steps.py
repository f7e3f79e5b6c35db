"""What an installation will do, one sentence a step: shown with ``--dry-run``, carried out without."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from uptrack_analysis.errors import Unavailable


def nothing() -> None:
    """The act of a step that only informs."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; refusals come when the plan is made, so a plan that stands is expected to succeed."""

    sentence: str
    act: Callable[[], object] = nothing


def carry_out(steps: Iterable[Step], say: Callable[[str], None]) -> None:
    """Do each step, and say it once it is done.

    Raises
    ------
    Unavailable
        The disk refused one; what was said before it is done, what comes after it is not.
    """
    for step in steps:
        with explained(f"do this: {step.sentence.rstrip('.')}"):
            step.act()
        say(step.sentence)


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Let what the disk refuses while the block runs become a sentence; ``doing`` reads on from "Expected to".

    Raises
    ------
    Unavailable
        Instead of any ``OSError``.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unavailable(
            f"Expected to {doing}; but {error.filename or 'the disk'} refused it ({reason[:1].lower()}{reason[1:]}): "
            "check permissions and free space, close the DAW, and try again.",
            code="install.disk",
        ) from error
