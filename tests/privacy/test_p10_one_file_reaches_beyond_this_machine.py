"""P10: nothing is shared: each place that opens a connection is known here.

One leaves a Companion's machine. Of the account's one leads to Stripe, where who serves it has billing.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import stripe
from pydantic import SecretStr

from uptrack_account.money.stripe_site import open_stripe
from uptrack_account.settings import AccountSettings
from uptrack_analysis.errors import BadInput
from uptrack_daemon.account.site import checked_site

ROOT = Path(__file__).parents[2]
OPENS = re.compile(
    r"\b(ClientSession|urlopen|open_connection|create_connection|SMTP|HTTPSConnection"
    r"|HTTPConnection|StripeClient|AIOHTTPClient|HTTPXClient|S3Store|PsycopgConnector)\(|websockets\.connect\("
)
KNOWN = {
    "daemon/uptrack_daemon/account/site.py": "the account that the machine's owner has linked, and no other",
    "daemon/uptrack_daemon/control.py": "our own daemon, on 127.0.0.1",
    "account/uptrack_account/letters.py": "the mail server of who serves the account",
    "account/uptrack_account/money/stripe_site.py": "Stripe, where who serves the account has set a key of theirs",
    "account/uptrack_account/audio/objects.py": "the object store of who serves the account",
    "account/uptrack_account/audio/jobs/with_procrastinate.py": "the account's own database",
    "bridges/uptrack_bridges/client.py": "our own daemon, on 127.0.0.1",
}


def test_every_place_that_opens_a_connection_is_known() -> None:
    found = {
        str(path.relative_to(ROOT))
        for room in ("daemon", "account", "bridges", "analysis")
        for path in (ROOT / room).rglob("*.py")
        if OPENS.search(path.read_text("utf-8"))
    }
    assert found == set(KNOWN)


def test_one_file_knows_the_client_of_stripe() -> None:
    importing = re.compile(r"^\s*(import|from) stripe\b", re.MULTILINE)
    found = [path for path in (ROOT / "account").rglob("*.py") if importing.search(path.read_text("utf-8"))]
    assert [path.name for path in found] == ["stripe_site.py"]


async def test_by_itself_that_client_asks_stripe_and_nobody_else_and_tells_nothing_of_us(tmp_path: Path) -> None:
    settings = AccountSettings(
        home=tmp_path,
        stripe_key=SecretStr("sk_test_x"),
        stripe_webhook_secret=SecretStr("whsec_x"),
        stripe_price="price_x",
    )
    async with open_stripe(settings) as site:
        assert site is not None
        assert site._client._requestor._options.base_addresses["api"] == "https://api.stripe.com"
        assert stripe.enable_telemetry is False


@pytest.mark.parametrize("address", ["http://elsewhere.example", "ftp://elsewhere.example", "file:///etc/passwd"])
def test_that_one_leaves_over_tls_alone(address: str) -> None:
    with pytest.raises(BadInput):
        checked_site(address)
