"""``python -m uptrack_daemon.cli.at_home HOME WORDS…``: the command line with ``UPTRACK_HOME`` set to HOME.

For scripts inside a DAW: they start a program with words and cannot give it an environment, and a DAW started from a
dock or a menu has none of the user's shell. ``uptrack install`` writes this command down for them.
"""

from __future__ import annotations

import os
import sys

from uptrack_daemon.cli import main
from uptrack_daemon.cli.errors import USAGE


def run(words: list[str]) -> int:
    """Run ``words[1:]`` with the home ``words[0]``."""
    if not words:
        sys.stderr.write("uptrack: expected a home folder and a command after it, got nothing.\n")
        return USAGE
    os.environ["UPTRACK_HOME"] = words[0]
    return main(words[1:])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
