"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "problem"]
"""A warning is worth knowing and keeps nothing from working; a problem does."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's."""

    name: str
    """Stable and dotted, for machines."""
    status: Status
    sentence: str
    """What was found and, unless all is well, what to do."""


def worst(checks: Iterable[Check]) -> Status:
    found = {check.status for check in checks}
    return "problem" if "problem" in found else "warning" if "warning" in found else "ok"
