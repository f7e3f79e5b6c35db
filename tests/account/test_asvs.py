"""``docs/asvs.md``: what a row names is there, and what does not hold says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "asvs.md").read_text("utf-8").splitlines()
    if re.match(r"\| \d", line)
]
LOOKED_AT = (
    "4.4.2 4.4.3 4.4.4 5.1.1 5.2.1 5.2.2 5.2.3 5.3.2 5.4.1 5.4.2 5.4.3 7.2.2 7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 "
    "7.4.4 7.4.5 7.5.1 7.5.2 10.3.1 10.3.2 10.4.4 10.4.5 10.4.8 10.4.9 10.4.11 14.2.1 14.2.4 14.3.1 14.3.2 14.3.3"
)


def test_every_item_that_bites_has_a_row() -> None:
    assert [item for row in ROWS for item in row[0].split(", ")] == LOOKED_AT.split()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_a_row_names_is_there(row: list[str]) -> None:
    _item, _asks, state, how, code, test = row
    assert how
    if state == "not done":
        assert (code, test) == ("–", "–")
        return
    assert state in {"holds", "in part"}
    for cell in (code, test):
        paths = re.findall(r"`([^`]+)`", cell)
        assert paths
        assert [path for path in paths if not (ROOT / path).is_file()] == []
