"""ReaStream: live audio over UDP, from the plug-in that comes with REAPER and, in ReaPlugs, for other hosts.

One packet, all little-endian (Cockos' own description of the format)::

    4s   "MRSR"             the same with "mRSR" carries MIDI, which is not ours
    u32  packet size        47 and what follows; senders disagree, so it is not looked at
    32s  identifier         text, ended by a zero byte
    u8   channels           1 to 64
    u32  sample rate
    u16  bytes of audio     float32, one channel after the other

There is no sequence number and no time in it. What is lost shows only as less audio than time has passed.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from uptrack_analysis.errors import BadInput, Unavailable

logger = logging.getLogger(__name__)

PORT = 58_710
"""Where ReaStream sends to; the plug-in offers no other."""
MOST_CHANNELS = 8
"""What the analysis can weigh (BS.1770 up to 7.1)."""
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 192_000

_HEADER = struct.Struct("<4sI32sBIH")
_AUDIO, _MIDI = b"MRSR", b"mRSR"
_MOST_BYTES = 1_200
"""Of audio in a packet, as ReaStream itself sends it; other senders send more."""
_RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024


class BadPacket(BadInput):
    """A datagram that is not ReaStream's, or carries what cannot be measured."""

    default_code = "live.packet"


@dataclass(frozen=True, slots=True)
class AudioPacket:
    """A few milliseconds of one stream."""

    identifier: str
    rate_hz: int
    samples: npt.NDArray[np.float32]
    """Shape (frames, channels), full scale 1.0, not checked for NaN: what a DAW really sends is to be measured."""


def read_packet(data: bytes) -> AudioPacket | None:
    """Read one datagram; ``None`` for ReaStream's MIDI.

    Raises
    ------
    BadPacket
        It is none of ReaStream's, is cut, or has a sample rate or a number of channels that cannot be measured.
    """
    if data[:4] == _MIDI:
        return None
    if len(data) < _HEADER.size or data[:4] != _AUDIO:
        raise BadPacket("What came is no ReaStream packet: let nothing else send to this port.")
    _, _, name, channels, rate_hz, size = _HEADER.unpack_from(data)
    if not 1 <= channels <= MOST_CHANNELS:
        raise BadPacket(f"Expected 1 to {MOST_CHANNELS} channels, got {channels}: put ReaStream on a stereo track.")
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise BadPacket(f"Expected a sample rate of 8 to 192 kHz, got {rate_hz} Hz.")
    if size > len(data) - _HEADER.size or size % (4 * channels):
        raise BadPacket(f"Expected {size} bytes of audio in {channels} channels, got {len(data) - _HEADER.size}.")
    planes = np.frombuffer(data, "<f4", size // 4, _HEADER.size).reshape(channels, -1)
    identifier = name.split(b"\0", 1)[0].decode("utf-8", "replace")
    return AudioPacket(identifier, rate_hz, np.ascontiguousarray(planes.T, np.float32))


def write_packets(packet: AudioPacket) -> Iterator[bytes]:
    """The datagrams ReaStream would send for it, in order."""
    channels = packet.samples.shape[1]
    step = _MOST_BYTES // (4 * channels)
    for first in range(0, len(packet.samples), step):
        audio = packet.samples[first : first + step].T.astype("<f4").tobytes()
        name = packet.identifier.encode()[:31]
        yield _HEADER.pack(_AUDIO, _HEADER.size + len(audio), name, channels, packet.rate_hz, len(audio)) + audio


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[AudioPacket], None], refused: Callable[[BadPacket], None]) -> None:
        self._heard = heard
        self._refused = refused

    def datagram_received(self, data: bytes, addr: object) -> None:
        try:
            packet = read_packet(data)
        except BadPacket as error:
            self._refused(error)
            return
        if packet is not None and len(packet.samples):
            self._heard(packet)

    def error_received(self, exc: Exception) -> None:
        logger.info("reastream: %s", exc)


@asynccontextmanager
async def hear_reastream(
    heard: Callable[[AudioPacket], None], refused: Callable[[BadPacket], None], *, port: int = PORT
) -> AsyncIterator[int]:
    """Listen on 127.0.0.1 while the block runs; the block is given the port.

    Parameters
    ----------
    heard, refused
        Called for each packet, in the event loop, in the order they come.
    port : int
        0 lets the system choose.

    Raises
    ------
    Unavailable
        The port cannot be had.
    """
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        # A ReaStream that receives shares the port the same way.
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        udp.setblocking(False)
        udp.bind(("127.0.0.1", port))
    except OSError as error:
        udp.close()
        raise Unavailable(
            f"Expected UDP port {port} for live audio, but {error.strerror or error}: end what else uses it.",
            code="live.port_taken",
        ) from error
    loop = asyncio.get_running_loop()
    endpoint, _ = await loop.create_datagram_endpoint(lambda: _Listener(heard, refused), sock=udp)
    try:
        yield int(udp.getsockname()[1])
    finally:
        endpoint.close()
