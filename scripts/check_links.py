"""Fail when a Markdown file of the project points at a file or heading that is not there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(markdown: str) -> set[str]:
    """Heading anchors as code hosts make them: lower case, punctuation gone, spaces to dashes."""
    plain = (re.sub(r"[`*_]|\[|\]\([^)]*\)", "", heading) for heading in HEADING.findall(FENCE.sub("", markdown)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def dead_links(page: Path) -> list[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    dead: list[str] = []
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue  # the wide world is not asked: checks run without a network
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        if not linked.exists():
            dead.append(f"{page}: {target}: no such file")
        elif anchor and linked.suffix == ".md" and anchor not in anchors(linked.read_text(encoding="utf-8")):
            dead.append(f"{page}: {target}: no such heading")
    return dead


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "*.md"], capture_output=True, text=True, check=True).stdout
    dead = [line for name in listed.splitlines() for line in dead_links(Path(name))]
    print("\n".join(dead) if dead else f"links: {len(listed.splitlines())} pages, none dead")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
