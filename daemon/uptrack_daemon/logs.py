"""The daemon's log: one rotating file in the home, and stderr when somebody is watching."""

from __future__ import annotations

import logging
import logging.handlers
import sys

from uptrack_daemon.home import Home

LINE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
MAX_BYTES = 1_000_000
KEPT = 3


def set_up(home: Home, *, verbose: bool) -> None:
    """Log to ``logs/daemon.log``; with ``verbose`` also to stderr."""
    to_file = logging.handlers.RotatingFileHandler(
        home.logs / "daemon.log", maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8"
    )
    handlers: list[logging.Handler] = [to_file]
    if verbose:
        handlers.append(logging.StreamHandler(sys.stderr))
    logging.basicConfig(level=logging.INFO, format=LINE, handlers=handlers, force=True)
    # Every statement and every connection is noise beside what happens to somebody's mix.
    for chatty in ("alembic", "sqlalchemy", "aiohttp.access", "watchfiles"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
