"""``make account-demo``: what it shows is what happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image

from support.needs import need_program

ROOT = Path(__file__).parents[2]


def test_both_versions_of_a_daws_mix_arrive_on_the_dashboard(tmp_path: Path) -> None:
    need_program("chromium")
    picture, left = tmp_path / "dashboard.png", tmp_path / "left"
    left.mkdir()
    ended = subprocess.run(
        [sys.executable, ROOT / "scripts" / "account_demo.py", "--picture", picture],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), "TMPDIR": str(left), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 there, 0 waiting, 0 refused." in ended.stdout
    first, last = (line.split() for line in ended.stdout.splitlines() if line.startswith("  20"))
    assert (first[5], last[5]) == ("100", "27")
    assert first[6] == "+73"
    with Image.open(picture) as drawn:
        assert drawn.width == 860
    assert list(left.iterdir()) == []
