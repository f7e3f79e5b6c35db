"""A folder is replaced as a whole: whatever step fails, or is the last before a crash, one whole folder is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from uptrack_daemon.install import folder

DRIVER = """
import json, os, shutil, sys, tempfile
from pathlib import Path

from uptrack_daemon.install.reaper import Edition, Reaper, plan_install
from uptrack_daemon.install.steps import carry_out

# What touches the disk tells the audit hook first. `stop_at` counts those events below `root`.
STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.utime", "shutil.copyfile"}
how, root, stop_at, seen = sys.argv[1], "", 0, 0


def hook(event, arguments):
    global seen
    if event in STEPS and root and isinstance(arguments[0], (str, os.PathLike)) and str(arguments[0]).startswith(root):
        seen += 1
        if seen == stop_at:
            if how == "crash":
                os._exit(9)
            raise OSError(28, "No space left on device", str(arguments[0]))


def edition(version):
    files = {"UpTrack_A.lua": version.encode(), "lib/json.lua": version.encode()}
    return Edition(version, "/home/ada/.uptrack", ["/usr/bin/uptrack"], files)


def install(resources, version):
    carry_out(plan_install(Reaper(resources), edition(version), startup=True), lambda sentence: None)


def state(resources):
    base = resources / "Scripts"
    return {path.relative_to(base).as_posix(): path.read_text() for path in sorted(base.rglob("*")) if path.is_file()}


sys.addaudithook(hook)
while True:
    stop_at += 1
    resources = Path(tempfile.mkdtemp(dir=sys.argv[2]))
    (resources / "Scripts").mkdir()
    (resources / "Scripts" / "__startup.lua").write_text("return 1")
    install(resources, "1.0")
    (resources / "Scripts" / "UpTrack" / "mine.txt").write_text("my notes")
    child = os.fork()
    if not child:
        root = str(resources)
        try:
            install(resources, "2.0")
        except BaseException:
            os._exit(1)
        os._exit(0 if seen < stop_at else 2)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    before = state(resources)
    install(resources, "3.0")
    print(json.dumps({"code": code, "left": before, "mended": state(resources)}))
    shutil.rmtree(resources)
    if not code:
        break
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="stops a process at each step, which needs fork")


def runs(how: str, tmp_path: Path) -> list[dict[str, Any]]:
    """Every run of an update from version 1.0 to 2.0 that was stopped ``how``, the last one not at all."""
    ended = subprocess.run(
        [sys.executable, "-c", DRIVER, how, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    return [json.loads(line) for line in ended.stdout.splitlines()]


def version_in(files: dict[str, str], name: str = "UpTrack") -> str | None:
    """The version of a whole folder; ``None`` where there is no such folder."""
    held = {path.removeprefix(f"{name}/"): text for path, text in files.items() if path.startswith(f"{name}/")}
    if not held:
        return None
    version = json.loads(held.pop("uptrack.json"))["version"]
    assert held == {"UpTrack_A.lua": version, "lib/json.lua": version, "mine.txt": "my notes"}
    return str(version)


def test_whatever_step_fails_the_old_or_the_new_folder_is_whole_under_its_name(tmp_path: Path) -> None:
    *failed, done = runs("fail", tmp_path)
    assert len(failed) > 15
    assert {version_in(run["left"]) for run in failed} == {"1.0", "2.0"}
    assert version_in(done["left"]) == "2.0"
    refused = [run for run in failed if run["code"] == 1]
    assert refused
    assert not [path for run in refused for path in run["left"] if path.startswith(".UpTrack")]
    for run in (*failed, done):
        assert version_in(run["mended"]) == "3.0"
        assert not [path for path in run["mended"] if path.startswith(".UpTrack")]


def test_wherever_a_crash_comes_a_whole_folder_is_left_and_the_next_run_takes_it_up(tmp_path: Path) -> None:
    *crashed, done = runs("crash", tmp_path)
    assert len(crashed) > 15
    for run in crashed:
        # Between the two renames the old one stands under the name it was put aside.
        assert version_in(run["left"]) in {"1.0", "2.0"} or version_in(run["left"], ".UpTrack.old") == "1.0"
        assert run["left"]["__startup.lua"].endswith("return 1")
    assert any(version_in(run["left"]) is None for run in crashed)
    for run in (*crashed, done):
        assert version_in(run["mended"]) == "3.0"
        assert not [path for path in run["mended"] if path.startswith(".UpTrack")]


def test_what_a_crash_put_aside_is_found_until_it_is_back(tmp_path: Path) -> None:
    target = tmp_path / "UpTrack"
    assert folder.standing(target) is None
    (tmp_path / ".UpTrack.old").mkdir()
    assert folder.standing(target) == tmp_path / ".UpTrack.old"
    folder.settle(target)
    assert folder.standing(target) == target


def test_a_file_behind_a_link_is_replaced_where_it_lies_and_keeps_its_permissions(tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "startup.lua").write_bytes(b"old")
    (dotfiles / "startup.lua").chmod(0o640)
    link = tmp_path / "__startup.lua"
    link.symlink_to(dotfiles / "startup.lua")
    folder.write_whole(link, b"new")
    assert link.is_symlink()
    assert (dotfiles / "startup.lua").read_bytes() == b"new"
    assert (dotfiles / "startup.lua").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in dotfiles.iterdir()] == ["startup.lua"]
