"""A report's mix, sent to the account to be analysed there: only by its owner's choice, and only that very file.

It goes from where it lies, a piece at a time and as it is, with whatever is written inside it; its name and its
project's are said only where names may be sent. One report's audio is one upload, so saying it again sends nothing
twice. It is sent outside the turn, which would keep reports waiting and a person from unlinking; instead it is asked on
the way whether it is still wished, and what is not ends where it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from yarl import URL

from uptrack_analysis.audio.files import AudioFile, display_name, open_regular
from uptrack_analysis.errors import BadInput
from uptrack_bridges.account import UPLOADS_PATH, UploadState, upload_of_report
from uptrack_daemon.account.envelope import project_key
from uptrack_daemon.account.site import Site, SiteUnavailable, TokenRefused
from uptrack_daemon.store import AccountLink, Outbox, Store, StoredReport

PIECE_BYTES = 256 * 1024
ASKED_EVERY_BYTES = 4 * 1024 * 1024
KEEP_DAYS = 0
"""How long the account keeps it after its analysis where nobody says: the file is here, too."""
KINDS = {"WAV", "RF64", "BW64", "W64", "MP3"}
"""What accounts take, as a report's source calls it."""
LONGEST_NAME = 200

Answered = TypeVar("Answered")


class NotWished(BadInput):
    """It was being sent, and is not wished any more."""

    default_code = "audio.not_wished"


@dataclass(frozen=True, slots=True)
class Mix:
    """The file a report is of, as it was found to be now."""

    path: Path
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        return display_name(self.path)


class KeyGiver(Protocol):
    """Gives tokens, one process at a time; ``None`` once the machine is linked otherwise."""

    async def __call__(self, link: AccountLink, *, renewed: bool, wait_s: float) -> str | None: ...


def mix_of(stored: StoredReport) -> Mix:
    """Look whether a report's audio can be sent; reads all of it.

    Raises
    ------
    BadInput
        It is a passage, of a kind that accounts do not take, not there any more, or another file by now.
    """
    with closing(_checked(stored)) as file:
        return Mix(file.path, file.size, stored.summary.sha256)


def upload_path(stored: StoredReport, link: AccountLink, *, keep_days: int) -> str:
    """Where its audio is put, with all that is said of it."""
    summary = stored.summary
    said = {
        "sha256": summary.sha256,
        "project": project_key(summary.project_key, link),
        "keep_days": str(keep_days),
    }
    if link.with_names:
        names = {"name": summary.source_name, "project_name": summary.project_name or ""}
        said |= {what: name.strip()[:LONGEST_NAME] for what, name in names.items() if name.strip()}
    return str(URL(f"{UPLOADS_PATH}/{upload_of_report(summary.id)}").with_query(said))


class AudioSender:
    """Sends the audio of one store's reports.

    Parameters
    ----------
    reach : callable
        Opens the site of an origin.
    key : KeyGiver
    """

    def __init__(
        self, store: Store, *, reach: Callable[[str], AbstractAsyncContextManager[Site]], key: KeyGiver
    ) -> None:
        self._outbox = Outbox(store)
        self._reach = reach
        self._key = key

    async def send(self, stored: StoredReport, link: AccountLink, *, keep_days: int, wait_s: float) -> UploadState:
        """Have the account hold a report's audio, whose report it has; what became of it, if it was there before.

        Parameters
        ----------
        wait_s : float
            For another process that speaks to the account.

        Raises
        ------
        NotWished
            Its report is not there, was erased meanwhile, or the machine unlinked.
        BadInput
            As ``mix_of``, or (a ``SiteRefused``) the account will not have it.
        Unavailable
        """
        report_id = stored.summary.id
        path = upload_path(stored, link, keep_days=keep_days)
        # The file that is looked at stays open until it was sent: no other can take its place.
        file = await asyncio.to_thread(_checked, stored)
        try:
            async with self._reach(link.site) as site:

                async def put(token: str) -> UploadState:
                    # A site that has it answers early, and closes on who still speaks.
                    there = await site.upload(upload_of_report(report_id), token)
                    if there is not None and there.sha256 == stored.summary.sha256:
                        return there
                    pieces = _Pieces(file, lambda: self._outbox.audio_may_go_on(report_id))
                    try:
                        state = await site.put_upload(path, pieces, file.size, token)
                    except SiteUnavailable:
                        if pieces.broke_off is not None:
                            raise pieces.broke_off from None
                        raise
                    if not await self._outbox.audio_may_go_on(report_id):
                        await site.delete_upload(state.id, token)  # whoever erased it was answered before it was there
                        raise _not_wished(file)
                    return state

                if not await self._outbox.audio_trying(report_id):
                    raise _not_wished(file)
                return await self._ask(put, link, wait_s)
        finally:
            file.close()

    async def _ask(self, question: Callable[[str], Awaitable[Answered]], link: AccountLink, wait_s: float) -> Answered:
        for renewed in (False, True):
            token = await self._key(link, renewed=renewed, wait_s=wait_s)
            if token is None:
                raise NotWished("This machine is not linked to that account any more: no audio was sent.")
            try:
                return await question(token)
            except TokenRefused:
                continue  # our clock may be wrong, or another process has renewed it
        raise SiteUnavailable(f"{link.site} does not know the key it has just given.")


class _Pieces:
    """A file's bytes in order, for as long as they are wished."""

    def __init__(self, file: AudioFile, wished: Callable[[], Awaitable[bool]]) -> None:
        self.broke_off: BadInput | None = None
        """Why it ended before its end."""
        self._file = file
        self._wished = wished
        self._at = 0
        self._ask_at = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._at == self._file.size:
            raise StopAsyncIteration
        if self._at >= self._ask_at:
            self._ask_at += ASKED_EVERY_BYTES
            if not await self._wished():
                self.broke_off = _not_wished(self._file)
                raise self.broke_off
        piece = await asyncio.to_thread(self._file.read_at, self._at, PIECE_BYTES)
        if not piece:
            self.broke_off = _changed(self._file.name)
            raise self.broke_off
        self._at += len(piece)
        return piece


def _checked(stored: StoredReport) -> AudioFile:
    """The file, open and found to be the very one."""
    summary = stored.summary
    name = display_name(summary.source_path)
    if summary.passage_of is not None:
        raise BadInput(
            f"Report {summary.id[:8]} is of a passage that checks a fix: name the report of the whole mix.",
            code="audio.passage",
        )
    kind = json.loads(stored.document)["source"]["format"]
    if kind not in KINDS:
        raise BadInput(
            f"Accounts take WAV or MP3, and {name} is {kind}: export it as one of them and analyse that.",
            code="audio.kind",
        )
    try:
        file = open_regular(summary.source_path)
    except BadInput as error:
        raise BadInput(
            f"Expected {name} where it was when it was measured, to send it. {error.sentence}", code="audio.gone"
        ) from error
    if _digest(file) != summary.sha256:
        file.close()
        raise _changed(name)
    return file


def _digest(file: AudioFile) -> str:
    digest, at = hashlib.sha256(), 0
    while piece := file.read_at(at, PIECE_BYTES):
        digest.update(piece)
        at += len(piece)
    return digest.hexdigest()


def _changed(name: str) -> BadInput:
    return BadInput(
        f"Expected {name} as it was when it was measured, but it is another file by now: analyse it again, and name "
        "that report.",
        code="audio.changed",
    )


def _not_wished(file: AudioFile) -> NotWished:
    return NotWished(
        f"{file.name} is not sent: its report is not in the account, or was deleted, or this machine unlinked."
    )
