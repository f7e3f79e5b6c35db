"""What programs may ask, as OpenAPI 3.1: said beside each route by ``says``, put together here, served to everybody.

A route that is for programs and says nothing has no place in the document, so that making it fails.
"""

from __future__ import annotations

import http
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from uptrack_account.letters import HELP
from uptrack_account.web.gate import Page, access_of, open_to
from uptrack_analysis import __version__
from uptrack_bridges.account import SCOPE, AccountProblem

routes = web.RouteTableDef()

OPENAPI_PATH = "/openapi.json"
DOCUMENT: web.AppKey[str] = web.AppKey("document", str)
JSON, PROBLEM, FORM = "application/json", "application/problem+json", "application/x-www-form-urlencoded"

Body = type[BaseModel] | str | None
"""A model, which is JSON; a media type, for what is not; or nothing."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What one route takes and answers."""

    answers: Mapping[int, Body]
    """By status, when it went well, or in a form that is no problem of RFC 9457."""
    takes: Body = None
    form: type[BaseModel] | None = None
    """Its fields, of a body that is a form (RFC 6749)."""
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    """What stands in the address, each with its pattern."""
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """What may stand behind it, each with its JSON schema."""
    refuses: tuple[int, ...] = ()
    """Statuses that are ``AccountProblem``; those of the gate are added."""


_SAYINGS: dict[Page, Saying] = {}


def says(saying: Saying) -> Callable[[Page], Page]:
    """Say what a handler takes and answers; what it does is its docstring's first line."""

    def said(page: Page) -> Page:
        _SAYINGS[page] = saying
        return page

    return said


@routes.get(OPENAPI_PATH)
@open_to("anybody")
async def openapi(request: web.Request) -> web.Response:
    return web.Response(text=request.app[DOCUMENT], content_type=JSON)


def document_of(app: web.Application) -> str:
    """As JSON, to be put together once, when all routes are there: it takes longer than most answers.

    Raises
    ------
    LookupError
        As ``document``.
    """
    return json.dumps(document((route.method, _canonical(route), route.handler) for route in app.router.routes()))


def document(settled: Iterable[tuple[str, str, Any]]) -> dict[str, Any]:
    """The whole contract, from routes as method, path and handler; those that are for people are left out.

    Raises
    ------
    LookupError
        A route for programs does not say what it takes and answers.
    """
    paths: dict[str, dict[str, Any]] = {}
    models: dict[tuple[Any, Any], None] = {(AccountProblem, "serialization"): None}
    for method, path, handler in settled:
        access = access_of(handler)
        if access not in ("any program", "linked machine") or method == "HEAD":
            continue
        if (saying := _SAYINGS.get(handler)) is None:
            raise LookupError(
                f"expected {method} {path} to say what it takes and answers: mark its handler with says()"
            )
        for body, mode in _bodies(saying):
            models[body, mode] = None
        paths.setdefault(path, {})[method.lower()] = _operation(handler, saying, needs_token=access == "linked machine")
    refs, schemas = models_json_schema(list(models), ref_template="#/components/schemas/{model}")
    _point_at(paths, {model: ref["$ref"] for (model, _mode), ref in refs.items()})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "UpTrack account",
            "version": __version__,
            "description": "For programs. A request that comes from a browser's page is refused.",
            "contact": {"email": HELP},
        },
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {
                "machine": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"The access token of a linked machine, of the scope {SCOPE} (RFC 8628).",
                }
            },
        },
    }


def _operation(handler: Page, saying: Saying, *, needs_token: bool) -> dict[str, Any]:
    summary, _, more = (inspect.getdoc(handler) or "").partition("\n")
    found: dict[str, Any] = {"operationId": handler.__name__, "summary": summary}
    if more.strip():
        found["description"] = more.strip()
    if needs_token:
        found["security"] = [{"machine": list[str]()}]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{pattern}$"}}
        for name, pattern in saying.path.items()
    ]
    parameters += [{"name": name, "in": "query", "schema": dict(schema)} for name, schema in saying.query.items()]
    if parameters:
        found["parameters"] = parameters
    if saying.takes is not None or saying.form is not None:
        content = _content(saying.takes) if saying.form is None else {FORM: {"schema": saying.form}}
        found["requestBody"] = {"required": True, "content": content}
    refuses = {*saying.refuses, 403, *({401} if needs_token else set[int]())} - set(saying.answers)
    answers: dict[str, Any] = {}
    for status in sorted({*saying.answers, *refuses}):
        answer: dict[str, Any] = {"description": http.HTTPStatus(status).phrase}
        if status in refuses:
            answer["content"] = {PROBLEM: {"schema": AccountProblem}}
        elif (body := saying.answers[status]) is not None:
            answer["content"] = _content(body)
        if headers := _HEADERS.get(status):
            answer["headers"] = headers
        answers[str(status)] = answer
    found["responses"] = answers
    return found


_HEADERS: Mapping[int, Mapping[str, Any]] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "pattern": "^Bearer"}}},
    429: {"Retry-After": {"required": True, "schema": {"type": "string", "pattern": "^[0-9]+$"}}},
}


def _content(body: Body) -> dict[str, Any]:
    return {body: {}} if isinstance(body, str) else {JSON: {"schema": body}}


def _bodies(saying: Saying) -> list[tuple[type[BaseModel], str]]:
    """Models, each as it is read or as it is written."""
    read: list[Body] = [saying.takes, saying.form]
    found = [(body, "validation") for body in read if body is not None and not isinstance(body, str)]
    found += [
        (body, "serialization") for body in saying.answers.values() if body is not None and not isinstance(body, str)
    ]
    return found


def _point_at(node: Any, refs: Mapping[Any, str]) -> None:
    """Put the schema's address where a model stands."""
    for key, value in list(node.items()) if isinstance(node, dict) else []:
        if isinstance(value, type):
            node[key] = {"$ref": refs[value]}
        else:
            _point_at(value, refs)


def _canonical(route: web.AbstractRoute) -> str:
    """The pattern, without what a part of it has to match."""
    return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", route.resource.canonical if route.resource else "")
