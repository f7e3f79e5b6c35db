"""Reading the data files beside the code: TOML through ``importlib.resources``, each value asked for by type.

A data file ships with the program, so a fault in one is a fault of the installation or of an edit; it is told with the
file, the dotted key, what was expected and what stands there.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from uptrack_analysis.errors import UpTrackError

GRADES = ("A", "B", "C", "D")


class DataError(UpTrackError):
    """A data file of the installation does not hold what the rules need."""

    default_code = "data.error"


@dataclass(frozen=True, slots=True)
class Table:
    """A TOML table that knows where it stands, so that a missing or wrong value can be told by name."""

    where: str
    values: Mapping[str, Any]

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def table(self, key: str) -> Table:
        value = self._get(key)
        if not isinstance(value, dict):
            raise self._wrong(key, "a table", value)
        return Table(f"{self.where} {key}", value)

    def tables(self, key: str) -> tuple[Table, ...]:
        value = self._get(key)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(key, "an array of tables", value)
        return tuple(Table(f"{self.where} {key}[{place}]", item) for place, item in enumerate(value))

    def number(self, key: str) -> float:
        return self._number(key, self._get(key))

    def numbers(self, key: str) -> tuple[float, ...]:
        value = self._get(key)
        if not isinstance(value, list):
            raise self._wrong(key, "an array of numbers", value)
        return tuple(self._number(key, item) for item in value)

    def pairs(self, key: str) -> tuple[tuple[float, float], ...]:
        """Ranges, each ``[low, high]`` with ``low <= high``."""
        value = self._get(key)
        if not isinstance(value, list):
            raise self._wrong(key, "an array of [low, high]", value)
        pairs: list[tuple[float, float]] = []
        for item in value:
            if not isinstance(item, list) or len(item) != 2:
                raise self._wrong(key, "an array of [low, high]", value)
            low, high = self._number(key, item[0]), self._number(key, item[1])
            if low > high:
                raise self._wrong(key, "low before high", item)
            pairs.append((low, high))
        return tuple(pairs)

    def text(self, key: str) -> str:
        value = self._get(key)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(key, "a text", value)
        return value

    def flag(self, key: str) -> bool:
        value = self._get(key)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false", value)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, "an array of texts", value)
        return tuple(value)

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in choices:
            raise self._wrong(key, "one of " + ", ".join(choices), value)
        return value

    def evidence(self) -> Evidence:
        """This table's own ``source`` and ``grade``, which every table of numbers must have."""
        grade = self.text("grade")
        if not all(part in GRADES for part in grade.split("/")):
            raise self._wrong("grade", "A, B, C or D, or two of them with a slash", grade)
        return Evidence(source=self.text("source"), grade=grade)

    def _get(self, key: str) -> Any:
        try:
            return self.values[key]
        except KeyError:
            raise DataError(
                f"expected {key!r} in {self.where}, found only {', '.join(self.values) or 'nothing'}: "
                f"reinstall UpTrack, or undo the last edit of that file"
            ) from None

    def _number(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._wrong(key, "a number", value)
        return float(value)

    def _wrong(self, key: str, expected: str, value: Any) -> DataError:
        return DataError(
            f"expected {expected} for {key!r} in {self.where}, found {value!r}: "
            f"reinstall UpTrack, or undo the last edit of that file"
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a number came from, and how far to trust it: A standard or platform ... D proposal."""

    source: str
    grade: str


def table(where: str, **values: Any) -> Table:
    """A table that stands in code, such as a rule's own thresholds beside what they judge."""
    return Table(where, values)


def data_folder() -> Traversable:
    """The folder of data files inside the installed package."""
    return files("uptrack_analysis") / "data"


@cache
def read_table(name: str) -> Table:
    """One data file, by its path inside the data folder (``"targets.toml"``, ``"families/house.toml"``).

    Raises
    ------
    DataError
        The file is missing or not TOML.
    """
    return parse_table(name, _read_bytes(name))


def parse_table(name: str, content: bytes) -> Table:
    """TOML text as a table that calls itself ``name``.

    Raises
    ------
    DataError
        Not UTF-8, or not TOML.
    """
    try:
        return Table(name, tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"expected TOML in {name}, found a fault ({error}): reinstall UpTrack") from error


def data_files() -> Iterator[tuple[str, bytes]]:
    """Every data file's name and content, in the order of the names."""
    yield from sorted(_walk(data_folder(), ""))


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".toml"):
            yield prefix + entry.name, entry.read_bytes()


def _read_bytes(name: str) -> bytes:
    try:
        return data_folder().joinpath(*name.split("/")).read_bytes()
    except OSError as error:
        raise DataError(f"expected the data file {name} in this installation ({error}): reinstall UpTrack") from error
