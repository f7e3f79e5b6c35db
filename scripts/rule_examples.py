"""Write the examples of `uptrack rules show` again: run the rules' tests and keep what the rules say in them.

Of every kind of finding that a rule makes, the worst is kept (the first of several), with the test it comes from.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.rule_examples import Heard, listening  # noqa: E402
from uptrack_analysis.report import SEVERITIES  # noqa: E402

FILE = ROOT / "analysis" / "uptrack_analysis" / "data" / "rule_examples.json"
TESTS = ROOT / "tests" / "analysis" / "findings" / "rules"


def main() -> int:
    heard: list[Heard] = []
    with listening(heard):
        # Without the tests' own check, which holds them against the examples that are about to be replaced.
        result = pytest.main(["-q", "--rootdir", str(ROOT), "-p", "no:cacheprovider", "--noconftest", str(TESTS)])
    if result:
        print("the rules' tests have to pass first", file=sys.stderr)
        return int(result)
    kinds: dict[tuple[str, str], Heard] = {}
    for one in sorted(heard, key=lambda one: -SEVERITIES.index(one.finding.severity)):
        kinds.setdefault((one.finding.rule, one.kind), one)
    lines = [json.dumps(kinds[key].document, ensure_ascii=False) for key in sorted(kinds)]
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print(f"{len(lines)} examples of {len({rule for rule, _ in kinds})} rules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
