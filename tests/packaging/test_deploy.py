"""``deploy/``: each file is one that its own program takes, and says nothing that the service does not know."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.needs import need_program
from uptrack_account.audio.objects import open_objects
from uptrack_account.cli import account_app
from uptrack_account.settings import AccountSettings

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
EXPOSURE = {"uptrack-account.service": 2.0, "uptrack-account-worker.service": 4.0}
"""At most, of 10, as ``systemd-analyze security`` counts it; deploy/README.md says so."""


def variables(text: str) -> set[str]:
    return set(re.findall(r"\bUPTRACK_ACCOUNT_([A-Z0-9_]+)", text))


def composed() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return read


def example(folder: Path) -> Path:
    """Filled in."""
    path = folder / "account.env"
    text = (DEPLOY / "account.env.example").read_text("utf-8")
    path.write_text(re.sub(r"^(\w+)=$", r"\1=x", text, flags=re.MULTILINE))
    return path


@pytest.mark.parametrize("path", [path for path in DEPLOY.rglob("*") if path.is_file()], ids=lambda path: path.name)
def test_every_variable_is_a_setting_that_there_is(path: Path) -> None:
    known = {name.upper() for name in AccountSettings.model_fields}
    assert variables(path.read_text("utf-8")) - known == set()


def test_the_example_is_a_service_that_would_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in example(tmp_path).read_text("utf-8").splitlines():
        name, told, value = line.partition("=")
        if told and name.startswith("UPTRACK_ACCOUNT_"):
            monkeypatch.setenv(name, value)
    settings = AccountSettings()
    assert settings.origin == "https://account.example.org"
    assert settings.behind_proxy


def test_what_compose_says_is_a_service_that_would_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in composed()["x-account"]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:(?:\?|-(\w*))\}", lambda found: found[1] or "x", value))
    settings = AccountSettings()
    assert (settings.jobs, settings.workers) == ("procrastinate", 0)
    open_objects(settings)


def test_compose_takes_its_file(tmp_path: Path) -> None:
    program = need_program("docker-compose")
    command = [program, "--env-file", str(example(tmp_path)), "-f", str(DEPLOY / "compose.yaml"), "config", "--quiet"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_compose_says_which_variable_is_missing(tmp_path: Path) -> None:
    program = need_program("docker-compose")
    empty = tmp_path / "account.env"
    empty.touch()
    command = [program, "--env-file", str(empty), "-f", str(DEPLOY / "compose.yaml"), "config", "--quiet"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode != 0
    assert re.search(r"UPTRACK|POSTGRES", ended.stderr)


def test_only_the_proxy_is_reached_from_outside_and_who_measures_reaches_nothing() -> None:
    services = composed()["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"caddy"}
    assert composed()["networks"]["inside"] == {"internal": True}
    for name in ("worker", "postgres", "objects"):
        assert services[name]["networks"] == ["inside"], name


def test_every_command_is_one_of_ours() -> None:
    commands = {str(command.name) for command in account_app.registered_commands}
    told = [
        service["command"]
        for service in composed()["services"].values()
        if service.get("command", [""])[0] == "uptrack"
    ]
    told += [re.findall(r"^ExecStart=\S+/(.*)$", unit.read_text("utf-8"), re.MULTILINE)[0].split() for unit in UNITS]
    assert len(told) == 4
    assert {words[0] for words in told} == {"uptrack"}
    assert {words[1] for words in told} == {"account"}
    assert {words[2] for words in told} <= commands


def test_caddy_takes_its_file() -> None:
    command = [need_program("caddy"), "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    environment = {**os.environ, "UPTRACK_DOMAIN": "account.example.org"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert "Valid configuration" in ended.stdout + ended.stderr, ended.stderr
    assert ended.returncode == 0


def installed(unit: Path, folder: Path) -> Path:
    """The unit with a program that is there: the check asks whether it can be run."""
    path = folder / unit.name
    path.write_text(unit.read_text("utf-8").replace("/opt/uptrack/bin/uptrack", "/bin/true"))
    return path


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_every_unit_and_finds_it_closed(unit: Path, tmp_path: Path) -> None:
    program, path = need_program("systemd-analyze"), installed(unit, tmp_path)
    verified = subprocess.run([program, "verify", str(path)], capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    command = [program, "security", "--offline=true", "--no-pager", str(path)]
    judged = subprocess.run(command, capture_output=True, text=True)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
    assert exposure, judged.stderr
    assert float(exposure[1]) <= EXPOSURE[unit.name]


def test_a_unit_with_a_slip_in_it_is_found(tmp_path: Path) -> None:
    program, path = need_program("systemd-analyze"), installed(UNITS[0], tmp_path)
    path.write_text(path.read_text("utf-8").replace("ProtectHome=yes", "ProtectHoem=yes"))
    verified = subprocess.run([program, "verify", str(path)], capture_output=True, text=True)
    assert "ProtectHoem" in verified.stderr
