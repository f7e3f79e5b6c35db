"""An S3 of one's own: moto's server on loopback, with an empty bucket for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from urllib.request import Request, urlopen

from moto.server import ThreadedMotoServer
from pydantic import HttpUrl

KEY, SECRET = "a key", "a secret"
_numbers = count(1)


@contextmanager
def running_s3() -> Iterator[HttpUrl]:
    """Its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _host, port = server.get_host_and_port()
        yield HttpUrl(f"http://127.0.0.1:{port}")
    finally:
        server.stop()


def new_bucket(address: HttpUrl) -> str:
    name = f"bucket{next(_numbers)}"
    request = Request(f"{address}{name}", method="PUT")  # noqa: S310 - loopback, as above
    with urlopen(request, timeout=30):  # noqa: S310
        return name
