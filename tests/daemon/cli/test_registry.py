"""The command line as a whole: quick to start, honest about faults."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from uptrack_analysis.errors import BadInput, InvalidSignal, NotAudio, NothingToMeasure, Unavailable
from uptrack_daemon.cli import COMMANDS, errors, main

Capture = pytest.CaptureFixture[str]
ROOMS = [str(Path(__file__).parents[3] / room) for room in ("daemon", "bridges", "analysis")]
HEAVY = {"numpy", "scipy", "soundfile", "aiohttp", "sqlalchemy", "pydantic", "jinja2", "rich.console"}


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    script = (
        f"import sys; sys.path[:0] = {ROOMS!r}\n"
        "from uptrack_daemon.cli import main\n"
        "assert main(['--help']) == 0\n"
        "print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert all(f"  {name} " in ended.stdout for name in COMMANDS)
    assert HEAVY & set(ended.stderr.split()) == set()


@pytest.mark.parametrize(
    "words",
    [
        ["analyze", ""],
        ["analyze", "mix.wav", "", "--json"],
        ["analyze", "mix.wav", "--html", ""],
        ["watch", ""],
        ["demo", "--keep", ""],
        ["reports", "export", "3f2a", "--out", ""],
    ],
    ids=" ".join,
)
def test_an_empty_path_is_a_slip_and_never_the_current_folder(
    words: list[str], capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Taken for a folder, it would be watched or written to: then at least not the one of whoever runs this.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UPTRACK_HOME", str(tmp_path / "a file"))
    (tmp_path / "a file").touch()
    assert main(words) == 2
    said = "".join(capsys.readouterr())
    assert "expected a path, got an empty one" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_the_table_can_be_registered_and_explains_itself(name: str, capsys: Capture) -> None:
    assert callable(importlib.import_module(COMMANDS[name]).register)
    assert main([name, "--help"]) == 0
    assert f"Usage: uptrack {name}" in capsys.readouterr().out


def test_without_words_the_help_is_shown(capsys: Capture) -> None:
    assert main([]) == 0
    assert "Usage: uptrack" in capsys.readouterr().out


def test_the_version_is_the_installed_one(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("uptrack 0.")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NothingToMeasure("x"), 1),
        (typer.BadParameter("x"), 2),
        (BadInput("x"), 3),
        (NotAudio("x"), 3),
        (Unavailable("x"), 4),
        (OSError(28, "No space left on device"), 4),
        (MemoryError(), 70),
        (InvalidSignal("x"), 70),
        (ZeroDivisionError("x"), 70),
    ],
)
def test_each_kind_of_error_has_its_exit_code_one_sentence_and_a_problem(
    error: Exception, code: int, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UPTRACK_DEBUG", raising=False)
    assert errors.tell(error) == code
    assert errors.tell(error, as_json=True) == code
    out, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert json.loads(out)["exit_code"] == code
    assert json.loads(out)["detail"] in err


def test_a_fault_of_ours_shows_its_traceback_only_to_who_asks(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPTRACK_DEBUG", "1")
    with pytest.raises(ZeroDivisionError) as raised:
        divmod(1, 0)
    assert errors.tell(raised.value) == 70
    assert "Traceback" in capsys.readouterr().err


def test_a_terminal_without_a_real_minus_gets_a_hyphen_and_not_a_question_mark() -> None:
    errors.make_output_robust()
    assert "−9.87 LUFS · 1:02–1:04 ♪".encode("ascii", "uptrack.plain") == b"-9.87 LUFS | 1:02-1:04 ?"
