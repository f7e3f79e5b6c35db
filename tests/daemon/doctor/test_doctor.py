"""The doctor's checks: what is well, what keeps UpTrack from working, and what each sentence says to do."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from support.daemon_process import environment_of, running_daemon, uptrack
from uptrack_bridges.discovery import read_bridge
from uptrack_daemon.doctor.check import Check, worst
from uptrack_daemon.doctor.environment import check_home, check_packages, check_python
from uptrack_daemon.doctor.local_daemon import check_daemon, check_token
from uptrack_daemon.doctor.reaper import check_reapers
from uptrack_daemon.home import Home
from uptrack_daemon.install.reaper import Edition, Reaper, plan_install
from uptrack_daemon.install.reaper_places import Machine
from uptrack_daemon.install.remembered import remember
from uptrack_daemon.install.steps import carry_out

FILES: Mapping[str, bytes] = {"UpTrack_A.lua": b"a", "lib/json.lua": b"j"}


def by_name(checks: Iterable[Check]) -> dict[str, Check]:
    found = list(checks)
    assert len({check.name for check in found}) == len(found)
    return {check.name: check for check in found}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def test_this_python_and_its_packages_are_well() -> None:
    assert check_python().status == "ok"
    assert check_packages().status == "ok"
    assert "numpy" in check_packages().sentence


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "uptrack-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: uptrack\nVersion: 9.9\nRequires-Dist: no-such-package>=1\n"
        'Requires-Dist: no-such-tool; extra == "dev"\n'
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    found = check_packages()
    assert found.status == "problem"
    assert "missing: no-such-package;" in found.sentence


def test_a_home_that_is_private_and_writable_is_well(home: Home) -> None:
    assert {name: check.status for name, check in by_name(check_home(home)).items()} == {
        "home": "ok",
        "mailbox": "ok",
        "settings": "ok",
    }
    assert not any(home.mailbox.iterdir())


def test_a_home_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    (only,) = check_home(Home(tmp_path / "later"))
    assert only.status == "ok"
    assert not (tmp_path / "later").exists()


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_a_home_open_to_others_is_a_warning(home: Home) -> None:
    home.root.chmod(0o755)
    found = by_name(check_home(home))["home"]
    assert found.status == "warning"
    assert "mode 755" in found.sentence


@pytest.mark.skipif(os.name != "posix", reason="owners as POSIX has them")
def test_a_home_of_another_user_is_a_problem(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)
    found = by_name(check_home(home))
    assert (found["home"].status, found["mailbox"].status) == ("problem", "problem")
    assert "belongs to another user" in found["mailbox"].sentence


def test_a_mailbox_that_takes_no_message_is_a_problem(home: Home) -> None:
    home.mailbox.rmdir()
    home.mailbox.write_text("a file")
    assert by_name(check_home(home))["mailbox"].status == "problem"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_may_not_be_written_is_a_problem(home: Home) -> None:
    home.root.chmod(0o500)
    found = by_name(check_home(home))["home"]
    assert found.status == "problem"
    assert "permissions" in found.sentence


def test_settings_that_cannot_be_read_are_a_problem(home: Home) -> None:
    home.config_file.write_text("nonsense = ")
    found = by_name(check_home(home))["settings"]
    assert found.status == "problem"
    assert str(home.config_file) in found.sentence


async def daemon_checks(home: Home, version: str) -> dict[str, Check]:
    return by_name([check async for check in check_daemon(home, version)])


async def test_no_daemon_is_a_warning_also_where_a_killed_one_left_its_files(home: Home) -> None:
    home.bridge_file.write_text(json.dumps({"protocol": 1, "pid": 1}))
    home.lock_file.touch()
    (only,) = (await daemon_checks(home, "1.0")).values()
    assert only.status == "warning"
    assert "uptrack daemon start" in only.sentence


async def test_a_running_daemon_is_asked_on_every_wire_and_its_age_is_told(home: Home) -> None:
    with running_daemon(home.root):
        bridge = json.loads(home.bridge_file.read_text())
        well = await daemon_checks(home, bridge["version"])
        assert list(well) == ["daemon", "daemon.wires", "daemon.token", "daemon.version"]
        assert {check.status for check in well.values()} == {"ok"}
        newer = (await daemon_checks(home, "99.0"))["daemon.version"]
        assert newer.status == "warning"
        assert "99.0" in newer.sentence
        home.bridge_file.write_text(json.dumps(bridge | {"token": "not the token of this daemon"}))
        wrong = await daemon_checks(home, bridge["version"])
        assert wrong["daemon"].status == "problem"
        # The page and the scripts' door each look at the token for themselves.
        assert (await check_token(read_bridge(home.bridge_file))).status == "problem"
        with socket.socket() as nobody:  # bound and never listening: whoever knocks is turned away
            nobody.bind(("127.0.0.1", 0))
            home.bridge_file.write_text(json.dumps(bridge | {"port": nobody.getsockname()[1]}))
            silent = (await daemon_checks(home, bridge["version"]))["daemon"]
        assert silent.status == "problem"
        home.bridge_file.write_text(json.dumps(bridge))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folder = tmp_path / "user" / ".config" / "REAPER"
    (folder / "Scripts").mkdir(parents=True)
    (folder / "reaper.ini").touch()
    return Machine("linux", tmp_path / "user", {}, tmp_path / "system")


def reaper_on(machine: Machine) -> Reaper:
    return Reaper(machine.user / ".config" / "REAPER")


def install(machine: Machine, home: Home, changes: Mapping[str, Any] = MappingProxyType({})) -> None:
    edition = replace(Edition("1.0", str(home.root), [sys.executable], FILES), **changes)
    carry_out(plan_install(reaper_on(machine), edition, startup=True), lambda sentence: None)


def reaper_checks(machine: Machine, home: Home) -> dict[str, Check]:
    return by_name(check_reapers(machine, home, "1.0", FILES))


def test_no_reaper_and_a_reaper_without_us_are_no_problem(machine: Machine, home: Home) -> None:
    found = reaper_checks(machine, home)
    assert found["reaper.scripts"].status == "warning"
    assert "uptrack install reaper" in found["reaper.scripts"].sentence
    shutil.rmtree(reaper_on(machine).resources)
    (only,) = reaper_checks(machine, home).values()
    assert only.status == "ok"


def test_a_whole_installation_is_well(machine: Machine, home: Home) -> None:
    install(machine, home)
    found = reaper_checks(machine, home)
    assert {check.status for check in found.values()} == {"ok"}
    assert "registers the actions" in found["reaper.startup"].sentence


def test_luasocket_is_told_where_it_is_and_never_asked_for(machine: Machine, home: Home) -> None:
    assert "not installed" in reaper_checks(machine, home)["reaper.luasocket"].sentence
    place = reaper_on(machine).scripts / "Mavriq ReaScript Repository" / "Various" / "Mavriq-Lua-Sockets"
    place.mkdir(parents=True)
    found = reaper_checks(machine, home)["reaper.luasocket"]
    assert found.status == "ok"
    assert str(place) in found.sentence


@pytest.mark.parametrize(
    ("harm", "name", "status", "said"),
    [
        ("older", "reaper.scripts", "warning", "holds version 0.9, and this is 1.0"),
        ("file gone", "reaper.scripts", "problem", "misses lib/json.lua"),
        ("file changed", "reaper.scripts", "warning", "UpTrack_A.lua is not as it was installed"),
        ("cut off", "reaper.scripts", "problem", "was cut off"),
        ("by hand", "reaper.scripts", "warning", "was not put there by"),
        ("stamp damaged", "reaper.scripts", "problem", "is damaged"),
        ("other home", "reaper.home", "problem", "look for the daemon in /another"),
        ("python gone", "reaper.command", "problem", "/gone/python, which is not there any more"),
        ("startup changed", "reaper.startup", "warning", "are not as they were written"),
        ("startup broken", "reaper.startup", "problem", "Expected one block"),
    ],
)
def test_what_is_amiss_in_a_reaper_is_told_with_what_to_do(
    machine: Machine, home: Home, harm: str, name: str, status: str, said: str
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "older": {"version": "0.9"},
        "other home": {"home": "/another"},
        "python gone": {"command": ["/gone/python", "-m", "x"]},
    }
    install(machine, home, changes.get(harm, {}))
    reaper = reaper_on(machine)
    match harm:
        case "file gone":
            (reaper.ours / "lib" / "json.lua").unlink()
        case "file changed":
            (reaper.ours / "UpTrack_A.lua").write_bytes(b"changed")
        case "cut off":
            reaper.ours.rename(reaper.scripts / ".UpTrack.old")
        case "by hand":
            (reaper.ours / "uptrack.json").unlink()
        case "stamp damaged":
            (reaper.ours / "uptrack.json").write_text("{")
        case "startup changed":
            reaper.startup.write_text(reaper.startup.read_text().replace("UpTrack_A.lua", "UpTrack_Z.lua"))
        case "startup broken":
            reaper.startup.write_text(reaper.startup.read_text().replace("-- <<< UpTrack <<<", ""))
        case _:
            pass
    found = reaper_checks(machine, home)
    assert (found[name].status, said in found[name].sentence) == (status, True), found[name]
    assert {check.status for check in found.values() if check.name != name} <= {"ok"}


def test_a_portable_reaper_is_looked_at_where_scripts_were_installed_into_it(
    machine: Machine, home: Home, tmp_path: Path
) -> None:
    portable = Reaper(tmp_path / "stick" / "REAPER")
    portable.scripts.mkdir(parents=True)
    (portable.resources / "reaper.ini").touch()
    install(machine, home)
    edition = Edition("0.9", str(home.root), [sys.executable], FILES)
    carry_out(plan_install(portable, edition, startup=False), lambda sentence: None)

    def said(**more: Any) -> str:
        return "\n".join(check.sentence for check in check_reapers(machine, home, "1.0", FILES, **more))

    assert str(portable.ours) not in said()
    assert f"{portable.ours} holds version 0.9" in said(named=portable.resources)
    remember(home, portable.resources)
    remember(home, reaper_on(machine).resources)
    assert f"{portable.ours} holds version 0.9" in said()
    assert said() == said(named=portable.resources), "each is looked at once"
    shutil.rmtree(tmp_path / "stick")
    assert f"--uninstall --resource-path {portable.resources}`" in said()
    home.reapers_file.write_text("{nonsense")
    assert str(portable.resources) not in said()


def test_the_worst_check_decides() -> None:
    checks = [Check("a", "ok", ""), Check("b", "problem", ""), Check("c", "warning", "")]
    assert worst(checks) == "problem"
    assert worst([]) == "ok"


@pytest.mark.parametrize(("settings", "code"), [("", 0), ("nonsense = ", 4)])
def test_the_command_ends_with_4_only_for_a_problem_and_json_says_the_same(
    tmp_path: Path, settings: str, code: int
) -> None:
    home = Home(tmp_path / "home")
    home.create()
    home.config_file.write_text(settings)
    environment = environment_of(home.root) | {"HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    text = uptrack("doctor", environment=environment)
    document = uptrack("doctor", "--json", environment=environment)
    assert (text.returncode, document.returncode) == (code, code)
    said = json.loads(document.stdout)
    assert said["status"] == ("problem" if code else "warning")
    assert [line.split(maxsplit=1)[0] for line in text.stdout.splitlines()] == [
        check["status"] for check in said["checks"]
    ]
    assert text.stderr == document.stderr == ""


def test_the_command_looks_at_the_reaper_that_is_named(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home") | {"HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    portable = tmp_path / "stick"
    wrong = uptrack("doctor", "--resource-path", str(portable), environment=environment)
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (3, "", 1)
    portable.mkdir()
    (portable / "reaper.ini").touch()
    right = uptrack("doctor", "--resource-path", str(portable), environment=environment)
    assert f"UpTrack is not installed in {portable}" in right.stdout
