"""The folder UpTrack lives in.

``~/.uptrack`` (or ``UPTRACK_HOME``) holds the discovery file, the lock, the store, the mailbox, the audio we made
ourselves, logs and caches. Folders are 0700 and files 0600: a token and the names of unreleased music lie here. What
is *in* the files is the business of the rooms next door (``settings``, ``store``, ``retention``).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from uptrack_analysis.errors import BadInput, Unavailable

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


class DiskFull(Unavailable):
    """There is no room left where UpTrack keeps its data."""

    default_code = "store.disk_full"


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything lies; making a ``Home`` touches nothing, ``create`` makes the folders."""

    root: Path

    @classmethod
    def of_user(cls, environ: Mapping[str, str] = os.environ) -> Home:
        """The home named by ``UPTRACK_HOME``, else ``~/.uptrack``.

        Raises
        ------
        BadInput
            ``UPTRACK_HOME`` is not an absolute path: which folder it means would hang on where a command was started.
        """
        named = environ.get("UPTRACK_HOME", "").strip()
        if not named:
            return cls(Path.home() / ".uptrack")
        root = Path(named).expanduser()
        if not root.is_absolute():
            raise BadInput(
                f"UPTRACK_HOME must be an absolute path, got {named!r}; write it out in full.", code="config.home"
            )
        return cls(root)

    @property
    def bridge_file(self) -> Path:
        """What DAW scripts read to find the daemon: ports, token, pid."""
        return self.root / "bridge.json"

    @property
    def lock_file(self) -> Path:
        return self.root / "daemon.lock"

    @property
    def config_file(self) -> Path:
        return self.root / "config.toml"

    @property
    def reapers_file(self) -> Path:
        """Which REAPERs our scripts were installed into; ``install.remembered`` reads and writes it."""
        return self.root / "reapers.json"

    @property
    def account_key_file(self) -> Path:
        """The key to a linked account, where no keychain has it."""
        return self.root / "account.key"

    @property
    def account_lock_file(self) -> Path:
        """Held while something is said to the account, by the daemon or a command."""
        return self.root / "account.lock"

    @property
    def database(self) -> Path:
        return self.root / "uptrack.sqlite"

    @property
    def mailbox(self) -> Path:
        return self.root / "mailbox"

    @property
    def audio(self) -> Path:
        """Renders and captures the daemon made itself; ``retention`` sweeps it and nothing else."""
        return self.root / "audio"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def create(self) -> None:
        """Make the folders that are missing and take group and others' rights off those that are there.

        Raises
        ------
        Unavailable
            A folder cannot be made or made private; ``DiskFull`` when that is why.
        """
        for folder in (self.root, self.mailbox, self.audio, self.logs, self.cache):
            try:
                folder.mkdir(mode=PRIVATE_FOLDER, parents=folder == self.root, exist_ok=True)
                if stat.S_IMODE(folder.stat().st_mode) != PRIVATE_FOLDER:
                    folder.chmod(PRIVATE_FOLDER)
            except FileExistsError:
                raise Unavailable(
                    f"UpTrack needs the folder {folder}, but a file has that name; move it away or set UPTRACK_HOME.",
                    code="home.unusable",
                ) from None
            except OSError as error:
                raise explain_os_error(error, f"make the private folder {folder}", code="home.unusable") from error


def explain_os_error(error: OSError, doing: str, *, code: str) -> Unavailable:
    """The sentence for a failed file operation in our own folder; ``doing`` reads on from "UpTrack could not"."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"UpTrack could not {doing}: the disk is full. Free some space and try again.")
    reason = error.strerror or type(error).__name__
    return Unavailable(
        f"UpTrack could not {doing}: {reason[:1].lower()}{reason[1:]}. Check the folder's owner and permissions.",
        code=code,
    )
