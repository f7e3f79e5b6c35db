"""``bridge.json``: where the daemon listens and the token that opens it, for scripts to find with nothing to configure.

The file is readable by its owner alone, replaced in one step (a reader sees the old one or the new one, never half)
and removed at the end only by the daemon that wrote it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from uptrack_analysis.errors import Unavailable
from uptrack_bridges.messages import PROTOCOL

Port = Annotated[int, Field(ge=1, le=65_535)]


class NotRunning(Unavailable):
    """There is no daemon to talk to."""

    default_code = "daemon.not_running"


class Bridge(BaseModel):
    """What ``bridge.json`` holds; fields a newer daemon adds are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    protocol: int
    version: str
    pid: Annotated[int, Field(ge=1)]
    port: Port
    """TCP: HTTP and WebSocket."""
    osc_port: Port
    """UDP."""
    mailbox: str
    """Absolute path of the mailbox folder."""
    audio: str = ""
    """Absolute path of the folder a DAW may render into for us; what lies there is deleted in time."""
    token: Annotated[str, Field(min_length=16, repr=False)]


def new_token() -> str:
    """A token nobody guesses: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def write_bridge(path: Path, bridge: Bridge) -> None:
    """Publish ``bridge`` at ``path``, mode 0600 in a folder of mode 0700 if the folder has to be made.

    Raises
    ------
    Unavailable
        The folder cannot be made or written to.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # O_EXCL: the name is new, so nobody else's file or link can be written through.
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(bridge.model_dump_json(indent=2) + "\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Unavailable(
            f"Expected to write {path}, but {error.strerror or error}: check the folder's permissions and free space.",
            code="bridge.unwritable",
        ) from error


def read_bridge(path: Path) -> Bridge:
    """Find the daemon.

    Raises
    ------
    NotRunning
        There is no such file.
    Unavailable
        The file cannot be read, is damaged, or was written by a daemon that speaks another protocol version.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise NotRunning("The daemon is not running: start it with `uptrack daemon start`.") from None
    except OSError as error:
        raise Unavailable(
            f"Expected to read {path}, but {error.strerror or error}: check that the file belongs to you.",
            code="bridge.unreadable",
        ) from error
    try:
        bridge = Bridge.model_validate_json(text)
    except ValidationError:
        raise Unavailable(
            f"{path} is damaged: stop the daemon with `uptrack daemon stop` and start it again.", code="bridge.damaged"
        ) from None
    if bridge.protocol != PROTOCOL:
        older = "this program" if bridge.protocol > PROTOCOL else "the daemon"
        raise Unavailable(
            f"The daemon speaks protocol {bridge.protocol} and this program {PROTOCOL}: update {older}.",
            code="bridge.protocol",
        )
    return bridge


def remove_bridge(path: Path, bridge: Bridge) -> bool:
    """Take ``bridge`` off the wall if it is still ours (same pid, same token); says whether it was removed."""
    try:
        written = Bridge.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return False
    if (written.pid, written.token) != (bridge.pid, bridge.token):
        return False
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    return True
