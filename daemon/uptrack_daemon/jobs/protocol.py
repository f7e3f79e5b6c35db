"""What a worker and its supervisor say to each other: one JSON object a line, over pipes nobody else can write to.

supervisor → worker   {"job": id, "path": …, "settings": {…}}      one at a time; end of file means exit
worker → supervisor   {"say": "ready", "warm_up_s": …}
                      {"say": "progress", "fraction": …, "stage": …}
                      {"say": "done", "document": …, "timings_s": {…}}
                      {"say": "failed", "code": …, "sentence": …, "reusable": …}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes. A report of a five-hour file has some 10 MB; a worker that writes more has lost its mind."""


class ProtocolError(ValueError):
    """The worker said something that is not in the vocabulary."""


@dataclass(frozen=True, slots=True)
class Ready:
    warm_up_s: float


@dataclass(frozen=True, slots=True)
class Progressed:
    fraction: float
    stage: str


@dataclass(frozen=True, slots=True)
class Done:
    document: str
    timings_s: dict[str, float]


@dataclass(frozen=True, slots=True)
class Failed:
    code: str
    sentence: str
    reusable: bool
    """Whether this process may take another job: not after running out of memory or an unexpected failure."""


Saying = Ready | Progressed | Done | Failed


def write_line(saying: Saying) -> bytes:
    """One message of the worker as a line; ASCII only, so that undecodable file names travel as escapes."""
    match saying:
        case Ready(warm_up_s):
            plain: dict[str, Any] = {"say": "ready", "warm_up_s": warm_up_s}
        case Progressed(fraction, stage):
            plain = {"say": "progress", "fraction": fraction, "stage": stage}
        case Done(document, timings_s):
            plain = {"say": "done", "document": document, "timings_s": timings_s}
        case Failed(code, sentence, reusable):
            plain = {"say": "failed", "code": code, "sentence": sentence, "reusable": reusable}
    return json.dumps(plain).encode("ascii") + b"\n"


def read_line(line: bytes) -> Saying:
    """The message in a line; raises ``ProtocolError``."""
    try:
        plain = json.loads(line)
        match plain:
            case {"say": "ready", "warm_up_s": float(warm_up_s)}:
                return Ready(warm_up_s)
            case {"say": "progress", "fraction": float() | int() as fraction, "stage": str(stage)}:
                return Progressed(float(fraction), stage)
            case {"say": "done", "document": str(document), "timings_s": dict() as timings_s}:
                return Done(document, {name: float(seconds) for name, seconds in timings_s.items()})
            case {"say": "failed", "code": str(code), "sentence": str(sentence), "reusable": bool(reusable)}:
                return Failed(code, sentence, reusable)
            case _:
                raise ProtocolError(f"not in the vocabulary: {line[:80]!r}")
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError) as error:
        raise ProtocolError(f"not JSON: {line[:80]!r}") from error
