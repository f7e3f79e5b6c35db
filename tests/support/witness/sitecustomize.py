"""Put on ``PYTHONPATH``: every Python process then writes down whom its sockets bind to, connect to and ask about.

Python's own audit events see this below every library. One JSON line an event, appended to ``UPTRACK_WITNESS``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

_WATCHED = {"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"}


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _WATCHED:
        return
    address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    line = json.dumps({"event": event, "address": address if isinstance(address, str) else repr(address)})
    with Path(os.environ["UPTRACK_WITNESS"]).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


if "UPTRACK_WITNESS" in os.environ:
    sys.addaudithook(_hook)
