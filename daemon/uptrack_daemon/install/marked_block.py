"""Lines of ours in a file of the user's: put in between two marks, and taken out so that every byte is as before.

The block goes to the top, in whole lines, before anything the user wrote. At the end it could stand behind a
``return``, which has to be the last statement of a Lua file, or inside a comment that was never closed; at the top
nothing can be in its way, and taking out whole lines leaves what was there. Only a byte order mark and a first line
with ``#``, which Lua skips at the very beginning, stay before it.
"""

from __future__ import annotations

import re

from uptrack_analysis.errors import BadInput

BEGIN = b"-- >>> UpTrack"
END = b"-- <<< UpTrack <<<"
ALONE = b"(UpTrack made this file)"
"""On the first line of a block in a file that was not there before it."""

_AT_LINE_START = rb"(?:^|(?<=\A\xef\xbb\xbf))"
_BEGINS = re.compile(_AT_LINE_START + re.escape(BEGIN), re.MULTILINE)
_ENDS = re.compile(rb"^" + re.escape(END), re.MULTILINE)
_BLOCK = re.compile(_BEGINS.pattern + rb"[^\n]*\n.*?" + _ENDS.pattern + rb"\r?(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?(?:#[^\n]*\n)?")


def with_block(before: bytes | None, lines: str, name: str) -> bytes:
    """The file with our block in it, instead of the one it may hold; ``before`` is ``None`` for no file.

    Parameters
    ----------
    lines : str
        What goes between the marks.
    name : str
        The file's, for sentences.

    Raises
    ------
    BadInput
        The marks in it are broken, or its only line is one that has to stay first and does not end.
    """
    held = _held(before or b"", name)
    ours_alone = before is None or (held is not None and ALONE in held[0].split(b"\n", 1)[0])
    text = lines if lines.endswith("\n") else lines + "\n"
    mark = BEGIN + (b" " + ALONE if ours_alone else b"") + b" >>>\n"
    block = mark + text.encode() + END + b"\n"
    content = before or b""
    if held is not None:
        return content[: held.start()] + block + content[held.end() :]
    head = _HEAD.match(content)
    at = head.end() if head else 0
    if content[at : at + 1] == b"#" and b"\n" not in content[:at]:
        raise BadInput(f"Expected the first line of {name} to end; add a line break to it and try again.")
    return content[:at] + block + content[at:]


def without_block(before: bytes, name: str) -> bytes | None:
    """The file as it was before our block came in; ``None`` if there was none. ``BadInput`` as ``with_block``."""
    held = _held(before, name)
    if held is None:
        return before
    left = before[: held.start()] + before[held.end() :]
    return None if not left and ALONE in held[0].split(b"\n", 1)[0] else left


def block_in(content: bytes, name: str) -> str | None:
    """The lines between the marks, with line feeds; ``None`` for no block. ``BadInput`` as ``with_block``."""
    held = _held(content, name)
    if held is None:
        return None
    inner = held[0].replace(b"\r\n", b"\n").split(b"\n", 1)[1]
    return inner[: inner.rindex(END)].decode("utf-8", "replace")


def _held(content: bytes, name: str) -> re.Match[bytes] | None:
    begins, ends = len(_BEGINS.findall(content)), len(_ENDS.findall(content))
    held = _BLOCK.search(content)
    if (begins, ends) == (0, 0) or ((begins, ends) == (1, 1) and held):
        return held
    raise BadInput(
        f"Expected one block between `{BEGIN.decode()} >>>` and `{END.decode()}` in {name}, got {begins} beginnings "
        f"and {ends} ends: delete UpTrack's lines there by hand, and try again.",
        code="install.block_broken",
    )
