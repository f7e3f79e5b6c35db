"""How many analyses of uploaded audio an account has a month."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from uptrack_account.settings import AccountSettings


async def monthly_allowance(session: AsyncSession, account_id: str, settings: AccountSettings) -> int:
    """The same for everybody, as the settings say."""
    return settings.free_analyses
