"""What an installation will do, one sentence a step: shown with ``--dry-run``, carried out without."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from uptrack_analysis.errors import Unavailable


class Act(Protocol):
    """Carries a step out; may answer a further sentence for the user, of what came otherwise than planned."""

    def __call__(self) -> str | None: ...


def nothing() -> None:
    """The act of a step that only informs."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; refusals come when the plan is made, so a plan that stands is expected to succeed."""

    sentence: str
    act: Act = nothing


def carry_out(steps: Iterable[Step], say: Callable[[str], None]) -> None:
    """Do each step, and say it once it is done.

    Raises
    ------
    Unavailable
        The disk refused one; what was said before it is done, what comes after it is not.
    """
    for step in steps:
        try:
            more = step.act()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Unavailable(
                f"Expected to do this: {step.sentence.rstrip('.')}; but {error.filename or 'the disk'} refused it "
                f"({reason[:1].lower()}{reason[1:]}): check permissions and free space, close the DAW, and try again.",
                code="install.disk",
            ) from error
        say(step.sentence)
        if more:
            say(more)
