"""Write ``reaper_scripts/index.xml``, the repository ReaPack reads, from the headers of our scripts.

One package, ``UpTrack``: its actions share the files in ``lib``, and ReaPack lets a file belong to one package only.
Every ``.lua`` directly in ``reaper_scripts/UpTrack`` is an action (``main="main"``: the main section of the action
list), and every file a ``@provides`` of one of their headers names comes along; it may be a pattern such as
``lib/*.lua``.
The same files give the same bytes: no clock, no network.

A source needs an address, and each file's SHA-256 stands beside it, so that ReaPack takes nothing else from there.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "reaper_scripts" / "UpTrack"
INDEX = ROOT / "reaper_scripts" / "index.xml"
WEBSITE = "https://uptrack.pro"
BASE = WEBSITE + "/reaper/{version}"
"""Where the files are meant to be served from; ``{version}`` keeps what an address gives the same for ever."""
REPOSITORY = "UpTrack Companion"
"""ReaPack's folder in ``Scripts``; not ``UpTrack``, which belongs to ``uptrack install reaper``."""
CATEGORY = "Mix feedback"
PACKAGE = "UpTrack"
NEEDED = ("description", "version", "author", "about", "link")

TAG = re.compile(r"^\s*(?:--\s?)?@(\w+)\s*(.*)$")
PROVIDED = re.compile(r"^(?:\[[^\]]*\]\s*)?(\S.*)$")


class BadHeader(Exception):
    """A script's header does not say what ReaPack needs."""


@dataclass(frozen=True)
class Script:
    """One action with the tags of its header."""

    name: str
    tags: dict[str, str]


def read_header(path: Path) -> dict[str, str]:
    """The tags of the comment a script begins with; a tag's further lines are joined by line feeds."""
    text = path.read_text(encoding="utf-8")
    comment = re.match(r"--\[\[\n(.*?)\]\]", text, re.DOTALL) or re.match(r"((?:--[^\n]*\n)+)", text)
    tags: dict[str, str] = {}
    current = ""
    for line in (comment[1] if comment else "").splitlines():
        if started := TAG.match(line):
            current = started[1].lower()
            tags[current] = started[2].strip()
        elif current:
            tags[current] = f"{tags[current]}\n{re.sub(r'^--', '', line).strip()}".strip("\n")
    if missing := [tag for tag in NEEDED if not tags.get(tag)]:
        raise BadHeader(f"{path.name}: expected a header with @{', @'.join(NEEDED)}; @{', @'.join(missing)} is missing")
    return tags


def read_scripts(folder: Path = SCRIPTS) -> list[Script]:
    """The actions, by name."""
    scripts = [Script(path.name, read_header(path)) for path in sorted(folder.glob("*.lua"))]
    for tag in ("version", "author", "link"):
        if len(said := {script.tags[tag] for script in scripts}) > 1:
            raise BadHeader(f"expected one @{tag} in all scripts, got {', '.join(sorted(said))}")
    return scripts


def provided(scripts: list[Script], folder: Path = SCRIPTS) -> list[str]:
    """What comes along with the actions, by path; each pattern has to name a file, and each file has to be named."""
    actions = {script.name for script in scripts}
    files = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    found: set[str] = set()
    for script in scripts:
        for line in script.tags.get("provides", "").splitlines():
            pattern = PROVIDED.match(line.strip())
            if pattern is None or pattern[1] == ".":  # the script itself
                continue
            matching = {name for name in files if fnmatchcase(name, pattern[1])}
            if not matching:
                raise BadHeader(f"{script.name}: @provides names {pattern[1]}, and there is no such file")
            found |= matching
    if unnamed := [name for name in files if name not in found | actions]:
        raise BadHeader(f"no @provides names {', '.join(unnamed)}: ReaPack would not install it")
    return sorted(found - actions)


def index(base: str = BASE, folder: Path = SCRIPTS) -> str:
    """The repository as XML."""
    scripts = read_scripts(folder)
    if not scripts:
        raise BadHeader(f"expected scripts in {folder}, found none")
    version, author = scripts[0].tags["version"], scripts[0].tags["author"]
    website = scripts[0].tags["link"].split()[-1]
    here = base.format(version=version).rstrip("/")
    sources = [_source(folder, script.name, here, ' main="main"') for script in scripts]
    sources += [_source(folder, name, here, "") for name in provided(scripts, folder)]
    about = [("UpTrack", "Mix feedback on your timeline, measured on your own machine. Needs the UpTrack Companion.")]
    about += [(script.tags["description"], script.tags["about"]) for script in scripts]
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<index version="1" name={quoteattr(REPOSITORY)}>',
        f"  <category name={quoteattr(CATEGORY)}>",
        f'    <reapack name={quoteattr(PACKAGE)} type="script" desc="UpTrack: mix feedback on the timeline">',
        f"      <version name={quoteattr(version)} author={quoteattr(author)}>",
        *(f"        {source}" for source in sources),
        "      </version>",
        "      <metadata>",
        f"        <description>{escape(rich_text(about))}</description>",
        f'        <link rel="website">{escape(website)}</link>',
        "      </metadata>",
        "    </reapack>",
        "  </category>",
        "  <metadata>",
        f'    <link rel="website">{escape(website)}</link>',
        "  </metadata>",
        "</index>",
    ]
    return "\n".join(lines) + "\n"


def rich_text(sections: list[tuple[str, str]]) -> str:
    """Headings and paragraphs as RTF, which is what ReaPack shows."""
    parts = [r"{\rtf1\ansi\deff0{\fonttbl{\f0 \fswiss Helvetica;}}\f0\fs22 "]
    for heading, text in sections:
        parts.append(rf"{{\b\fs26 {_rtf(heading)}}}\par {_rtf(' '.join(text.split()))}\par\par ")
    return "".join(parts).rstrip() + "}"


def _rtf(text: str) -> str:
    escaped = re.sub(r"([\\{}])", r"\\\1", text)
    # RTF counts in signed UTF-16 units; the question mark is for readers that know none.
    units = (letter.encode("utf-16-le") for letter in escaped)
    return "".join(
        unit.decode("utf-16-le")
        if unit.decode("utf-16-le").isascii()
        else "".join(rf"\u{int.from_bytes(unit[at : at + 2], 'little', signed=True)}?" for at in range(0, len(unit), 2))
        for unit in units
    )


def _source(folder: Path, name: str, base: str, main: str) -> str:
    # ReaPack's checksums are multihashes: 0x12 is SHA-256, 0x20 its length in bytes.
    checksum = "1220" + hashlib.sha256((folder / name).read_bytes()).hexdigest()
    address = f"{base}/{quote(f'{folder.name}/{name}')}"
    return f'<source file={quoteattr(name)}{main} hash="{checksum}">{escape(address)}</source>'


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Write reaper_scripts/index.xml for ReaPack.")
    parser.add_argument("--base", default=BASE, help="address of the folder that holds UpTrack/; may hold {version}")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the index is not up to date")
    asked = parser.parse_args(words)
    try:
        text = index(asked.base)
    except BadHeader as error:
        sys.stderr.write(f"reapack-index: {error}\n")
        return 1
    if not asked.check:
        INDEX.write_text(text, encoding="utf-8", newline="\n")
    elif not INDEX.exists() or INDEX.read_text(encoding="utf-8") != text:
        sys.stderr.write("reapack-index: reaper_scripts/index.xml is not up to date; try: make reapack-index\n")
        return 1
    print(f"reapack-index: {text.count('<source ')} files")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
