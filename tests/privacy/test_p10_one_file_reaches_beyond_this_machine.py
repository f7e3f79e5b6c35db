"""P10: nothing is shared: each place that opens a connection is known here, and one of them leaves the machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from uptrack_analysis.errors import BadInput
from uptrack_daemon.account.site import checked_site

ROOT = Path(__file__).parents[2]
OPENS = re.compile(
    r"\b(ClientSession|urlopen|open_connection|create_connection|SMTP|HTTPSConnection"
    r"|HTTPConnection|S3Store|PsycopgConnector)\(|websockets\.connect\("
)
KNOWN = {
    "daemon/uptrack_daemon/account/site.py": "the account that the machine's owner has linked, and no other",
    "daemon/uptrack_daemon/control.py": "our own daemon, on 127.0.0.1",
    "account/uptrack_account/letters.py": "the mail server of who serves the account",
    "account/uptrack_account/objects.py": "the object store of who serves the account",
    "account/uptrack_account/jobs/with_procrastinate.py": "the account's own database",
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


@pytest.mark.parametrize("address", ["http://elsewhere.example", "ftp://elsewhere.example", "file:///etc/passwd"])
def test_that_one_leaves_over_tls_alone(address: str) -> None:
    with pytest.raises(BadInput):
        checked_site(address)
