"""Errors on the command line: one sentence on stderr, or a problem document on stdout where ``--json`` was asked for.

With ``--json`` stdout is always one JSON document. The sentence is then inside it and not repeated on stderr: a problem
document (RFC 9457) stands where the report would have stood, as the object itself or at the file's place in the array.

    {"type": "urn:uptrack:input.not_audio", "title": "Bad input", "detail": "…", "code": "input.not_audio",
     "exit_code": 3, "name": "mix.wav"}

``type``, ``title`` and ``detail`` are the RFC's; ``code`` is the stable name of the error, ``exit_code`` what the
process would end with for it alone, ``name`` the file as reports name it (absent when no file is to blame). There is no
``status``: no HTTP happened.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import typer

from uptrack_analysis.audio.files import display_name
from uptrack_analysis.errors import BadInput, InvalidSignal, NothingToMeasure, Unavailable, UpTrackError
from uptrack_analysis.present.wording import plain

DONE = 0
NOTHING_TO_MEASURE = 1
USAGE = 2
BAD_INPUT = 3
UNAVAILABLE = 4
FAULT = 70
"""BSD's EX_SOFTWARE."""
INTERRUPTED = 130
BROKEN_PIPE = 141
"""What a shell reports for a program that SIGPIPE ended."""

TITLES = {
    NOTHING_TO_MEASURE: "Nothing to measure",
    USAGE: "Wrong usage",
    BAD_INPUT: "Bad input",
    UNAVAILABLE: "Unavailable",
    FAULT: "A fault of ours",
}

# Some versions of typer wrap click and some carry their own: the parent of BadParameter is right in both.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]

PLAIN_CHARACTERS = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "━": "-", "…": "...", "·": "|", "’": "'", "“": '"', "”": '"'}
)


def exit_code_of(error: Exception) -> int:
    """The exit code an error means."""
    match error:
        case NothingToMeasure():
            return NOTHING_TO_MEASURE
        case BadInput():
            return BAD_INPUT
        case Unavailable():
            return UNAVAILABLE
        case OSError() if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS}:
            return UNAVAILABLE
        case _ if isinstance(error, UsageError):
            return USAGE
        case _:
            return FAULT


def sentence_of(error: Exception) -> str:
    """What a user reads: the error's own sentence, or what happened and how to see more."""
    match error:
        case UpTrackError() if not isinstance(error, InvalidSignal):
            return error.sentence
        case MemoryError():
            return "This needs more memory than the machine gives: close something, or analyse a shorter file."
        case OSError() if exit_code_of(error) == UNAVAILABLE:
            return f"The disk did not take it ({error.strerror}): free some space, or write elsewhere."
        case _ if isinstance(error, UsageError):
            said = getattr(error, "format_message", error.__str__)
            message = str(said())
            command = getattr(getattr(error, "ctx", None), "command_path", "uptrack")
            return f"{message.rstrip('.')} (see {command} --help)."
        case _:
            kind = type(error).__name__
            return (
                f"UpTrack failed on its own account ({kind}: {error}): set UPTRACK_DEBUG=1 to see where, and report it."
            )


def code_of(error: Exception) -> str:
    """The stable, dotted name of an error."""
    if isinstance(error, UpTrackError):
        return error.code
    match exit_code_of(error):
        case 2:
            return "usage"
        case 4:
            return "unavailable.disk"
        case _:
            return "fault"


def problem(error: Exception, *, name: str | None = None) -> dict[str, Any]:
    """The problem document of an error; ``name`` is the file to blame."""
    exit_code = exit_code_of(error)
    document: dict[str, Any] = {
        "type": f"urn:uptrack:{code_of(error)}",
        "title": TITLES[exit_code],
        "detail": sentence_of(error),
        "code": code_of(error),
        "exit_code": exit_code,
    }
    if name is not None:
        document["name"] = name
    return document


def tell(error: Exception, *, as_json: bool = False, file: Path | None = None) -> int:
    """Say what went wrong, once and in one place, and return the exit code."""
    if exit_code_of(error) == FAULT and os.environ.get("UPTRACK_DEBUG", "") not in {"", "0"}:
        traceback.print_exception(error, file=sys.stderr)
    if as_json:
        try:
            write_json(json.dumps(problem(error, name=None if file is None else file.name), ensure_ascii=False))
        except BrokenPipeError:
            silence_stdout()
            return BROKEN_PIPE
        except OSError as full:
            # Where not even the problem can be written, a person may still read stderr.
            silence_stdout()
            return tell(full)
    else:
        sentence = sentence_of(error)
        about = "" if file is None or str(file) in sentence or display_name(file) in sentence else f"{file}: "
        # A name may hold anything, and a sentence may hold a name.
        sys.stderr.write(f"uptrack: {plain(about + sentence)}\n")
    return exit_code_of(error)


def write_json(text: str) -> None:
    """One JSON document and a line end on stdout, in UTF-8 whatever the locale says."""
    data = (text + "\n").encode("utf-8", "replace")
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(data.decode("utf-8"))
        return
    sys.stdout.flush()
    buffer.write(data)
    buffer.flush()


def make_output_robust() -> None:
    """Let no character stop the output: what the terminal's encoding lacks is written plainly, a minus as a hyphen."""
    codecs.register_error("uptrack.plain", _plainly)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us: nobody reads it, and that is no fault
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - until the process ends
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="uptrack.plain")


def silence_stdout() -> None:
    """After a broken pipe: point stdout where the interpreter's last flush cannot fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(PLAIN_CHARACTERS)
    return "".join(character if character.isascii() else "?" for character in text), error.end
