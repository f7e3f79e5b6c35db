"""What a person can run into, each with the sentence they are told.

* UpTrackError
  - AccountError          asked for something that is refused
    · Refused               wrong or used up: a password, a link
    · TooMany               too often; ``retry_after_s`` says when again
"""

from __future__ import annotations

from uptrack_analysis.errors import BadInput


class AccountError(BadInput):
    """Something was asked for that is refused."""


class Refused(AccountError):
    """Wrong, or used before."""


class TooMany(AccountError):
    """Asked too often."""

    def __init__(self, retry_after_s: float) -> None:
        minutes = max(1, round(retry_after_s / 60))
        super().__init__(
            f"That was tried too often. Wait {minutes} minute{'s' if minutes > 1 else ''}, then try again.",
            code="account.too_many",
        )
        self.retry_after_s = retry_after_s
