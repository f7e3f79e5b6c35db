"""``uptrack account``: served from a process of its own, ended by a signal, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from support.account_site import ADA, BOB, account_service, somebody
from support.stores import Clock
from uptrack_daemon.cli import main

GENEROUS_S = 120.0
SERVE = [sys.executable, "-m", "uptrack_daemon.cli", "account", "serve"]


def environment(home: Path, **settings: str) -> dict[str, str]:
    own = {f"UPTRACK_ACCOUNT_{name.upper()}": value for name, value in settings.items()}
    return {**os.environ, "UPTRACK_ACCOUNT_HOME": str(home), "UPTRACK_ACCOUNT_PORT": "0", **own}


def test_it_serves_until_a_signal_and_leaves_a_database_for_its_owner(tmp_path: Path) -> None:
    with subprocess.Popen(SERVE, env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        port = re.fullmatch(
            r"The account is at http://localhost:8765 \(listening on 127\.0\.0\.1, port (\d+)\)\.\n", said
        )
        assert port, said
        request = urllib.request.Request(f"http://127.0.0.1:{port[1]}/readyz", headers={"Host": "localhost:8765"})
        with urllib.request.urlopen(request, timeout=GENEROUS_S) as answer:  # noqa: S310 - this machine
            assert answer.read() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(GENEROUS_S) == 0
    assert (tmp_path / "account.sqlite").stat().st_mode & 0o077 == 0


def test_a_port_that_is_taken_is_a_sentence_and_code_4(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            SERVE, env=environment(tmp_path, port=port), capture_output=True, text=True, timeout=GENEROUS_S
        )
    assert ended.returncode == 4
    assert f"Expected to listen on port {port} of 127.0.0.1, but" in ended.stderr
    assert "Traceback" not in ended.stderr


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["account", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_migrate_makes_the_tables_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UPTRACK_ACCOUNT_HOME", str(tmp_path))
    for _ in range(2):
        assert told(capsys, "migrate") == (0, "The account's database is up to date.\n", "")
    assert (tmp_path / "account.sqlite").exists()


@pytest.mark.parametrize("words", [(), ("ada@example.org", "--everybody")])
def test_sign_out_asks_whose_browsers_first(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code, _out, err = told(capsys, "sign-out", *words)
    assert (code, "Expected an e-mail address, or --everybody, and not both." in err) == (3, True)


def test_who_serves_the_account_signs_out_one_person_or_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("UPTRACK_ACCOUNT_HOME", str(home))

    async def two_people() -> None:
        async with account_service(home, "", Clock()) as service:
            for email in (ADA, ADA, BOB):
                account_id = ids.get(email) or await somebody(service, email)
                ids[email] = account_id
                await service.sessions.begin(account_id, "")

    ids = dict[str, str]()
    asyncio.run(two_people())
    assert told(capsys, "sign-out", " ADA@example.org") == (0, "2 browsers signed out.\n", "")
    assert told(capsys, "sign-out", ADA) == (0, "0 browsers signed out.\n", "")
    assert told(capsys, "sign-out", "--everybody") == (0, "1 browser signed out.\n", "")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SITE", "http://uptrack.pro", "expected https in front of uptrack.pro"),
        ("PORT", "70000", "UPTRACK_ACCOUNT_PORT: "),
        ("DATABASE", "mysql://here", "Expected a database address like postgresql://"),
    ],
)
def test_a_setting_that_cannot_be_is_a_sentence_and_code_3(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"UPTRACK_ACCOUNT_{name}", value)
    code, _out, err = told(capsys, "migrate")
    assert code == 3
    assert sentence in err
    assert err.count("\n") <= 3


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("uptrack_account.cli.EXTRA", ("no_such_module",))
    code, _out, err = told(capsys, "migrate")
    assert code == 4
    assert "install uptrack[account]" in err
