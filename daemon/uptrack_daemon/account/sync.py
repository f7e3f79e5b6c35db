"""What the outbox wishes is carried out at the account: one after the other, again after a failure, never in a hurry.

A failure of the way or the site puts everything off: by chance within a bound that doubles up to an hour (full jitter),
so that a site that comes back is not met by all machines at once, and for as long as the site asks. A refusal of one
report is noted with its sentence and holds up no other. Where the site has unlinked us nothing is tried any more.

After that, and outside the turn, goes the audio that its owner has chosen to send.

Once nothing is due any more it is asked what has changed there: after each round in which something was sent, when the
push channel says so, and every ten minutes or so.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Never, TypeVar

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_bridges.account import ReportUpload, report_of_upload, upload_of_report
from uptrack_bridges.account_changes import NO_PROJECT, Decision
from uptrack_daemon.account.audio import KEEP_DAYS, AudioSender, NotWished
from uptrack_daemon.account.envelope import project_key, upload_of
from uptrack_daemon.account.following import Follower
from uptrack_daemon.account.linking import keep
from uptrack_daemon.account.site import GrantEnded, Site, SiteRefused, SiteUnavailable, TokenRefused, open_site
from uptrack_daemon.account.token_place import KeptTokens, TokenPlace, kept_in, place_called
from uptrack_daemon.account.turn import Busy, turn
from uptrack_daemon.home import Home
from uptrack_daemon.store import AccountLink, AccountLinks, Clock, Outbox, Outgoing, Reports, Store

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
FOLLOW_EVERY_S = 600.0
FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 3_600.0
LONGEST_ASKED_FOR_S = 86_400.0
"""What a site may ask us to wait: one that says a year is wrong."""
RENEWED_BEFORE = timedelta(minutes=1)
FINAL = {400, 409, 413, 422}
"""What a site says of a report that it will never keep."""
DELETED = 410

Answered = TypeVar("Answered")
Reach = Callable[[str], AbstractAsyncContextManager[Site]]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a round has carried out, and the sentence if it broke off."""

    sent: int = 0
    refused: int = 0
    heard: int = 0
    """Changes that the account told."""
    audio: int = 0
    """Files that were sent."""
    trouble: str | None = None


class Pusher:
    """Carries out what one store's outbox wishes.

    Parameters
    ----------
    reach : callable
        Opens the site of an origin.
    chance : callable
        A number from 0 to 1, for the jitter.
    deletes_here : bool
        Erase here what was deleted in the account.
    sends_audio : bool
        Send the audio that waits; else it does not wait any more.
    """

    def __init__(
        self,
        home: Home,
        store: Store,
        *,
        reach: Reach = open_site,
        chance: Callable[[], float] = random.random,
        deletes_here: bool = False,
        sends_audio: bool = False,
    ) -> None:
        self._home = home
        self._store = store
        self._links = AccountLinks(store)
        self._outbox = Outbox(store)
        self._reports = Reports(store)
        self._reach = reach
        self._chance = chance
        self._failures = 0
        self._not_before: datetime | None = None
        self._follower = Follower(home, store, deletes_here=deletes_here)
        self._follow_at: datetime | None = None
        self._woken = asyncio.Event()
        self._sends_audio = sends_audio
        self.audio = AudioSender(store, reach=reach, key=self.key)

    async def key(self, link: AccountLink, *, renewed: bool = False, wait_s: float = 0.0) -> str | None:
        """A token to ask with; ``None`` if the machine is linked otherwise by now, or not any more.

        Parameters
        ----------
        renewed : bool
            Another than the one there is: the site does not take that.
        wait_s : float
            For another process that speaks to the account.

        Raises
        ------
        Busy
            Another process speaks to the account.
        Unavailable, SiteRefused
        """
        async with turn(self._home, wait_s=wait_s):
            if await self._links.get() != link:
                return None
            async with self._reach(link.site) as site:
                try:
                    return await self._caller(site, link).key(renewed=renewed)
                except GrantEnded as ended:
                    await self._ended(ended, Pushed())
                    return None

    def reach(self, origin: str) -> AbstractAsyncContextManager[Site]:
        return self._reach(origin)

    def _caller(self, site: Site, link: AccountLink) -> _Caller:
        return _Caller(site, link, place_called(link.token_place, self._home), self._store.clock)

    def wake(self) -> None:
        """Something has changed in the account: have it asked for now."""
        self._follow_at = None
        self._woken.set()

    async def woken(self, within_s: float) -> None:
        """Until somebody wakes us, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._woken.wait()
        self._woken.clear()

    async def push(self, *, now: bool = False, wait_s: float = 0.0) -> Pushed:
        """One round: all that is due, and what has changed there, until it is done or the site fails.

        Parameters
        ----------
        now : bool
            A person asks: also what was put off.
        wait_s : float
            For another process that speaks to the account.

        Raises
        ------
        Busy
            It still does.
        """
        link = await self._links.get()
        if link is None or link.trouble is not None:
            return Pushed(trouble=None if link is None else link.trouble)
        if not self._sends_audio:
            await self._outbox.drop_audio()
        if not now and self._not_before is not None and self._store.clock() < self._not_before:
            return Pushed()
        pushed = Pushed()
        if await self._due(now=now) is not None or self._is_to_follow(now=now):
            async with turn(self._home, wait_s=wait_s):
                again = await self._links.get()
                if again is None or again != link:
                    return Pushed()
                async with self._reach(link.site) as site:
                    pushed = await self._round(self._caller(site, link), now=now)
        return pushed if pushed.trouble is not None else await self._send_audio(link, pushed, now=now, wait_s=wait_s)

    async def _send_audio(self, link: AccountLink, pushed: Pushed, *, now: bool, wait_s: float) -> Pushed:
        """The same, and the audio that waits, until a report comes in between or the site fails."""
        begun_at = self._store.clock()
        for report_id in await self._outbox.audio_waiting(due_by=datetime.max.replace(tzinfo=UTC) if now else begun_at):
            if await self._due(now=False) is not None:
                break
            try:
                stored = await self._reports.get(report_id)
                await self.audio.send(stored, link, keep_days=KEEP_DAYS, wait_s=wait_s)
            except NotWished:
                break
            except Busy:
                raise
            except Unavailable as error:
                await self._outbox.audio_put_off(report_id, self._back_off(error), error.sentence)
                return replace(pushed, trouble=error.sentence)
            except BadInput as error:
                log.warning("A report's audio is not sent (%s)", error.code)
                await self._outbox.audio_done(report_id, refused=error.sentence)
                continue
            await self._outbox.audio_done(report_id)
            self._failures, self._not_before = 0, None
            pushed = replace(pushed, audio=pushed.audio + 1)
        return pushed

    async def _round(self, caller: _Caller, *, now: bool) -> Pushed:
        sent = refused = 0
        tried: set[tuple[str, str]] = set()
        while (outgoing := await self._due(now=now)) is not None:
            if (outgoing.report_id, outgoing.wish) in tried:
                break
            tried.add((outgoing.report_id, outgoing.wish))
            try:
                answer = await self._carry_out(caller, outgoing)
            except GrantEnded as ended:
                return await self._ended(ended, Pushed(sent, refused))
            except (Unavailable, SiteRefused) as error:
                await self._outbox.put_off(outgoing, self._back_off(error), error.sentence)
                return Pushed(sent, refused, trouble=error.sentence)
            sent, refused = sent + (answer is None), refused + (answer is not None)
            self._failures, self._not_before = 0, None
        return await self._followed(caller, Pushed(sent, refused))

    def _is_to_follow(self, *, now: bool) -> bool:
        return now or self._follow_at is None or self._store.clock() >= self._follow_at

    async def _followed(self, caller: _Caller, pushed: Pushed) -> Pushed:
        """The same, and what has changed there."""
        try:
            heard = await self._follower.follow(caller)
        except GrantEnded as ended:
            return await self._ended(ended, pushed)
        except (Unavailable, SiteRefused) as error:
            self._back_off(error)
            return replace(pushed, trouble=error.sentence)
        self._failures, self._not_before = 0, None
        # Not all machines at once.
        self._follow_at = self._store.clock() + timedelta(seconds=FOLLOW_EVERY_S * (0.75 + self._chance() / 2))
        return replace(pushed, heard=heard)

    async def _ended(self, ended: GrantEnded, pushed: Pushed) -> Pushed:
        await self._links.ended(ended.sentence)
        log.warning("The account has unlinked this machine: %s", ended.sentence)
        return replace(pushed, trouble=ended.sentence)

    async def _due(self, *, now: bool) -> Outgoing | None:
        return await self._outbox.due(now=None if now else self._store.clock())

    async def _carry_out(self, caller: _Caller, outgoing: Outgoing) -> str | None:
        """Do what is wished; the sentence if the account will never have it."""
        if not await self._outbox.trying(outgoing):
            return None
        report_id, sentence = outgoing.report_id, None
        if outgoing.wish == "decided":
            return await self._say(caller, report_id)
        try:
            if outgoing.wish == "gone":
                await caller.ask(lambda token: caller.site.delete_report(report_id, token))
                if outgoing.audio:
                    await self._delete_audio(caller, upload_of_report(report_id))
            elif (upload := await self._upload(report_id, caller.link)) is not None:
                await caller.ask(lambda token: caller.site.put_report(report_id, upload, token))
            else:
                return None  # erased meanwhile, and so is the wish, or it is another now
        except GrantEnded:
            raise
        except SiteRefused as refused:
            if refused.status in FINAL:
                sentence = refused.sentence
            elif refused.status == DELETED:
                await self._outbox.left(report_id)
                return None
            else:
                raise
        await self._outbox.done(outgoing, refused=sentence)
        return sentence

    @staticmethod
    async def _delete_audio(caller: _Caller, upload_id: str) -> None:
        """And the report that the account has made of it, or is making: first, so that it makes none any more."""
        await caller.ask(lambda token: caller.site.delete_report(report_of_upload(upload_id), token))
        await caller.ask(lambda token: caller.site.delete_upload(upload_id, token))

    async def _say(self, caller: _Caller, decision_id: str) -> str | None:
        """Tell the account what was decided; it says what counts."""
        found = await self._outbox.decision(decision_id)
        if found is None:
            return None
        project, said = found
        key = project_key(project, caller.link)
        standing: Decision | None = None
        try:
            standing = await caller.ask(lambda token: caller.site.put_decision(key, said, token))
        except GrantEnded:
            raise
        except SiteRefused as refused:
            if refused.status not in FINAL and refused.code != NO_PROJECT:
                raise
            # It has no report of that project: it is told again with the next.
            log.info("The account does not take a decision (%s)", refused.code)
        await self._outbox.said(decision_id, said, standing)
        return None

    async def _upload(self, report_id: str, link: AccountLink) -> ReportUpload | None:
        try:
            stored = await self._reports.get(report_id)
        except BadInput:
            return None
        try:
            return await asyncio.to_thread(upload_of, stored, link)
        except ValueError as error:  # pydantic's is one, too: a report from before its fields had bounds
            raise SiteRefused(f"This report cannot be sent ({type(error).__name__}).", status=422) from error

    def _back_off(self, error: Unavailable | SiteRefused) -> datetime:
        """When to try again."""
        self._failures += 1
        bound_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self._failures, 20))
        wait_s = self._chance() * bound_s
        if isinstance(error, SiteUnavailable) and error.retry_after_s is not None:
            wait_s += min(error.retry_after_s, LONGEST_ASKED_FOR_S)
        self._not_before = self._store.clock() + timedelta(seconds=wait_s)
        log.warning("The account is tried again in %.0f s: %s", wait_s, error.sentence)
        return self._not_before


@dataclass(slots=True)
class _Caller:
    """Asks a site as the linked machine, with a token that is good."""

    site: Site
    link: AccountLink
    place: TokenPlace
    clock: Clock
    tokens: KeptTokens | None = None

    async def ask(self, question: Callable[[str], Awaitable[Answered]]) -> Answered:
        """Ask with the token, and once more with a new one if that was good no longer."""
        try:
            return await question(await self.key())
        except TokenRefused:
            try:
                return await question(await self.key(renewed=True))  # our clock may be wrong, or the site was set back
            except TokenRefused as refused:
                raise SiteUnavailable(f"{self.site.origin} does not know the key it has just given.") from refused

    async def key(self, *, renewed: bool = False) -> str:
        """A token, renewed if it is too old, or is not taken."""
        tokens = self.tokens
        if tokens is None:
            tokens = await asyncio.to_thread(kept_in, self.place)
        if renewed or tokens.access_until - RENEWED_BEFORE <= self.clock():
            tokens = await self._renewed(tokens)
        self.tokens = tokens
        return tokens.access_token

    async def _renewed(self, tokens: KeptTokens) -> KeptTokens:
        try:
            new = await self.site.refresh(tokens.refresh_token)
        except GrantEnded:
            raise
        except SiteRefused as refused:
            raise SiteUnavailable(f"{self.site.origin} renews no key: {refused.sentence}") from refused
        return await asyncio.to_thread(keep, self.place, new, self.clock)


async def keep_in_step(
    pusher: Pusher, *, every_s: float = LOOK_EVERY_S, sleep: Callable[[float], Awaitable[Any]] | None = None
) -> Never:
    """Carry out what is wished, for ever; a machine that is not linked looks into its own store and no further."""
    while True:
        try:
            await pusher.push()
        except Busy:
            pass  # a command is at it
        except Unavailable as error:
            log.warning("The account's outbox could not be read: %s", error)
        await (sleep or pusher.woken)(every_s)
