"""Paths as arguments: an empty one is a slip (an unset variable), which ``Path`` would take for the current folder."""

from __future__ import annotations

from pathlib import Path

import typer


def named_path(text: str) -> Path:
    """The path ``text`` names; for ``parser=`` of typer's arguments and options."""
    if not text:
        raise typer.BadParameter("expected a path, got an empty one")
    return Path(text)
