"""A service that sells Pro, by a Stripe that is played."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.account_site import (
    account_service,
)
from support.fake_stripe import FakeStripe, fake_stripe, settings_of
from support.stores import Clock
from uptrack_account.service import Service


@pytest.fixture
async def stripe(clock: Clock) -> AsyncIterator[FakeStripe]:
    async with fake_stripe(clock) as fake:
        yield fake


@pytest.fixture
async def service(migrated_url: str, tmp_path: Path, clock: Clock, stripe: FakeStripe) -> AsyncIterator[Service]:
    async with account_service(tmp_path / "home", migrated_url, clock, **settings_of(stripe)) as service:
        yield service
