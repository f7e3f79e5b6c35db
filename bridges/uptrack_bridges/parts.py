"""Messages larger than their wire, cut into ``part`` messages and joined again.

A part's ``data`` is a slice of the whole message's JSON text; slices are cut between characters, so joining is plain
concatenation. Sizes are bytes of UTF-8 on the wire, escapes of JSON inside JSON included. What a stranger can make us
hold is bounded three ways: messages being joined at once, bytes held, seconds since the first part.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from uptrack_bridges.messages import BadMessage, Part, write

MAX_MESSAGE_BYTES = 1 << 20
MAX_PARTS = 4_096


def split(text: str, *, limit_bytes: int, message_id: str, session: str | None = None) -> list[Part]:
    """Cut one message's JSON text into parts that each fit the wire.

    Parameters
    ----------
    text : str
        The whole message as ``messages.write`` gives it.
    limit_bytes : int
        Largest JSON text the wire carries, in bytes of UTF-8.
    message_id : str
        The parts' common ``id``; never used twice on one wire.

    Raises
    ------
    BadMessage
        The message would need more than ``MAX_PARTS`` parts; code ``part.too_many``.
    ValueError
        ``limit_bytes`` leaves no room for data beside a part's own fields.
    """
    envelope = Part(id=message_id, session=session, part=MAX_PARTS, parts=MAX_PARTS, data="")
    room = limit_bytes - len(write(envelope).encode())
    if room < 6:  # the longest escape of one character, \u001f
        raise ValueError(f"expected a limit of more than {limit_bytes - room + 6} bytes, got {limit_bytes}")
    slices: list[str] = []
    start = 0
    while start < len(text) or not slices:
        end = start + _longest_prefix(text[start : start + room], room)
        slices.append(text[start:end])
        start = end
    if len(slices) > MAX_PARTS:
        raise BadMessage(
            f"A message of {len(text)} characters needs {len(slices)} parts here, over the cap of {MAX_PARTS}.",
            code="part.too_many",
        )
    return [
        Part(id=message_id, session=session, part=number, parts=len(slices), data=data)
        for number, data in enumerate(slices, start=1)
    ]


def _longest_prefix(text: str, room: int) -> int:
    """How many characters of ``text`` fit into ``room`` bytes once they are a JSON string."""
    if _escaped_bytes(text) <= room:
        return len(text)
    fits, too_many = 1, len(text)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if _escaped_bytes(text[:middle]) <= room:
            fits = middle
        else:
            too_many = middle
    return fits


def _escaped_bytes(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode()) - len('""')


@dataclass(slots=True)
class _Unfinished:
    parts: int
    since_s: float
    slices: dict[int, str] = field(default_factory=dict[int, str])
    size: int = 0


class Assembler:
    """Joins the parts that arrive on one wire, in any order; a part that comes twice counts once.

    Parameters
    ----------
    max_bytes : int
        Held at once, over all unfinished messages.
    max_messages : int
        Unfinished at once; the oldest makes room for a new one, since on a lossy wire it is the one that lost a part.
    patience_s : float
        From the first part to the last; after that the rest is forgotten.
    """

    def __init__(
        self,
        *,
        max_bytes: int = MAX_MESSAGE_BYTES,
        max_messages: int = 8,
        patience_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_messages = max_messages
        self._patience_s = patience_s
        self._clock = clock
        self._unfinished: dict[str, _Unfinished] = {}  # in order of first part

    @property
    def held_bytes(self) -> int:
        return sum(message.size for message in self._unfinished.values())

    def add(self, part: Part) -> str | None:
        """Take one part; the whole message's text once its last part is here, else ``None``.

        Raises
        ------
        BadMessage
            ``part`` lies beyond ``parts``, ``parts`` differs from what earlier parts said, or the parts together are
            over ``max_bytes``. The message they belong to is forgotten.
        """
        self._forget_old()
        if part.part > part.parts:
            self._unfinished.pop(part.id, None)
            raise BadMessage(f"Expected part 1 to {part.parts}; part {part.part} came.", code="part.out_of_range")
        message = self._unfinished.get(part.id)
        if message is None:
            if len(self._unfinished) >= self._max_messages:
                del self._unfinished[next(iter(self._unfinished))]
            message = self._unfinished[part.id] = _Unfinished(part.parts, self._clock())
        if message.parts != part.parts:
            del self._unfinished[part.id]
            raise BadMessage(
                f"Message {part.id!r} was announced in {message.parts} parts and now in {part.parts}; send it again.",
                code="part.mismatch",
            )
        if part.part not in message.slices:
            message.slices[part.part] = part.data
            message.size += len(part.data.encode("utf-8", "surrogatepass"))
        if self.held_bytes > self._max_bytes:
            del self._unfinished[part.id]
            raise BadMessage(
                f"Parts of unfinished messages on this wire are over {self._max_bytes} bytes; send smaller messages.",
                code="message.too_large",
            )
        if len(message.slices) < message.parts:
            return None
        del self._unfinished[part.id]
        return "".join(message.slices[number] for number in range(1, message.parts + 1))

    def _forget_old(self) -> None:
        deadline_s = self._clock() - self._patience_s
        for message_id in [name for name, message in self._unfinished.items() if message.since_s < deadline_s]:
            del self._unfinished[message_id]
