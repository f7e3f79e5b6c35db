"""P8: music trains no model: all code that reads audio from where it is held is known here, line by line."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("account", "bridges", "analysis", "daemon")
READERS = {
    ("account/uptrack_account/audio/worker.py", "_fetch"): "the analysis, into a private folder",
    ("account/uptrack_account/web/upload_pages.py", "audio"): "its owner's own download",
    ("account/uptrack_account/people/export.py", "_pack_audio"): "the archive of its owner's own data",
}


def sources() -> list[Path]:
    return [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]


def test_every_reader_of_held_audio_is_known() -> None:
    found = set[tuple[str, str]]()
    for path in sources():
        tree = ast.parse(path.read_text("utf-8"))
        functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        for function in functions:
            if any(is_read(node) for node in ast.walk(function)):
                found.add((str(path.relative_to(ROOT)), function.name))
    assert found == set(READERS)


def is_read(node: ast.AST) -> bool:
    """``objects.read`` in any spelling: called, or only named and called elsewhere."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "read"
        and ast.unparse(node.value).rpartition(".")[2].lstrip("_") == "objects"
    )


def test_one_file_knows_how_to_reach_the_object_store() -> None:
    knows = {str(path.relative_to(ROOT)) for path in sources() if "obstore" in imports(path)}
    assert knows == {"account/uptrack_account/audio/objects.py"}


def test_the_folder_it_lies_in_is_named_nowhere_else() -> None:
    named = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "account").rglob("*.py")
        if any(isinstance(node, ast.Constant) and node.value == "objects" for node in ast.walk(parsed(path)))
    }
    assert named == {"account/uptrack_account/audio/objects.py"}


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports(path: Path) -> set[str]:
    """The packages a file imports."""
    found = set[str]()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
