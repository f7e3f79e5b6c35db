"""Datagrams to OSC 1.0 messages and back, bounded and strict, whatever a stranger sends.

python-osc decodes and encodes single messages; bundles are taken apart here, because in python-osc a negative element
size is an endless loop, nesting is recursion, and a bundle's date makes its dispatcher sleep. Dates are ignored: what
arrives is acted on when it arrives. Addresses are compared as they stand; patterns (``/uptrack/*``) match nothing,
since one such message could fan out to every handler and a pattern of many stars takes the processor with it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import BuildError, OscMessageBuilder
from pythonosc.parsing.osc_types import BuildError as TypeBuildError

MAX_DATAGRAM_BYTES = 8_192
MAX_DEPTH = 4
MAX_MESSAGES = 64
MAX_ARGUMENTS = 32

_BUNDLE = b"#bundle\0"
_KNOWN_TAGS = frozenset("ifsbhdTFN")

Argument = str | int | float | bool | bytes | None


class Heard(NamedTuple):
    address: str
    arguments: tuple[Argument, ...]


def decode(datagram: bytes) -> list[Heard]:
    """Every message in a datagram that can be read; what cannot is left out.

    Parameters
    ----------
    datagram : bytes
        A message, or a bundle of messages and bundles, at most ``MAX_DEPTH`` deep; the first ``MAX_MESSAGES`` count.
    """
    heard: list[Heard] = []
    open_packets = [(datagram, 0)]
    while open_packets and len(heard) < MAX_MESSAGES:
        packet, depth = open_packets.pop(0)
        if packet.startswith(_BUNDLE):
            if depth < MAX_DEPTH:
                open_packets[:0] = [(element, depth + 1) for element in _elements(packet)]
        elif (message := _message(packet)) is not None:
            heard.append(message)
    return heard


def encode(address: str, tags: str, arguments: tuple[Argument, ...]) -> bytes:
    """One message as a datagram.

    Parameters
    ----------
    tags : str
        One OSC type tag per argument, such as ``"sf"``.

    Raises
    ------
    ValueError
        An argument does not fit its tag, or a text holds NUL, which OSC cannot carry.
    """
    builder = OscMessageBuilder(address)
    for tag, argument in zip(tags, arguments, strict=True):
        if isinstance(argument, str) and "\0" in argument:
            raise ValueError(f"expected text without NUL for {address}")
        builder.add_arg(argument, tag)
    try:
        return bytes(builder.build().dgram)
    except (BuildError, TypeBuildError) as error:
        raise ValueError(f"{address} ,{tags}: {error}") from error


def _elements(bundle: bytes) -> list[bytes]:
    elements: list[bytes] = []
    index = len(_BUNDLE) + 8  # past the date
    while index + 4 <= len(bundle) and len(elements) < MAX_MESSAGES:
        (size,) = struct.unpack_from(">i", bundle, index)
        index += 4
        if size <= 0 or size % 4 or index + size > len(bundle):
            break
        elements.append(bundle[index : index + size])
        index += size
    return elements


def _message(packet: bytes) -> Heard | None:
    end_of_address = packet.find(b"\0")
    if not packet.startswith(b"/") or end_of_address < 0 or len(packet) % 4:
        return None
    tags_at = end_of_address // 4 * 4 + 4
    tags = packet[tags_at : packet.find(b"\0", tags_at)].decode("ascii", "replace")
    if packet[tags_at:] and not tags.startswith(","):
        return None
    if len(tags) > MAX_ARGUMENTS + 1 or not _KNOWN_TAGS.issuperset(tags[1:]):
        return None  # python-osc would write a warning into the log for every tag it does not know
    try:
        message = OscMessage(packet)
        return Heard(message.address, tuple(message.params))
    except (ParseError, ValueError, IndexError, struct.error):
        return None
