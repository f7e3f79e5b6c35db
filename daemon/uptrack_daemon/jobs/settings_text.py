"""Analysis settings as JSON text, the way a job keeps them and the worker receives them."""

from __future__ import annotations

import dataclasses
import json
from functools import cache

from pydantic import TypeAdapter

from uptrack_analysis.settings import Settings


def write_settings(settings: Settings) -> str:
    """``settings`` as one JSON object; raises ``ValueError`` for NaN or infinity."""
    return json.dumps(dataclasses.asdict(settings), allow_nan=False)


def read_settings(text: str) -> Settings:
    """The settings in ``text``, every field's type checked; what is missing has its default."""
    return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[Settings]:
    return TypeAdapter(Settings)
