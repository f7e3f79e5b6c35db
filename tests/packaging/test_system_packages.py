"""``scripts/install-system-packages``: what `make test` does where programs are missing and cannot be had."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "install-system-packages"


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_programs_that_cannot_be_installed_are_named_and_stop_nothing(tmp_path: Path) -> None:
    """A machine without a network: apt-get is there, and fails."""
    for name in ("bash", "env"):
        program = shutil.which(name)
        assert program is not None
        (tmp_path / name).symlink_to(program)
    for name, does in (("apt-get", "exit 100"), ("id", "echo 0")):
        (tmp_path / name).write_text(f"#!{tmp_path / 'bash'}\n{does}\n")
        (tmp_path / name).chmod(0o755)
    ended = subprocess.run([SCRIPT], env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert ended.returncode == 0
    assert "ffmpeg lmms" in ended.stderr
    assert "skipped" in ended.stderr
