"""``uptrack link``, ``sync`` and ``unlink`` as a person runs them, in processes of their own."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from support.account_site import Browser, account_service, served, somebody
from support.companion import companion
from support.daemon_process import GENEROUS_S, environment_of, uptrack
from support.stores import Clock
from support.tracks import beat
from uptrack_account.service import Service
from uptrack_account.store.models import DeviceRow
from uptrack_daemon.store import utc_now


@pytest.fixture
async def open_site(tmp_path: Path, clock: Clock) -> AsyncIterator[tuple[Service, Browser]]:
    """An account at an address of its own, with Ada signed in."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with account_service(tmp_path / "site", "", clock, port=port) as service, served(service) as browser:
        await somebody(service)
        await browser.sign_in()
        yield service, browser


@pytest.fixture
def environment(tmp_path: Path, open_site: tuple[Service, Browser]) -> dict[str, str]:
    site = open_site[0].settings.origin
    return environment_of(tmp_path / "companion", keychain="false", account_site=site)


async def run(*words: str, environment: Mapping[str, str]) -> tuple[int, str, str]:
    ended = await asyncio.to_thread(uptrack, *words, environment=environment)
    return ended.returncode, ended.stdout, ended.stderr


async def run_link(browser: Browser, *words: str, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run it and confirm the code it shows."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uptrack_daemon.cli", "link", *words),
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    shown = (await process.stdout.readline()).decode()
    code = re.search(r"type (\w{4}-\w{4}), or open http://localhost:\d+/link\?user_code=\1\n", shown)
    assert code, shown
    assert (await browser.post("/link/answer", user_code=code[1], answer="allow")).status == 200
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_from_link_to_unlink(open_site: tuple[Service, Browser], environment: dict[str, str]) -> None:
    service, browser = open_site
    site = service.settings.origin
    assert await run("sync", environment=environment) == (
        0,
        "Not linked: nothing leaves this machine. `uptrack link` links it to an account.\n",
        "",
    )
    code, out, err = await run_link(browser, "--name", "Studio", environment=environment)
    assert code == 0
    assert out.startswith(f"Linked to Ada at {site}: reports made from now on go there, without names.")
    assert err.startswith("The keychain is switched off, so the key to your account is kept in ")
    assert err.count("\n") == 1
    _code, said, _err = await run("sync", environment=environment)
    assert said == f"Linked to Ada at {site} as Studio, without names.\n0 there, 0 waiting, 0 refused.\n"
    code, _out, err = await run("link", environment=environment)
    assert code == 3
    assert "`uptrack unlink` ends that first" in err
    _code, said, _err = await run("unlink", environment=environment)
    assert said == f"Unlinked from Ada at {site}: nothing leaves this machine any more.\n"
    assert "None is linked" in (await browser.get("/devices")).text
    assert await run("unlink", environment=environment) == (0, "This machine is not linked to an account.\n", "")


async def test_a_measured_file_is_sent_by_a_command_and_erased_by_another(
    open_site: tuple[Service, Browser], environment: dict[str, str], tmp_path: Path
) -> None:
    service, browser = open_site
    await run_link(browser, "--names", environment=environment)
    mix = beat(tmp_path / "warehouse.wav", seconds=2)
    code, _out, err = await run("analyze", str(mix), "--keep", environment=environment)
    assert code == 0, err
    assert json.loads((await run("sync", "--json", environment=environment))[1])["waiting"] == 1
    code, said, err = await run("sync", "--now", environment=environment)
    assert (code, err) == (0, "")
    assert said.endswith("1 there, 0 waiting, 0 refused.\n")
    (device,) = await machines(service)
    (project,) = await service.reports.projects(device.account_id)
    assert (project.name, project.latest.name) == ("warehouse", "warehouse.wav")
    code, said, _err = await run("reports", "delete", project.latest.id, environment=environment)
    assert said.startswith("Erased 1 report.\n1 of them may be in your account: deleted there as well")
    await run("sync", "--now", environment=environment)
    assert await service.reports.projects(device.account_id) == []
    assert (await run("analyze", str(mix), "--keep", environment=environment))[0] == 0
    code, _out, err = await run("unlink", environment=environment)
    assert (code, err) == (0, "1 was still waiting to be sent or deleted there, and will not be.\n")


async def test_audio_is_sent_by_a_command_that_says_what_it_sends_and_asks(
    open_site: tuple[Service, Browser], environment: dict[str, str], tmp_path: Path
) -> None:
    service, browser = open_site
    site = service.settings.origin
    code, _out, err = await run("sync", "--audio", "abcd", "--yes", environment=environment)
    assert (code, err) == (
        3,
        "uptrack: No account is linked that audio could be sent to: `uptrack link` links one.\n",
    )
    await run_link(browser, "--no-names", environment=environment)
    mix = beat(tmp_path / "warehouse.wav", seconds=2)
    code, _out, err = await run("analyze", str(mix), "--keep", environment=environment)
    assert code == 0, err
    report = err.split("Kept as report ")[1][:8]
    what = (
        f"{mix} (0.4 MB) goes to Ada's account at {site} as it is, with tags that are written inside it, without its "
        "name, and so does its report. It is analysed there and deleted 2 days after its analysis, or after seven days "
        "if it could not be.\n"
    )
    words = ("sync", "--audio", report, "--keep-days", "2")
    code, said, err = await run(*words, "--dry-run", environment=environment)
    requests = err.splitlines()
    assert code == 0, err
    assert re.fullmatch(rf"PUT {site}/v1/reports/{report}\w{{8}}", requests[0])
    assert json.loads(said)["document"].startswith("{")
    assert re.fullmatch(rf"PUT {site}/v1/uploads/\w{{32}}\?sha256=\w{{64}}&project=\w{{64}}&keep_days=2", requests[1])
    assert requests[2:] == [
        f"  with the {mix.stat().st_size} bytes of {mix}, as they are",
        f"2 would be sent to Ada at {site}; nothing was.",
    ]
    code, said, err = await run(*words, environment=environment)
    assert (code, said) == (2, what)
    assert "nobody is here to be asked whether to send audio: say --yes" in err
    (device,) = await machines(service)
    assert await service.uploads.of(device.account_id) == []
    code, said, err = await run(*words, "--yes", environment=environment)
    assert (code, err) == (0, "")
    assert said.startswith(f"{what}warehouse.wav is at {site} (waiting), and is deleted there by ")
    (upload,) = await service.uploads.of(device.account_id)
    assert (upload.name, upload.bytes, upload.keep_days) == (None, mix.stat().st_size, 2)
    assert (await run("sync", "--audio", report, "--now", environment=environment))[0] == 2
    code, said, _err = await run("reports", "delete", report, environment=environment)
    assert code == 0
    code, said, err = await run("sync", "--dry-run", environment=environment)
    assert [line.split()[0] for line in err.splitlines()] == ["DELETE", "DELETE", "DELETE", "3"]
    await run("sync", "--now", environment=environment)
    (upload,) = await service.uploads.of(device.account_id)
    assert not upload.is_held


async def test_with_the_setting_a_command_sends_audio_and_without_it_drops_what_waits(
    open_site: tuple[Service, Browser], environment: dict[str, str], tmp_path: Path
) -> None:
    service, browser = open_site
    await run_link(browser, "--names", environment=environment)
    always = environment | {"UPTRACK_ACCOUNT_AUDIO": "always"}
    for seed in (1, 2):
        mix = beat(tmp_path / f"mix{seed}.wav", seconds=2, seed=seed)
        code, _out, err = await run("analyze", str(mix), "--keep", environment=always)
        assert code == 0, err
        asked = json.loads((await run("sync", "--json", environment=always))[1])
        assert (asked["waiting"], asked["audio_waiting"]) == (1, 1)
        _code, _said, err = await run("sync", "--dry-run", environment=always)
        assert f"  with the {mix.stat().st_size} bytes of {mix}, as they are\n" in err
        environment_now = always if seed == 1 else environment
        code, said, err = await run("sync", "--now", environment=environment_now)
        assert (code, err) == (0, "")
        assert "Audio:" not in said
    (device,) = await machines(service)
    (upload,) = await service.uploads.of(device.account_id)
    assert (upload.name, upload.project_name) == ("mix1.wav", "mix")
    code, _said, err = await run("sync", "--now", environment=environment | {"UPTRACK_ACCOUNT_AUDIO": "sometimes"})
    assert code == 3
    assert "UPTRACK_ACCOUNT_AUDIO" in err


async def test_a_running_daemon_sends_by_itself(
    open_site: tuple[Service, Browser], environment: dict[str, str]
) -> None:
    service, browser = open_site
    home = Path(environment["UPTRACK_HOME"])
    async with companion(home, Clock(utc_now()), browser.port) as mine:
        await mine.link(browser, site=service.settings.origin)
        report_id = await mine.measure()
    (device,) = await machines(service)
    started = await asyncio.to_thread(uptrack, "daemon", "start", environment=environment)
    assert started.returncode == 0, started.stderr
    try:
        async with asyncio.timeout(GENEROUS_S):
            while not (projects := await service.reports.projects(device.account_id)):
                await asyncio.sleep(0.05)  # another process, which says nothing of it
    finally:
        await run("daemon", "stop", environment=environment)
    assert [project.latest.id for project in projects] == [report_id]


async def machines(service: Service) -> Sequence[DeviceRow]:
    async with service.database.reading() as session:
        return (await session.scalars(select(DeviceRow))).all()


async def test_a_site_that_is_not_there_or_is_none_is_a_sentence(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "companion", keychain="false")
    code, _out, err = await run("link", "--site", "http://127.0.0.1:1", environment=environment)
    assert code == 4
    assert "http://127.0.0.1:1 does not answer" in err
    code, _out, err = await run("link", "--site", "http://uptrack.pro", environment=environment)
    assert code == 3
    assert "Expected https:// before uptrack.pro" in err
