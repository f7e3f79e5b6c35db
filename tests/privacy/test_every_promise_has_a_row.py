"""``docs/privacy.md`` has a row for every promise, and what a row names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMISES = [*(f"P{number}" for number in range(1, 21)), "L1", "L2", "L3", "L4"]


def rows() -> dict[str, list[str]]:
    lines = (ROOT / "docs" / "privacy.md").read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| [PL]\d", line)]
    return {one[0]: one for one in cells}


def test_every_promise_has_a_row_and_no_row_is_of_none() -> None:
    assert list(rows()) == PROMISES


def test_every_row_names_code_and_a_test_that_are_there() -> None:
    for promise, cells in rows().items():
        assert len(cells) == 5, promise
        for cell in cells[3:]:
            named = re.findall(r"`([^`]+)`", cell)
            assert named, promise
            assert [path for path in named if not (ROOT / path).is_file()] == [], promise


def test_every_test_of_a_promise_is_in_its_row() -> None:
    for path in Path(__file__).parent.glob("test_[pl][0-9]*.py"):
        promise = path.name.split("_")[1].upper()
        assert path.name in rows()[promise][4], path.name
