"""What a person can run into, each with the sentence they are told.

* UpTrackError
  - AccountError          asked for something that is refused
    · Refused               wrong or used up: a password, a link
    · TooMany               too often; ``retry_after_s`` says when again
    · ReportRefused         a report that is not kept; ``status`` is HTTP's word for why
    · StripeAway            Stripe did not do what it was asked; trying again may help
    · NotFromStripe         a message that says it is Stripe's, and is not
    · UploadRefused         audio that is not taken; ``status`` is HTTP's word for why
    · GrantRefused          a machine that wants to be linked, or to stay so; ``error`` is OAuth's word for it
"""

from __future__ import annotations

from uptrack_analysis.errors import BadInput
from uptrack_bridges.account import GrantError


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

    @property
    def retry_after(self) -> str:
        """As HTTP's header has it: whole seconds, and no less (RFC 9110, 10.2.3)."""
        return str(int(self.retry_after_s) + 1)


class StripeAway(AccountError):
    """Stripe cannot be reached, or would not."""

    def __init__(self) -> None:
        super().__init__(
            "Stripe, which takes the payments, did not answer, and nothing was changed. Try again in a few minutes.",
            code="account.stripe",
        )


class NotFromStripe(AccountError):
    """Nobody else may say what Stripe says."""

    def __init__(self) -> None:
        super().__init__("Expected an event that Stripe has signed just now.", code="account.signature")


class GrantRefused(AccountError):
    """No tokens, or not yet (RFC 6749, 5.2; RFC 8628, 3.5)."""

    def __init__(self, error: GrantError, sentence: str) -> None:
        super().__init__(sentence, code=f"account.{error}")
        self.error: GrantError = error


class ReportRefused(AccountError):
    """A report is not kept: another has its id, it was deleted, it is too large, or it is none."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence, code=code)
        self.status = status


class UploadRefused(AccountError):
    """Audio is not taken: it is none, too large, another has its id, or the month's analyses are used."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence, code=code)
        self.status = status
