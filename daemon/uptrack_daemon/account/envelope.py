"""A report as it is sent: its document, whole, or without the names that its owner has not let go.

What may tell of unreleased music are the names of files, stems, reference tracks and projects (promise P3). Without
consent a document is made from the stored one in which each is replaced by what it is: "mix", "stem 3", "reference 1",
also inside sentences. The numbers stay as they are. The same report gives the same bytes every time, or the account
would take it for another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from uptrack_bridges.account import ReportProject, ReportUpload
from uptrack_daemon.store import AccountLink, StoredReport

_SENTENCES = {"title", "advice", "text", "expected_delta", "problem", "reason"}
"""Fields that are sentences, and may name a stem or a track; ``_LISTS`` hold several, or one for each figure."""
_LISTS = {"notes", "reference_notes", "unmeasured", "unmeasured_rules"}
_STEMS = {"stem", "on"}
"""Fields that are a stem's name."""


def upload_of(stored: StoredReport, link: AccountLink) -> ReportUpload:
    """What is put into the account.

    Raises
    ------
    ValueError
        The stored document is no JSON.
    """
    summary = stored.summary
    document = stored.document if link.with_names else without_names(stored.document)
    return ReportUpload(
        made_at=summary.created_at,
        project=ReportProject(
            key=project_key(summary.project_key, link),
            name=(summary.project_name or "").strip()[:1_000] or None if link.with_names else None,
        ),
        sha256=hashlib.sha256(document.encode()).hexdigest(),
        document=document,
    )


def project_key(key: str, link: AccountLink) -> str:
    """Opaque; with names the same on every machine of the account, so that one project is one there."""
    if link.with_names:
        return hashlib.sha256(key.encode()).hexdigest()
    # A key may be made of a name, and a plain digest of a name can be guessed.
    return hmac.digest(link.secret, key.encode(), "sha256").hex()


def without_names(document: str) -> str:
    """A report's JSON in which no file, stem or reference track can be recognised."""
    report: dict[str, Any] = json.loads(document)
    source, context = report["source"], report["context"]
    stems: list[dict[str, Any]] = report.get("stems") or []
    names: dict[str, str] = {}
    called: list[str] = [*(context.get("stems") or []), *(stem["name"] for stem in stems)]
    for number, name in enumerate(dict.fromkeys(called), start=1):
        names[name] = f"stem {number}"
    against: list[str] = context.get("references") or []
    for number, name in enumerate(dict.fromkeys(against), start=1):
        names.setdefault(name, f"reference {number}")
    for stem in stems:
        if isinstance(stem.get("source"), dict) and "name" in stem["source"]:
            names.setdefault(stem["source"]["name"], names[stem["name"]])
            stem["source"]["name"] = names[stem["name"]]
        stem["name"], stem["track"] = names[stem["name"]], None
    names.setdefault(source["name"], "mix")
    source["name"] = "mix"
    for which in ("stems", "references"):
        context[which] = [names[name] for name in context.get(which) or []]
    renamed = _renamed(report, names, _pattern(names))
    return json.dumps(renamed, ensure_ascii=False, allow_nan=False)


def _pattern(names: Mapping[str, str]) -> re.Pattern[str]:
    """Any of the names as whole words, the longest first."""
    known = {name for name in names if name}
    return re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(known, key=len, reverse=True)))


def _renamed(value: Any, names: Mapping[str, str], pattern: re.Pattern[str], *, told: bool = False) -> Any:
    match value:
        case dict():
            return {
                key: names.get(inner, inner)
                if key in _STEMS and isinstance(inner, str)
                else _renamed(inner, names, pattern, told=told or key in _SENTENCES or key in _LISTS)
                for key, inner in value.items()
            }
        case list():
            return [_renamed(inner, names, pattern, told=told) for inner in value]
        case str() if told:
            return pattern.sub(lambda found: names[found[0]], value)
        case _:
            return value
