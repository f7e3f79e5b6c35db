"""P1: of a person there are an e-mail address and a display name, and no other field that could hold one."""

from __future__ import annotations

import re

from uptrack_account.store import Base
from uptrack_account.store.models import AccountRow

KNOWN_BY = {"email", "display_name"}
ABOUT_THE_ACCOUNT = {
    "id": "random digits",
    "password_hash": "argon2id, from which nothing can be read",
    "created_at": "when the account was made",
    "verified_at": "when its address was proved",
    "wants_news": "which letters are wanted",
    "policy_seen": "which privacy policy was seen",
    "policy_told": "and which was written about",
}
PERSONAL = re.compile(
    r"mail|name|phone|street|city|postal|zip|country|birth|gender|(?:^|_)age$|address|\bip\b|_ip|locat|come_from|avatar|photo|agent"
)
ELSEWHERE = {
    "devices.name": "what a machine calls itself; its owner has confirmed it",
    "grants.name": "the same, for two hours at most",
    "grants.come_from": "where a machine asks from, shown to who confirms it, for two hours at most",
    "links.email": "a new address of theirs, for an hour",
    "letters.address": "where a letter goes, until it is sent",
    "projects.name": "of music, and only if it was let be sent (P3)",
    "reports.source_name": "of music, and only if it was let be sent (P3)",
    "uploads.name": "of a file that was sent to be analysed; from a machine only if it was let be sent (P3)",
    "uploads.project_name": "the same of its project",
}


def test_an_account_is_an_address_a_name_and_nothing_else_of_a_person() -> None:
    assert set(AccountRow.__table__.columns.keys()) - set(ABOUT_THE_ACCOUNT) == KNOWN_BY


def test_every_other_column_that_could_hold_something_of_a_person_is_known_here() -> None:
    found = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        if table.name != "accounts"
        for column in table.columns
        if PERSONAL.search(column.name)
    }
    assert found == set(ELSEWHERE)
