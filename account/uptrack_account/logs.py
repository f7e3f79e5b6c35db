"""What a service writes about its work: a line each, as text or JSON, and nothing of a person in it.

The standard library's ``logging``, because all that is below us already writes there: one formatter then holds for all.
Of an error it writes the kind and the places in the code, not the message, because a database repeats in it what it was
given. Of other libraries it writes the pattern of a message without what was put into it.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, TextIO

OURS = "uptrack_"
FIELDS = ("request_id", "route", "method", "status", "ms")
"""What a record may bring along by ``extra``."""

Kind = Literal["text", "json"]
Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Impersonal(logging.Formatter):
    """Both kinds of line."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if record.name.startswith(OURS) else _first_line(str(record.msg)),
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        if record.exc_info and record.exc_info[1] is not None:
            said["error"] = self.formatException(record.exc_info)
        if self._kind == "json":
            return json.dumps(said, ensure_ascii=False)
        more = " ".join(f"{name}={said[name]}" for name in FIELDS if name in said)
        line = " ".join(part for part in (said["at"], said["level"], said["message"], more) if part)
        return f"{line}\n{said['error']}" if "error" in said else line

    def formatException(self, ei: Raised) -> str:  # noqa: N802 - logging names it so
        """Kinds and places, from the first cause to the last."""
        error, lines = ei[1], list[str]()
        while error is not None:
            places = [
                f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
            ]
            lines = [*places, type(error).__name__, *lines]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)


def set_up(kind: Kind, stream: TextIO | None = None) -> logging.Handler:
    """Have everything written, ours from ``info`` on, others' from ``warning`` on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Impersonal(kind))
    logging.getLogger().addHandler(handler)
    logging.getLogger("uptrack_account").setLevel(logging.INFO)
    return handler


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
