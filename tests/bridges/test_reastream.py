"""ReaStream's packets, as Cockos describes them, over a real UDP socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.hosts import PATIENCE_S
from uptrack_analysis.errors import Unavailable
from uptrack_bridges.reastream import AudioPacket, BadPacket, hear_reastream, read_packet, write_packets


def by_hand(
    *, magic: bytes = b"MRSR", name: bytes = b"default", channels: int = 2, rate: int = 48_000, size: int | None = None,
    audio: bytes = struct.pack("<4f", 0.5, 0.25, -0.5, -0.25), claimed: int | None = None,
) -> bytes:  # fmt: skip
    """A datagram laid out field by field after the description, and not by our own writer."""
    size = 47 + len(audio) if size is None else size
    return (
        magic
        + struct.pack("<I", size)
        + name.ljust(32, b"\0")
        + struct.pack("<BIH", channels, rate, len(audio) if claimed is None else claimed)
        + audio
    )


def test_a_packet_holds_one_channel_after_the_other() -> None:
    packet = read_packet(by_hand())
    assert packet is not None
    assert (packet.identifier, packet.rate_hz) == ("default", 48_000)
    assert packet.samples.tolist() == [[0.5, -0.5], [0.25, -0.25]]


def test_a_wrong_packet_size_and_bytes_after_the_name_are_overlooked() -> None:
    packet = read_packet(by_hand(size=3, name=b"mix\0rest of an older name"))
    assert packet is not None
    assert packet.identifier == "mix"


def test_midi_is_not_ours() -> None:
    assert read_packet(by_hand(magic=b"mRSR")) is None


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no ReaStream packet"),
        (b"MRSR" + bytes(20), "no ReaStream packet"),
        (by_hand(magic=b"HTTP"), "no ReaStream packet"),
        (by_hand(channels=0), "1 to 8 channels, got 0"),
        (by_hand(channels=12), "1 to 8 channels, got 12"),
        (by_hand(rate=4_000), "8 to 192 kHz, got 4000"),
        (by_hand(claimed=64), "Expected 64 bytes of audio"),
        (by_hand(audio=bytes(12)), "Expected 12 bytes of audio in 2 channels"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(BadPacket, match=sentence):
        read_packet(data)


@given(st.binary(max_size=2_000) | st.builds(lambda tail: b"MRSR" + tail, st.binary(max_size=200)))
def test_no_datagram_does_harm(data: bytes) -> None:
    with contextlib.suppress(BadPacket):  # and nothing else
        packet = read_packet(data)
        assert packet is None or packet.samples.ndim == 2


@given(
    samples=st.integers(1, 8).flatmap(
        lambda channels: arrays.arrays(np.float32, st.tuples(st.integers(1, 700), st.just(channels)))
    ),
    name=st.text("abc 音", max_size=8),
)
def test_what_is_written_is_read(samples: np.ndarray, name: str) -> None:
    datagrams = list(write_packets(AudioPacket(name, 44_100, samples)))
    assert all(len(datagram) <= 47 + 1_200 for datagram in datagrams)
    read = [packet for datagram in datagrams if (packet := read_packet(datagram)) is not None]
    assert {packet.identifier for packet in read} == {name}
    np.testing.assert_array_equal(np.concatenate([packet.samples for packet in read]), samples)


async def test_a_socket_brings_packets_in_order_and_outlives_strangers() -> None:
    heard: asyncio.Queue[AudioPacket] = asyncio.Queue()
    refused: list[BadPacket] = []
    async with hear_reastream(heard.put_nowait, refused.append, port=0) as port, asyncio.timeout(PATIENCE_S):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(("127.0.0.1", port))
            for data in (b"GET / HTTP/1.1", by_hand(name=b"one"), by_hand(audio=b""), by_hand(name=b"two")):
                sender.send(data)
        assert [(await heard.get()).identifier, (await heard.get()).identifier] == ["one", "two"]
    assert len(refused) == 1


async def test_a_port_that_somebody_keeps_for_himself_is_said() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=f"UDP port {port} for live audio"):
            async with hear_reastream(lambda _packet: None, lambda _error: None, port=port):
                pass
