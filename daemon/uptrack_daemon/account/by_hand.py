"""A person sends the audio of one report: the report first, so that both can be deleted there together."""

from __future__ import annotations

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_bridges.account import UploadState
from uptrack_daemon.account.site import BY_ITSELF, SiteRefused, SiteUnavailable
from uptrack_daemon.account.sync import Pusher
from uptrack_daemon.account.turn import PATIENCE_S
from uptrack_daemon.store import AccountLink, Outbox, Reports, Store

AGAIN = ": say the same again, which sends nothing twice."


async def send_audio(
    pusher: Pusher, store: Store, id_or_prefix: str, link: AccountLink, *, keep_days: int
) -> UploadState:
    """Do so, and say what became of it.

    Raises
    ------
    BadInput
        It cannot be sent, or the account will not have it.
    Unavailable
        The account is not there; saying it again sends it once.
    """
    outbox = Outbox(store)
    stored = await Reports(store).get(id_or_prefix)
    report_id = stored.summary.id
    if not await outbox.is_there(report_id):
        await outbox.add(report_id)
        pushed = await pusher.push(now=True, wait_s=PATIENCE_S)
        if not await outbox.is_there(report_id):
            if pushed.trouble is not None:
                raise Unavailable(_again(pushed.trouble), code="account.unavailable")
            sentence = await outbox.sentence(report_id) or "it was deleted there."
            raise BadInput(
                f"The account does not have this report, so no audio was sent: {sentence}", code="audio.report"
            )
    try:
        state = await pusher.audio.send(stored, link, keep_days=keep_days, wait_s=PATIENCE_S)
    except SiteRefused as refused:
        await outbox.audio_done(report_id, refused=refused.sentence)
        raise
    except SiteUnavailable as error:
        raise Unavailable(_again(error.sentence), code=error.code) from error
    await outbox.audio_done(report_id)
    return state


def _again(sentence: str) -> str:
    return f"{sentence.removesuffix(BY_ITSELF).removesuffix('.')}{AGAIN}"
