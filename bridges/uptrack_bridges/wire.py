"""What every transport looks like from inside: a wire to one host, the session on it, and the desk that answers.

A transport (``websocket``, ``mailbox``, ``osc``) turns bytes into calls of ``Switchboard.received`` and gives each
host a ``Wire``. The switchboard does what is the same everywhere: reading messages, joining parts, ``hello`` with
version and token, refusing in a sentence. What is left reaches the ``Desk``, which the daemon implements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from uptrack_analysis.errors import Unavailable
from uptrack_bridges.messages import (
    Analyze,
    Cancel,
    Capture,
    FeedbackApplied,
    FindingDismiss,
    FixApplied,
    LiveGet,
    Message,
    Project,
    State,
)

Transport = Literal["websocket", "mailbox", "osc"]


ToDesk = Analyze | Cancel | State | FeedbackApplied | FindingDismiss | FixApplied | LiveGet | Capture
"""What reaches the desk; hello, ping and parts are the switchboard's."""


class WireClosed(Unavailable):
    """The host on the other end is gone; what it did not acknowledge waits for its next ``hello``."""

    default_code = "wire.closed"


class Wire(Protocol):
    """One host, however it is connected."""

    @property
    def transport(self) -> Transport: ...

    @property
    def lossy(self) -> bool:
        """True where a message may vanish without a sign (UDP): the desk then repeats until it is acknowledged."""
        ...

    @property
    def late_s(self) -> float:
        """How long ago the message that is being handled was said; 0 where the wire brings it at once."""
        ...

    async def send(self, message: Message) -> None:
        """Deliver one message, in parts where the wire needs it; raises ``WireClosed`` when nobody is there."""

    async def close(self, sentence: str) -> None:
        """End the conversation; closing twice is fine."""


@dataclass(slots=True)
class Session:
    """One host that has said ``hello`` and been welcomed."""

    id: str
    wire: Wire
    host: str
    instance: str
    """From ``hello``, or the session's own id when the host gave none."""
    capabilities: frozenset[str] = frozenset()
    project: Project | None = None
    state: str = "idle"


class Desk(Protocol):
    """The daemon's side of every conversation."""

    def page_url(self) -> str:
        """The page's address with a fresh one-time code, for ``welcome``."""
        ...

    async def opened(self, session: Session) -> None:
        """A host was welcomed and its ``welcome`` sent; again for the same session when it repeats ``hello``."""

    async def received(self, session: Session, message: ToDesk) -> None:
        """One message of a welcomed host. A raised ``UpTrackError`` is sent back as ``refused``."""

    async def closed(self, session: Session) -> None:
        """The wire is gone, or the same host came back on another; ``session.wire`` reaches nobody now."""
