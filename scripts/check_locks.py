"""Fail when a lock holds an address, an unpinned or unhashed package, or misses a dependency of pyproject.toml."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PINNED = re.compile(r"^([a-z0-9][a-z0-9-]*)==\S+(?: ; [^\\]+)? \\$", re.MULTILINE)


def names(requirements: list[str]) -> set[str]:
    found = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {re.sub(r"[._]+", "-", match.group().lower()) for match in found if match}


def main() -> int:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {
        "requirements/installer.txt": {"uv"},
        "requirements/runtime.txt": names(project["dependencies"] + extras["build"]),
        "requirements/dev.txt": names(project["dependencies"] + extras["build"] + extras["dev"]),
    }
    wrong: list[str] = []
    for path, needed in wanted.items():
        text = Path(path).read_text(encoding="utf-8")
        starts = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        pinned = PINNED.findall(text)
        if "://" in text or "--index" in text or "--find-links" in text:
            wrong.append(f"{path}: an address; a lock holds names, versions and hashes only")
        if len(pinned) != len(starts):
            wrong.append(f"{path}: {len(starts) - len(pinned)} lines that are not pinned and hashed")
        if missing := needed - set(pinned):
            wrong.append(f"{path}: misses {', '.join(sorted(missing))}; try: make lock")
    print("\n".join(wrong) if wrong else "locks: pinned, hashed, complete")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
