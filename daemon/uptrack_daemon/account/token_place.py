"""Where the account's keys are kept on this machine: the system's keychain if one answers, else a file of the home.

The file is readable by its owner alone, and a person is told of it: a key in a file is copied with it by a backup.
Writing is done before a key is used, so that a crash never leaves one behind that nobody knows.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from uptrack_analysis.errors import Unavailable
from uptrack_daemon.home import PRIVATE_FILE, Home, explain_os_error

SERVICE = "UpTrack Companion"


class KeptTokens(BaseModel):
    """What is kept."""

    model_config = ConfigDict(strict=True, frozen=True)

    access_token: str
    refresh_token: str
    access_until: datetime


class TokenPlace(Protocol):
    """A place for one text."""

    name: str
    """``keychain`` or ``file``, as the store notes it."""

    def read(self) -> str | None: ...

    def write(self, text: str) -> None: ...

    def erase(self) -> None: ...


class TokenFile:
    name = "file"

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> str | None:
        try:
            return self.path.read_text("utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise explain_os_error(error, f"read {self.path}", code="account.key") from error

    def write(self, text: str) -> None:
        """Whole or not at all, and on the disk: the key before it is good no longer."""
        partial = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise explain_os_error(error, f"write {self.path}", code="account.key") from error

    def erase(self) -> None:
        self.path.unlink(missing_ok=True)


class Keychain:
    """Of the system, by ``keyring``: macOS, Windows, or a Secret Service.

    Parameters
    ----------
    owner : str
        Tells this home's key from another's.
    """

    name = "keychain"

    def __init__(self, owner: str) -> None:
        self._owner = owner

    def read(self) -> str | None:
        return self._call("get_password")

    def write(self, text: str) -> None:
        self._call("set_password", text)

    def erase(self) -> None:
        if self.read() is not None:
            self._call("delete_password")

    def answers(self) -> bool:
        """Whether what is put into it can be had again; one that keeps nothing is none."""
        probe = Keychain(f"{self._owner} (probe)")
        with contextlib.suppress(Unavailable):
            probe.write("probe")
            kept = probe.read() == "probe"
            probe.erase()
            return kept
        return False

    def _call(self, what: str, *words: str) -> str | None:
        try:
            import keyring
        except ImportError:
            raise Unavailable(
                "Expected keyring, which speaks to the keychain: install uptrack[keychain].", code="account.keychain"
            ) from None
        try:
            answer: str | None = getattr(keyring, what)(SERVICE, self._owner, *words)
        except Exception as error:  # every backend has its own errors
            raise Unavailable(
                f"The keychain does not give UpTrack its key ({type(error).__name__}): unlock it, or link this machine "
                "again.",
                code="account.keychain",
            ) from error
        return answer


def place_called(name: str, home: Home) -> TokenPlace:
    """The place that was chosen when the machine was linked."""
    return Keychain(str(home.root)) if name == Keychain.name else TokenFile(home.account_key_file)


def choose_place(home: Home, *, keychain: bool) -> tuple[TokenPlace, str | None]:
    """Where to keep the keys, and the sentence that a person is to be told if that is a file."""
    chain = Keychain(str(home.root))
    if keychain and chain.answers():
        return chain, None
    file = TokenFile(home.account_key_file)
    why = "No keychain answers here" if keychain else "The keychain is switched off"
    return file, f"{why}, so the key to your account is kept in {file.path}, which only you can read."


def kept_in(place: TokenPlace) -> KeptTokens:
    """The keys.

    Raises
    ------
    Unavailable
        They are not there, or cannot be read.
    """
    try:
        return KeptTokens.model_validate_json(place.read() or "")
    except ValidationError:
        raise Unavailable(
            "The key to your account is gone from this machine: link it again with `uptrack link`.", code="account.key"
        ) from None
