"""Wheel and sdist as ``make dist`` builds them: whole, alike, and enough to analyse a file without this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from support.tracks import beat

ROOT = Path(__file__).parents[2]
PACKAGES = ("daemon/uptrack_daemon", "bridges/uptrack_bridges", "analysis/uptrack_analysis")
SCRIPTS = {"reaper_scripts": "reaper", "ableton_remote": "ableton"}
pytestmark = pytest.mark.xdist_group("packaging")


def build(kind: str, project: Path, into: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(into)],
        cwd=project,
        check=True,
        capture_output=True,
    )
    (built,) = into.iterdir()
    return built


def files_in(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix() for path in found}


@pytest.fixture(scope="module")
def unpacked_sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(build("sdist", ROOT, folder / "built")) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (project,) = (folder / "unpacked").iterdir()
    return project


@pytest.fixture(scope="module")
def unpacked_wheel(unpacked_sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the sdist, as an installer without a wheel would."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(build("wheel", unpacked_sdist, folder / "built")) as archive:
        archive.extractall(folder / "unpacked")  # noqa: S202 - our own build of a moment ago
    return folder / "unpacked"


def test_the_wheel_holds_every_module_all_data_and_the_daw_scripts(unpacked_wheel: Path) -> None:
    for package in PACKAGES:
        name = Path(package).name
        held = {path for path in files_in(unpacked_wheel / name) if not path.startswith("daw_scripts/")}
        assert held == files_in(ROOT / package)
    for room, host in SCRIPTS.items():
        assert files_in(unpacked_wheel / "uptrack_daemon" / "daw_scripts" / host) == files_in(ROOT / room)


def test_the_sdist_holds_what_its_tests_and_its_readme_need(unpacked_sdist: Path) -> None:
    for room in ("tests", "docs", "scripts", "requirements"):
        assert files_in(unpacked_sdist / room) == files_in(ROOT / room)
    assert {"README.md", "LICENSE", "CHANGELOG.md", "Makefile"} <= files_in(unpacked_sdist)


def test_the_wheel_installs_its_own_scripts_into_reaper(unpacked_wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "reaper.ini").touch()
    environment = {**os.environ, "PYTHONPATH": str(unpacked_wheel), "UPTRACK_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", "import sys, uptrack_daemon.cli as c; print(c.__file__); sys.exit(c.main())"]
    ended = subprocess.run(
        [*command, "install", "reaper", "--startup", "--resource-path", str(tmp_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(str(unpacked_wheel))
    shipped = files_in(ROOT / "reaper_scripts" / "UpTrack")
    assert files_in(tmp_path / "Scripts" / "UpTrack") == shipped | {"uptrack.json"}


def test_the_wheel_analyses_a_file_by_itself(unpacked_wheel: Path, tmp_path: Path) -> None:
    mix = beat(tmp_path / "mix.wav", seconds=2.0)
    environment = {**os.environ, "PYTHONPATH": str(unpacked_wheel)}
    command = [sys.executable, "-c", "import sys, uptrack_daemon.cli as c; print(c.__file__); sys.exit(c.main())"]
    ended = subprocess.run(
        [*command, "analyze", str(mix), "--html", str(tmp_path / "mix.html")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(str(unpacked_wheel))
    assert (tmp_path / "mix.html").read_text("utf-8").startswith("<!doctype html>")
