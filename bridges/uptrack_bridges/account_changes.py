"""What an account and its machines tell each other of what has changed: reports that were deleted, and what is meant.

That a finding, or a whole rule, is meant is said in a project, on a machine or on the account's page, and can be taken
back. Each such word is a ``Decision``; of two about the same thing the one that stands is the same on whichever side
and in whatever order they meet, so both sides come to agree.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from uptrack_analysis.report import SEVERITIES, Severity
from uptrack_bridges.account import REPORT_ID, AccountMessage

CHANGES_PATH = "/v1/changes"
STATE_PATH = "/v1/state"
PROJECTS_PATH = "/v1/projects"
PUSH_PATH = "/v1/push"

MOST_CHANGES = 500
RESYNC = "changes.resync"
"""The code of a 410: what the machine has not seen is no longer kept one by one, so it is to read the state."""
NO_PROJECT = "project.unknown"
"""The code of a 404: the account has no report of that project."""
UNLINKED = 4401
"""A push channel is closed with it when its machine is linked no longer, or its token too old."""

PROJECT_KEY = r"[0-9a-f]{64}"
RULE = r"[a-z][a-z0-9_.]{0,79}"
FINDING = r"[A-Za-z0-9_.-]{1,120}"
_INSTANT = timedelta(microseconds=1)


class Decision(AccountMessage):
    """That a finding of a project, or all that a rule finds in it, is meant; or that it is not, any more."""

    rule: Annotated[str, Field(pattern=f"^{RULE}$")]
    finding: Annotated[str, Field(pattern=f"^{FINDING}$")] | None = None
    """``None`` for the whole rule."""
    dismissed: bool
    at: AwareDatetime
    severity: Severity | None = None
    """How bad it was: what is worse is told again."""
    report: Annotated[str, Field(pattern=f"^{REPORT_ID}$")] | None = None
    """In which it was seen."""

    @property
    def about(self) -> str:
        """What it is about, as an address names it."""
        return self.finding or self.rule

    def stands_over(self, other: Decision) -> bool:
        """Whether it is the one that counts: the later; of the same moment the one that dismisses.

        All that may differ is compared, so that of any two that do differ one counts on every side.
        """
        return self._order > other._order

    @property
    def _order(self) -> tuple[datetime, bool, int, str]:
        severity = -1 if self.severity is None else SEVERITIES.index(self.severity)
        return self.at, self.dismissed, severity, self.report or ""


def moment_after(now: datetime, before: datetime | None) -> datetime:
    """When something is decided now: later than what was decided before, though a clock may have been set back."""
    return now if before is None or before < now else before + _INSTANT


class Change(AccountMessage):
    """Something that happened to what is kept."""

    sequence: Annotated[int, Field(ge=1)]
    kind: Literal["report_deleted", "dismissed", "restored"] | str  # noqa: PYI051 - a newer account may know more
    report: Annotated[str, Field(max_length=32)] | None = None
    """Of ``report_deleted``."""
    project: Annotated[str, Field(max_length=64)] | None = None
    """The key of the project that ``decision`` is about."""
    decision: Decision | None = None


class ChangeList(AccountMessage):
    """Answer to ``GET {CHANGES_PATH}?after=``: what came after, in order."""

    changes: list[Change]
    cursor: Annotated[int, Field(ge=0)]
    """Give it as ``?after=`` the next time."""
    more: bool


class ProjectDecision(AccountMessage):
    project: Annotated[str, Field(max_length=64)]
    decision: Decision


class AccountState(AccountMessage):
    """Answer to ``GET {STATE_PATH}``: all that changes have come to, a page at a time."""

    deleted: list[Annotated[str, Field(max_length=32)]]
    decisions: list[ProjectDecision]
    cursor: Annotated[int, Field(ge=0)]
    """What came after this page was made comes after it; that of the first page is the one to go on from."""
    next: Annotated[str, Field(max_length=400)] | None = None


class Changed(AccountMessage):
    """All that the push channel ever says: that it is time to ask for changes."""

    type: Literal["changed"] = "changed"
