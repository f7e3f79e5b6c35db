"""Where the benchmarks find essentia: AGPL, never a dependency, so it lives in an environment of its own in ``.cache``.

``uptrack`` talks to no essentia; the benchmarks run it as a program, beside ours, on the same files.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ENVIRONMENT = Path(__file__).parents[1] / ".cache" / "essentia"
_READY = _ENVIRONMENT / "ready"


def essentia_python() -> Path | None:
    """The interpreter that can import essentia, set up at the first call; ``None`` where it cannot be installed."""
    python = _ENVIRONMENT / "bin" / "python"
    if not _READY.exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", str(_ENVIRONMENT)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", "essentia"], check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        _READY.touch()
    return python
