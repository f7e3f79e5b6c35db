"""Rows of numbers that a stream leaves behind, in one piece of memory that grows where it lies.

A list of small arrays, joined at the end, is there twice when it is joined, and lies among what the meters throw away
between one and the next: two hours of it cost twice what it held. Here, once it is large, the system moves pages
instead of numbers, and no more than a sixteenth lies ready.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

# Up to here it grows by a quarter at a time, since it may be copied each time; beyond, the system moves whole pages.
_LARGE_BYTES = 8 << 20

Number = TypeVar("Number", np.float32, np.float64)


class Growing(Generic[Number]):
    """Rows of one shape.

    Parameters
    ----------
    kind : type
        ``numpy.float32`` or ``numpy.float64``.
    row : tuple of int
        Shape of a row; ``()`` for single numbers.
    """

    def __init__(self, kind: type[Number], row: tuple[int, ...] = ()) -> None:
        self._rows: NDArray[Number] = np.zeros((0, *row), dtype=kind)
        self._count = 0

    def append(self, rows: NDArray[Number]) -> None:
        """Put ``rows``, shape (n, *row), at the end."""
        end = self._count + rows.shape[0]
        self._make_room(end)
        self._rows[self._count : end] = rows
        self._count = end

    def add(self, first: int, columns: slice, rows: NDArray[Number]) -> None:
        """Add ``rows``, shape (n, ..., n_columns), to these columns from row ``first`` on.

        Rows that are not there yet begin at zero: several that fill them in parts need not keep pace.
        """
        end = first + rows.shape[0]
        self._make_room(end)
        self._rows[first:end, ..., columns] += rows
        self._count = max(self._count, end)

    def take(self) -> NDArray[Number]:
        """All rows, shape (n, *row), which are the caller's from now on; the next ones begin anew."""
        self._resize(self._count)
        taken, self._rows, self._count = self._rows, np.zeros_like(self._rows, shape=(0, *self._rows.shape[1:])), 0
        return taken

    def _make_room(self, count: int) -> None:
        there = self._rows.shape[0]
        if count > there:
            self._resize(max(count, there + there // (4 if self._rows.nbytes < _LARGE_BYTES else 16)))

    def _resize(self, count: int) -> None:
        # In place, new rows zero. Nobody else ever has this array; NumPy's own check counts references, and takes a
        # profiler's or a debugger's for somebody.
        self._rows.resize((count, *self._rows.shape[1:]), refcheck=False)
