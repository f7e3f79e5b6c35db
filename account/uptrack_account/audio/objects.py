"""Audio that is held, as objects in a folder of ours or in a bucket of S3: put and read in pieces, never whole.

A key is the account's id and thirty-two random digits, so that none can be guessed; what lies there has no address of
its own on the web. To read one is ``Objects.read``, and nothing else is: who calls it is who hears the music.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from uptrack_account.settings import AccountSettings
from uptrack_account.store.models import new_id
from uptrack_analysis.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from obstore.store import S3Config  # its stub's alone

PIECE_BYTES = 1024 * 1024
MOST_AT_ONCE = 1_000
"""Keys in one request to delete (S3's own limit)."""


class ObjectMissing(Exception):
    """There is no such object."""


class StoreAway(Unavailable):
    """The object store does not answer, or refuses us."""

    default_code = "account.objects"

    def __init__(self, error: Exception) -> None:
        super().__init__("The place where audio is kept does not answer. Try again in a while.")
        self.__cause__ = error

    @property
    def kind(self) -> str:
        """For the log: what the cause says holds the object's key, and with it whose it is."""
        return type(self.__cause__).__name__


@dataclass(frozen=True, slots=True)
class Held:
    """An object, as the store lists it."""

    key: str
    size_bytes: int
    put_at: datetime
    """By the store's own clock."""


def new_key(account_id: str) -> str:
    return f"{prefix_of(account_id)}{new_id()}"


def prefix_of(account_id: str) -> str:
    """What the keys of all that an account has begin with."""
    return f"{account_id}/"


class Objects:
    """All objects; made by ``open_objects``.

    Every method but ``read``'s own ``ObjectMissing`` fails with ``StoreAway`` alone.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        """Keep what comes; an error of whoever sends it goes through as it is, and nothing is kept."""
        failed = list[BaseException]()

        async def sent() -> AsyncIterator[bytes]:
            try:
                async for piece in pieces:
                    yield piece
            except BaseException as error:
                failed.append(error)
                raise

        try:
            await obstore.put_async(self._store, key, sent())
        except Exception as error:
            if failed:
                raise failed[0] from None
            raise StoreAway(error) from error

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """The object in pieces.

        Raises
        ------
        ObjectMissing
        """
        try:
            found = await obstore.get_async(self._store, key)
            async for piece in found.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)
        except FileNotFoundError:
            raise ObjectMissing(key) from None
        except BaseError as error:
            raise StoreAway(error) from error

    async def exists(self, key: str) -> bool:
        try:
            await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return False
        except BaseError as error:
            raise StoreAway(error) from error
        return True

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete some; one that is not there is deleted already, and one that cannot be holds up no other."""
        away: StoreAway | None = None
        for key in keys:
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                continue
            except BaseError as error:
                away = StoreAway(error)
        if away is not None:
            raise away

    async def listed(self, prefix: str = "") -> AsyncIterator[Held]:
        """All whose keys begin with ``prefix``, which is empty or ends with a slash."""
        try:
            async for some in obstore.list(self._store, prefix=prefix or None):
                for one in some:
                    yield Held(one["path"], one["size"], one["last_modified"])
        except BaseError as error:
            raise StoreAway(error) from error


def open_objects(settings: AccountSettings) -> Objects:
    """The store that the settings name; a folder of ours is made if need be.

    Raises
    ------
    BadInput
        They name none; code ``account.objects``.
    """
    if not settings.objects:
        folder = settings.home / "objects"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        return Objects(LocalStore(folder))
    named = urlsplit(settings.objects)
    if named.scheme != "s3" or not named.netloc:
        raise BadInput(
            "Expected UPTRACK_ACCOUNT_OBJECTS as s3://bucket or s3://bucket/prefix, or nothing for a folder; another "
            "came.",
            code="account.objects",
        )
    return Objects(_s3(settings, named.netloc, named.path.strip("/")))


def leftovers(settings: AccountSettings) -> list[Path]:
    """Pieces of objects in a folder of ours that a crash cut off: obstore names them ``key#number`` and lists none.

    A bucket keeps such pieces where nobody sees them; a rule of its own (``AbortIncompleteMultipartUpload``) ends them.
    """
    return [] if settings.objects else sorted((settings.home / "objects").rglob("*#*"))


def _s3(settings: AccountSettings, bucket: str, prefix: str) -> S3Store:
    config: S3Config = {"region": settings.objects_region}
    endpoint = settings.objects_endpoint
    if endpoint is not None:
        config["endpoint"] = str(endpoint).rstrip("/")
    # Without a key of ours: what the machine is given by its surroundings, as on a server of the store's own vendor.
    if settings.objects_key:
        config["access_key_id"] = settings.objects_key
        config["secret_access_key"] = settings.objects_secret.get_secret_value()
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options={"allow_http": settings.objects_nearby, "timeout": "60s"},
        retry_config={"max_retries": 2},
    )
