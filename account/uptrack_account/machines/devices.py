"""Machines that are linked to an account, by OAuth's device grant (RFC 8628): asked for, confirmed, renewed, ended.

A machine asks and is given two codes. The person types the short one where they are signed in, sees which machine
asks, and confirms; the machine finds that out with the long one and gets its tokens. The access token is good for an
hour. The refresh token is good for one use, which brings the next, until a year is over; one that is used again later
shows that two hold it, and the machine is unlinked (RFC 9700, 4.14.2). An answer can be lost on its way, so the token
before may be used again as long as nothing of that answer was.

All codes and tokens are kept as digests. The short code has 34 bits, so its digest is keyed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account import letters
from uptrack_account.errors import GrantRefused, Refused
from uptrack_account.machines.bell import Bell
from uptrack_account.store import Database, in_line
from uptrack_account.store.models import AccountRow, DeviceRow, DeviceTokenRow, GrantRow
from uptrack_account.tokens import Keyed, digest, new_token
from uptrack_bridges.account import DEVICE_NAME_LENGTH, SCOPE, SYSTEM_LENGTH, DeviceAuthorization, Tokens

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no code is a word, and nothing that is taken for a digit (RFC 8628, 6.1)."""
CODE_LENGTH = 8
GRANT_LIFE = timedelta(minutes=15)
GRANT_KEPT = timedelta(hours=1)
"""After its end: so long a machine that asks is told that it came too late, and not that it never was."""
FIRST_INTERVAL_S, SLOWER_BY_S = 5, 5  # RFC 8628, 3.2 and 3.5
ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=90)
LONGEST = timedelta(days=365)
"""After linking: then a machine is linked anew, however often it came (ASVS 5.0, 10.4.8)."""
SEEN_EVERY = timedelta(minutes=5)

NO_CODE = "No machine waits with that code: it has eight letters, and is good for a quarter of an hour."


@dataclass(frozen=True, slots=True)
class Asking:
    """A machine that wants to be linked."""

    user_code: str
    name: str
    system: str
    come_from: str
    """The address its request came from."""
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """Who a request with a token comes from."""

    id: str
    account_id: str
    name: str
    scope: str


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    id: str
    name: str
    system: str
    created_at: datetime
    seen_at: datetime


def shown(code: str) -> str:
    """ "WDJBMJHT" as "WDJB-MJHT"."""
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def typed(text: str) -> str:
    """The code in what a person typed, however they grouped it; empty if there is none."""
    code = "".join(letter for letter in text.upper() if letter.isalnum())
    return code if len(code) == CODE_LENGTH and set(code) <= set(LETTERS) else ""


class Devices:
    """The machines of all accounts.

    Parameters
    ----------
    site : str
        The service's address, where people confirm.
    bell : Bell
        Rung when a machine is unlinked, so that its push channel ends.
    """

    def __init__(self, database: Database, keyed: Keyed, site: str, bell: Bell) -> None:
        self._database = database
        self._keyed = keyed
        self._site = site
        self._bell = bell

    async def ask(self, name: str, system: str, come_from: str, scope: str = SCOPE) -> DeviceAuthorization:
        """A machine wants to be linked.

        Raises
        ------
        GrantRefused
            ``invalid_scope``, or ``invalid_request`` for a name that cannot be shown.
        """
        if scope != SCOPE:
            raise GrantRefused("invalid_scope", f"Expected the scope {SCOPE!r}, the only one there is.")
        name, system = _line(name, DEVICE_NAME_LENGTH), _line(system, SYSTEM_LENGTH)
        code, device_code, now = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH)), new_token(), self._now
        async with self._database.writing() as session:
            session.add(
                GrantRow(
                    digest=digest(device_code),
                    user_digest=self._user_digest(code),
                    name=name,
                    system=system,
                    come_from=come_from[:64],
                    scope=scope,
                    state="waiting",
                    interval_s=FIRST_INTERVAL_S,
                    created_at=now,
                    expires_at=now + GRANT_LIFE,
                )
            )
        return DeviceAuthorization(
            device_code=device_code,
            user_code=shown(code),
            verification_uri=f"{self._site}/link",
            verification_uri_complete=f"{self._site}/link?user_code={shown(code)}",
            expires_in=int(GRANT_LIFE.total_seconds()),
            interval=FIRST_INTERVAL_S,
        )

    async def asking(self, user_code: str) -> Asking:
        """Which machine waits with a code.

        Raises
        ------
        Refused
            None does.
        """
        async with self._database.reading() as session:
            grant = await self._waiting(session, user_code)
            return Asking(shown(typed(user_code)), grant.name, grant.system, grant.come_from, grant.created_at)

    async def answer(self, account_id: str, user_code: str, *, allowed: bool) -> None:
        """The person's word.

        Raises
        ------
        Refused
            No machine waits with that code.
        """
        async with self._database.writing() as session:
            await in_line(session, account_id)
            grant = await self._waiting(session, user_code)
            grant.state = "allowed" if allowed else "denied"
            grant.account_id = account_id

    async def fetch(self, device_code: str) -> Tokens:
        """The machine asks whether the person has answered.

        Raises
        ------
        GrantRefused
            ``authorization_pending``, ``slow_down``, ``access_denied``, ``expired_token``, ``invalid_grant``.
        """
        # Returned, not raised, out of the transaction: what a refusal changes must be kept.
        async with self._database.writing() as session:
            answer = await self._fetched(session, device_code)
        if isinstance(answer, GrantRefused):
            raise answer
        return answer

    async def refresh(self, refresh_token: str) -> Tokens:
        """The next pair of tokens.

        Raises
        ------
        GrantRefused
            ``invalid_grant``: unknown, too old, or used again; then the machine is unlinked.
        """
        async with self._database.writing() as session:
            answer = await self._refreshed(session, refresh_token)
        if isinstance(answer, GrantRefused):
            raise answer
        return answer

    async def device(self, access_token: str) -> Device | None:
        """Whose it is; ``None`` if it never was one, or is good no longer."""
        now = self._now
        async with self._database.reading() as session:
            found = (
                await session.execute(
                    select(DeviceRow, DeviceTokenRow)
                    .join(DeviceTokenRow, DeviceTokenRow.device_id == DeviceRow.id)
                    .where(DeviceTokenRow.digest == digest(access_token), DeviceTokenRow.kind == "access")
                    .where(DeviceTokenRow.expires_at > now, DeviceTokenRow.spent.is_(False))
                )
            ).one_or_none()
        if found is None:
            return None
        row, token = found
        proves = token.generation == row.generation and not row.proved
        if proves or now - row.seen_at > SEEN_EVERY:
            async with self._database.writing() as session:
                mine = DeviceRow.id == row.id
                await session.execute(update(DeviceRow).where(mine).values(seen_at=now))
                if proves:
                    # Under the lock, a refresh that came between has not been followed up by this token.
                    here = mine & (DeviceRow.generation == token.generation)
                    await session.execute(update(DeviceRow).where(here).values(proved=True))
        return Device(row.id, row.account_id, row.name, row.scope)

    async def of(self, account_id: str) -> list[DeviceFacts]:
        """All of an account's, the latest first."""
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(DeviceRow)
                .where(DeviceRow.account_id == account_id)
                .order_by(DeviceRow.seen_at.desc(), DeviceRow.id)
            )
            return [DeviceFacts(row.id, row.name, row.system, row.created_at, row.seen_at) for row in rows]

    async def unlink(self, account_id: str, device_id: str) -> bool:
        """End one of an account's own; whether there was one."""
        async with self._database.writing() as session:
            ended = await session.execute(
                delete(DeviceRow)
                .where(DeviceRow.account_id == account_id, DeviceRow.id == device_id)
                .returning(DeviceRow.id)
            )
            await self._bell.ring(session, account_id)
            return ended.one_or_none() is not None

    async def unlink_by(self, token: str) -> None:
        """The machine itself is done (RFC 7009): by either of its tokens; one that is unknown is none already."""
        async with self._database.writing() as session:
            owner = select(DeviceTokenRow.device_id).where(DeviceTokenRow.digest == digest(token))
            gone = delete(DeviceRow).where(DeviceRow.id.in_(owner)).returning(DeviceRow.account_id)
            for account_id in (await session.scalars(gone)).all():
                await self._bell.ring(session, account_id)

    async def sweep(self) -> None:
        """Delete what can be used no longer: codes, tokens, and machines that did not come for ninety days."""
        now = self._now
        async with self._database.writing() as session:
            await session.execute(delete(GrantRow).where(GrantRow.expires_at <= now - GRANT_KEPT))
            await session.execute(delete(DeviceTokenRow).where(DeviceTokenRow.expires_at <= now))
            alive = select(DeviceTokenRow.device_id)
            await session.execute(delete(DeviceRow).where(DeviceRow.id.not_in(alive)))

    @property
    def _now(self) -> datetime:
        return self._database.clock()

    def _user_digest(self, code: str) -> bytes:
        return self._keyed.digest("user code", code)

    async def _waiting(self, session: AsyncSession, user_code: str) -> GrantRow:
        grant = await session.scalar(
            select(GrantRow)
            .where(GrantRow.user_digest == self._user_digest(typed(user_code)))
            .where(GrantRow.state == "waiting", GrantRow.expires_at > self._now)
            .with_for_update()
        )
        if grant is None:
            raise Refused(NO_CODE, code="account.user_code")
        return grant

    async def _fetched(self, session: AsyncSession, device_code: str) -> Tokens | GrantRefused:
        now, mine = self._now, GrantRow.digest == digest(device_code)
        # Before the grant: the account's deletion takes it with it, and would wait for us as we for it.
        owner = await session.scalar(select(GrantRow.account_id).where(mine))
        if owner is not None:
            await in_line(session, owner)
        grant = await session.scalar(select(GrantRow).where(mine).with_for_update())
        if grant is None:
            return GrantRefused("invalid_grant", "Nothing waits with that code. Link the machine again.")
        if now >= grant.expires_at:
            return GrantRefused("expired_token", "Nobody confirmed in time. Link the machine again.")
        before, grant.polled_at = grant.polled_at, now
        # Less a second, by which one request may be slower on its way than the next.
        if before is not None and now - before < timedelta(seconds=grant.interval_s - 1):
            grant.interval_s += SLOWER_BY_S
            return GrantRefused("slow_down", f"Expected {grant.interval_s} seconds between two questions.")
        if grant.state == "waiting":
            return GrantRefused("authorization_pending", "Nobody has confirmed yet.")
        if grant.state == "denied" or grant.account_id is None:
            return GrantRefused("access_denied", "The account's owner refused this machine.")
        if grant.device_id is None:
            device = DeviceRow(
                account_id=grant.account_id,
                name=grant.name,
                system=grant.system,
                scope=grant.scope,
                generation=1,
                proved=False,
                created_at=now,
                seen_at=now,
            )
            session.add(device)
            await session.flush()
            grant.device_id = device.id
            letters.post(
                session, device.account_id, letters.machine_linked(self._site, device.name, device.system), now
            )
            return await self._issue(session, device)
        there = await session.scalar(select(DeviceRow).where(DeviceRow.id == grant.device_id).with_for_update())
        if there is None or there.generation != 1 or there.proved:
            return GrantRefused("invalid_grant", "That code was used. Link the machine again.")
        return await self._issue(session, there)

    async def _refreshed(self, session: AsyncSession, refresh_token: str) -> Tokens | GrantRefused:
        token = await session.scalar(
            select(DeviceTokenRow).where(
                DeviceTokenRow.digest == digest(refresh_token),
                DeviceTokenRow.kind == "refresh",
                DeviceTokenRow.expires_at > self._now,
            )
        )
        gone = GrantRefused("invalid_grant", "This machine is not linked any more. Link it again.")
        if token is None or not await in_line(session, token.account_id):
            return gone
        device = await session.scalar(select(DeviceRow).where(DeviceRow.id == token.device_id).with_for_update())
        if device is None:
            return gone
        await session.refresh(token)  # another may have spent it before the lock was ours
        if not token.spent and token.generation == device.generation:
            device.generation += 1
            device.proved = False
            return await self._issue(session, device)
        if not token.spent and token.generation == device.generation - 1 and not device.proved:
            return await self._issue(session, device)
        letters.post(session, device.account_id, letters.machine_cut_off(self._site, device.name), self._now)
        await session.delete(device)
        await self._bell.ring(session, device.account_id)
        return GrantRefused(
            "invalid_grant", "A key of this machine was used twice, so it is not linked any more. Link it again."
        )

    async def _issue(self, session: AsyncSession, device: DeviceRow) -> Tokens:
        """A pair of the device's generation; one that was issued before it, and did not arrive, is good no longer."""
        now, access, renewal = self._now, new_token(), new_token()
        lost = (DeviceTokenRow.device_id == device.id) & (DeviceTokenRow.generation == device.generation)
        await session.execute(update(DeviceTokenRow).where(lost).values(spent=True))
        good = now + ACCESS_LIFE, min(now + REFRESH_LIFE, device.created_at + LONGEST)
        for kind, token, until in (("access", access, good[0]), ("refresh", renewal, good[1])):
            session.add(
                DeviceTokenRow(
                    digest=digest(token),
                    device_id=device.id,
                    account_id=device.account_id,
                    kind=kind,
                    generation=device.generation,
                    spent=False,
                    created_at=now,
                    expires_at=until,
                )
            )
        device.seen_at = now
        return Tokens(
            access_token=access,
            refresh_token=renewal,
            expires_in=int(ACCESS_LIFE.total_seconds()),
            scope=device.scope,
        )


async def unlink_all(session: AsyncSession, bell: Bell, account_id: str) -> None:
    """Within another transaction: every machine of an account."""
    await session.execute(delete(DeviceRow).where(DeviceRow.account_id == account_id))
    await bell.ring(session, account_id)


async def still_linked(session: AsyncSession, device_id: str | None) -> str | None:
    """The machine again, which stays until the transaction ends; ``None`` if it was unlinked meanwhile."""
    mine = select(DeviceRow.id).where(DeviceRow.id == device_id).with_for_update(read=True, key_share=True)
    return None if device_id is None else await session.scalar(mine)


async def account_name(database: Database, device: Device) -> str:
    """What the owner of a machine is called."""
    async with database.reading() as session:
        mine = AccountRow.id == device.account_id
        return (await session.scalars(select(AccountRow.display_name).where(mine))).one()


def _line(text: str, longest: int) -> str:
    line = " ".join(text.split())
    if not 0 < len(line) <= longest or not line.isprintable():
        raise GrantRefused("invalid_request", f"Expected a name of 1 to {longest} letters for the machine.")
    return line
