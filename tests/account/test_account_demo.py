"""``make account-demo``: what it shows is what happens."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from support.needs import need_program

ROOT = Path(__file__).parents[2]


def test_both_versions_of_a_daws_mix_arrive_on_the_dashboard(tmp_path: Path) -> None:
    need_program("chromium")
    picture = tmp_path / "dashboard.png"
    with tempfile.TemporaryDirectory() as short:  # Chromium's sockets lie in it, and their paths may not be long
        ended = subprocess.run(
            [sys.executable, ROOT / "scripts" / "account_demo.py", "--picture", picture],
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), "TMPDIR": short, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        left = list(Path(short).iterdir())
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 there, 0 waiting, 0 refused." in ended.stdout
    first, last = (line.split() for line in ended.stdout.splitlines() if line.startswith("  20"))
    assert (first[5], last[5]) == ("100", "27")
    assert first[6] == "+73"
    with Image.open(picture) as drawn:
        assert drawn.width == 860
    assert left == []
