"""How this machine stands with its account, as it knows without asking it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from uptrack_daemon.store import AccountFeed, AccountLink, AccountLinks, Outbox, OutboxCounts, Store


@dataclass(frozen=True, slots=True)
class Standing:
    link: AccountLink | None
    counts: OutboxCounts
    followed_at: datetime | None
    """When the account last answered what had changed."""

    @property
    def trouble(self) -> str | None:
        """Why it is linked no more, though nobody here has ended it."""
        return None if self.link is None else self.link.trouble

    @property
    def sentence(self) -> str:
        if self.link is None:
            return "No account is linked: nothing leaves this machine."
        who = f"{self.link.account_name} at {self.link.site}"
        if self.link.trouble is not None:
            return f"Not linked any more to {who}: `uptrack link` links it again. {self.link.trouble}"
        when = "never" if self.followed_at is None else f"{self.followed_at:%Y-%m-%d %H:%M} UTC"
        told = f"{self.counts.waiting} waiting, {self.counts.refused} refused"
        audio = f", audio of {self.counts.audio_waiting} to be sent" if self.counts.audio_waiting else ""
        return f"Linked to {who}; last in step: {when}; {told}{audio}."


async def standing_of(store: Store) -> Standing:
    return Standing(
        await AccountLinks(store).get(), await Outbox(store).counts(), await AccountFeed(store).followed_at()
    )
