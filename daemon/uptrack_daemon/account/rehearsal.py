"""What would be sent to the account now, byte for byte, and nothing of it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from uptrack_analysis.errors import BadInput
from uptrack_bridges.account import REPORTS_PATH, UPLOADS_PATH, report_of_upload, upload_of_report
from uptrack_daemon.account.audio import KEEP_DAYS, Mix, mix_of, upload_path
from uptrack_daemon.account.envelope import project_key, upload_of
from uptrack_daemon.account.site import body_of, decision_path
from uptrack_daemon.store import AccountLink, Outbox, Reports, Store, StoredReport


@dataclass(frozen=True, slots=True)
class Planned:
    """A request that would be made."""

    method: str
    path: str
    body: bytes | None
    """JSON in UTF-8, without a line break in it; ``None`` where nothing is sent but the path, or audio."""
    audio: Mix | None = None
    """Where the body is a file, as it is."""


async def rehearse(
    store: Store, link: AccountLink, *, everything: bool = False, audio: bool = False
) -> AsyncIterator[Planned]:
    """Every request that waits, in order.

    Parameters
    ----------
    everything : bool
        Also for reports from before the link, and for those that were refused.
    audio : bool
        Also for audio that waits.
    """
    outbox, reports = Outbox(store), Reports(store)
    for outgoing in await outbox.waiting(everything=everything):
        path = f"{REPORTS_PATH}/{outgoing.report_id}"
        if outgoing.wish == "gone":
            yield Planned("DELETE", path, None)
            if outgoing.audio:
                upload_id = upload_of_report(outgoing.report_id)
                yield Planned("DELETE", f"{REPORTS_PATH}/{report_of_upload(upload_id)}", None)
                yield Planned("DELETE", f"{UPLOADS_PATH}/{upload_id}", None)
        elif outgoing.wish == "decided":
            found = await outbox.decision(outgoing.report_id)
            if found is not None:
                project, decision = found
                yield Planned("PUT", decision_path(project_key(project, link), decision), body_of(decision))
        else:
            try:
                yield await _report(await reports.get(outgoing.report_id), link)
            except (BadInput, ValueError):
                continue  # erased meanwhile, or one that cannot be sent
    for report_id in await outbox.audio_waiting() if audio else []:
        try:
            yield await _audio(await reports.get(report_id), link, KEEP_DAYS)
        except BadInput:
            continue  # erased meanwhile, or not there any more


async def rehearse_audio(store: Store, link: AccountLink, stored: StoredReport, keep_days: int) -> list[Planned]:
    """What a person's wish to send a report's audio would send.

    Raises
    ------
    BadInput
        It cannot be sent, for a reason.
    """
    planned = [await _audio(stored, link, keep_days)]
    if not await Outbox(store).is_there(stored.summary.id):
        planned.insert(0, await _report(stored, link))
    return planned


async def _report(stored: StoredReport, link: AccountLink) -> Planned:
    upload = await asyncio.to_thread(upload_of, stored, link)
    return Planned("PUT", f"{REPORTS_PATH}/{stored.summary.id}", await asyncio.to_thread(body_of, upload))


async def _audio(stored: StoredReport, link: AccountLink, keep_days: int) -> Planned:
    mix = await asyncio.to_thread(mix_of, stored)
    return Planned("PUT", upload_path(stored, link, keep_days=keep_days), None, mix)
