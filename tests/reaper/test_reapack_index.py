"""ReaPack's index: what ReaPack would read of it is our scripts, all of them, with the addresses to fetch them from."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path, PurePosixPath
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "reapack_index.py"
OURS = ROOT / "reaper_scripts" / "UpTrack"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reapack_index", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


reapack_index = _load()


def read_as_reapack(text: str) -> dict[PurePosixPath, tuple[str, str, str]]:
    """What ReaPack 1.2 takes from an index (its loader of version 1), or an error where it would give one.

    Answers, by the path below REAPER's resources: address, section of the action list, checksum.
    """
    root = ET.fromstring(text)  # noqa: S314 - our own text
    assert root.tag == "index"
    assert root.get("version") == "1"
    name = root.get("name", "")
    assert name
    assert not re.search(r'[~#%&*{}\\:<>?/+|"]|^\.', name), "ReaPack allows no such name for a repository"
    files: dict[PurePosixPath, tuple[str, str, str]] = {}
    for category in root.findall("category"):
        assert category.get("name"), "empty category name"
        for package in category.findall("reapack"):
            assert package.get("name"), "empty package name"
            assert package.get("type") == "script", "of an unknown type, it would be left out without a word"
            assert len(package.findall("version")) == 1
            for version in package.findall("version"):
                assert re.match(r"\d", version.get("name", "")), "invalid version name"
                for source in version.findall("source"):
                    assert source.get("platform", "all") == "all"
                    assert set(source.get("main", "main").split()) == {"main"}
                    assert (source.text or "").strip(), "empty source url"
                    path = PurePosixPath("Scripts", name, category.get("name", ""), source.get("file", ""))
                    assert ".." not in path.parts
                    assert path not in files, "the second source of a file would be left out"
                    files[path] = (source.text or "", source.get("main", ""), source.get("hash", ""))
    return files


def test_the_index_in_the_tree_is_up_to_date() -> None:
    ended = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_reapack_would_install_every_file_as_it_is_and_register_the_actions() -> None:
    files = read_as_reapack(reapack_index.INDEX.read_text(encoding="utf-8"))
    folder = PurePosixPath("Scripts", reapack_index.REPOSITORY, reapack_index.CATEGORY)
    shipped = {path.relative_to(OURS).as_posix(): path for path in OURS.rglob("*") if path.is_file()}
    assert {path.relative_to(folder).as_posix() for path in files} == set(shipped)
    for path, (address, section, checksum) in files.items():
        name = path.relative_to(folder).as_posix()
        assert section == ("main" if "/" not in name else "")
        # A multihash: 0x12 is SHA-256, 0x20 its length.
        assert checksum == f"1220{hashlib.sha256(shipped[name].read_bytes()).hexdigest()}"
        assert unquote(urlsplit(address).path).endswith(f"/UpTrack/{name}")
        assert " " not in address


def test_reapacks_folder_is_not_the_one_uptrack_install_uses() -> None:
    assert reapack_index.REPOSITORY != "UpTrack"


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {script.tags["version"] for script in reapack_index.read_scripts()} == {project["version"]}


def test_the_addresses_begin_where_the_caller_says() -> None:
    files = read_as_reapack(reapack_index.index("https://example.org/a/{version}/"))
    version = reapack_index.read_scripts()[0].tags["version"]
    assert all(address.startswith(f"https://example.org/a/{version}/UpTrack/") for address, _, _ in files.values())


def header(version: str = "1.0", provides: str = "lib/*.lua") -> str:
    return (
        f"--[[\n@description One & <two>\n@version {version}\n@author Ada\n@link https://example.org\n"
        f"@provides\n  [nomain] {provides}\n@about\n  A {{brace}} and Zoë 🎚, ]]>x.\n]]\n"
    ).replace("]]>", "]>")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "one.lua").touch()
    (tmp_path / "A.lua").write_text(header(), encoding="utf-8")
    (tmp_path / "B.lua").write_text(header(), encoding="utf-8")
    return tmp_path


def test_actions_share_what_comes_along_and_any_text_is_escaped(folder: Path) -> None:
    text = reapack_index.index(folder=folder)
    assert [path.name for path in read_as_reapack(text)] == ["A.lua", "B.lua", "one.lua"]
    about = ET.fromstring(text).findtext("category/reapack/metadata/description") or ""  # noqa: S314 - our own text
    assert about.startswith(r"{\rtf1")
    assert about.isascii()
    assert r"A \{brace\} and Zo\u235? \u-10180?\u-8294?, ]>x." in about
    assert "One & <two>" in about
    assert about.count("{") - about.count(r"\{") == about.count("}") - about.count(r"\}")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("B.lua", header(version="2.0"), "expected one @version in all scripts, got 1.0, 2.0"),
        ("B.lua", header(provides="lib/gone.lua"), "names lib/gone.lua, and there is no such file"),
        ("B.lua", "-- @version 1.0\n", "@description, @author, @about, @link is missing"),
        ("data/x.txt", "x", "no @provides names data/x.txt"),
    ],
)
def test_a_header_that_would_mislead_reapack_is_one_sentence(folder: Path, name: str, text: str, sentence: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(reapack_index.BadHeader, match=re.escape(sentence)):
        reapack_index.index(folder=folder)
