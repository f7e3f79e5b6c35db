"""What installing into REAPER changes, what it keeps, what it refuses, and that taking it out leaves what was there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_daemon.install.reaper import Edition, Reaper, plan_install, plan_uninstall
from uptrack_daemon.install.steps import carry_out

ONE = Edition(
    "1.0", "/home/ada/.uptrack", ["/usr/bin/python3", "-m", "x"], {"UpTrack_A.lua": b"a 1", "lib/json.lua": b"j 1"}
)
TWO = replace(ONE, version="2.0", files={"UpTrack_A.lua": b"a 2", "UpTrack_B.lua": b"b 2", "lib/json.lua": b"j 1"})


@pytest.fixture
def reaper(tmp_path: Path) -> Reaper:
    """A REAPER with a user's own things in it."""
    (tmp_path / "Scripts").mkdir()
    (tmp_path / "reaper.ini").write_text("[reaper]\n")
    (tmp_path / "reaper-kb.ini").write_text("KEY 1 2 3 0\n")
    (tmp_path / "Scripts" / "mine.lua").write_text("mine()")
    (tmp_path / "Scripts" / "__startup.lua").write_bytes(b"mine()\r\nreturn 1")
    return Reaper(tmp_path)


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def install(reaper: Reaper, edition: Edition = ONE, *, startup: bool | None = None) -> list[str]:
    said: list[str] = []
    carry_out(plan_install(reaper, edition, startup=startup), said.append)
    return said


def uninstall(reaper: Reaper) -> list[str]:
    said: list[str] = []
    carry_out(plan_uninstall(reaper), said.append)
    return said


def test_scripts_and_stamp_are_all_that_comes(reaper: Reaper) -> None:
    before = tree(reaper.resources)
    install(reaper)
    after = tree(reaper.resources)
    came = {name: content for name, content in after.items() if name not in before}
    stamp = json.loads(came.pop("Scripts/UpTrack/uptrack.json") or b"")
    assert came == {
        "Scripts/UpTrack": None,
        "Scripts/UpTrack/UpTrack_A.lua": b"a 1",
        "Scripts/UpTrack/lib": None,
        "Scripts/UpTrack/lib/json.lua": b"j 1",
    }
    assert (stamp["version"], stamp["home"], stamp["command"]) == (ONE.version, ONE.home, ONE.command)
    assert before.items() <= after.items()


def test_the_stamp_is_ascii_whatever_the_home_is_called(reaper: Reaper) -> None:
    install(reaper, replace(ONE, home="/home/zoë 音"))
    text = (reaper.ours / "uptrack.json").read_bytes()
    assert text.isascii()
    assert json.loads(text)["home"] == "/home/zoë 音"


@pytest.mark.parametrize("startup", [None, True, False])
def test_a_plan_changes_nothing(reaper: Reaper, startup: bool | None) -> None:
    install(reaper, startup=True)
    (reaper.ours / "notes.txt").write_text("mine")
    before = tree(reaper.resources)
    assert plan_install(reaper, TWO, startup=startup)
    assert plan_uninstall(reaper)
    assert tree(reaper.resources) == before


@pytest.mark.parametrize("startup", [True, False])
@pytest.mark.parametrize("versions", [[ONE], [ONE, TWO], [TWO, ONE, ONE]])
def test_taking_it_out_leaves_every_byte_as_it_was(reaper: Reaper, versions: list[Edition], startup: bool) -> None:
    before = tree(reaper.resources)
    for edition in versions:
        install(reaper, edition, startup=startup)
    assert tree(reaper.resources) != before
    uninstall(reaper)
    assert tree(reaper.resources) == before
    assert uninstall(reaper) == []


def test_a_startup_file_that_was_made_for_us_is_deleted_again(reaper: Reaper) -> None:
    reaper.startup.unlink()
    install(reaper, startup=True)
    assert reaper.startup.exists()
    uninstall(reaper)
    assert not reaper.startup.exists()


def test_an_update_brings_lines_up_to_date_only_where_they_are(reaper: Reaper) -> None:
    users = reaper.startup.read_bytes()
    install(reaper)
    assert reaper.startup.read_bytes() == users
    install(reaper, startup=True)
    first = reaper.startup_block()
    install(reaper, TWO)
    second = reaper.startup_block()
    assert first is not None
    assert second is not None
    assert "UpTrack_B.lua" not in first
    assert "UpTrack_B.lua" in second
    install(reaper, TWO, startup=False)
    assert reaper.startup.read_bytes() == users


def test_files_the_user_added_are_carried_over(reaper: Reaper) -> None:
    install(reaper)
    (reaper.ours / "lib" / "my own").mkdir()
    (reaper.ours / "lib" / "my own" / "presets.txt").write_text("mine")
    (reaper.ours / "link").symlink_to("/nowhere")
    said = install(reaper, TWO)
    assert (reaper.ours / "lib" / "my own" / "presets.txt").read_text() == "mine"
    assert (reaper.ours / "link").is_symlink()
    assert (reaper.ours / "UpTrack_A.lua").read_bytes() == b"a 2"
    assert any("presets.txt: it is yours" in sentence for sentence in said)


def test_what_the_user_changed_of_ours_is_kept_beside_the_new_file(reaper: Reaper) -> None:
    install(reaper)
    for change in ("first", "second"):
        (reaper.ours / "UpTrack_A.lua").write_text(change)
        said = install(reaper, TWO)
        assert any("Keep your changes to UpTrack_A.lua as " in sentence for sentence in said)
    assert (reaper.ours / "UpTrack_A.lua").read_bytes() == b"a 2"
    assert (reaper.ours / "UpTrack_A.lua.edited").read_text() == "first"
    assert (reaper.ours / "UpTrack_A.lua.edited2").read_text() == "second"


def test_taking_it_out_leaves_what_is_the_users_inside(reaper: Reaper) -> None:
    install(reaper)
    (reaper.ours / "lib" / "json.lua").write_text("changed")
    (reaper.ours / "notes.txt").write_text("mine")
    said = uninstall(reaper)
    assert tree(reaper.ours) == {"lib": None, "lib/json.lua": b"changed", "notes.txt": b"mine"}
    assert sum("it is yours" in sentence for sentence in said) == 2


def test_a_name_both_need_is_refused_and_nothing_is_done(reaper: Reaper) -> None:
    install(reaper)
    (reaper.ours / "UPTRACK_B.lua").write_text("mine")  # the same file, where names have no case
    before = tree(reaper.resources)
    with pytest.raises(BadInput, match="rename or move yours"):
        install(reaper, TWO)
    assert tree(reaper.resources) == before


@pytest.mark.parametrize("there", ["folder", "file", "link", "damaged"])
def test_what_is_not_ours_is_refused_and_nothing_is_done(reaper: Reaper, there: str, tmp_path: Path) -> None:
    match there:
        case "folder":
            reaper.ours.mkdir()
            (reaper.ours / "other.lua").write_text("not ours")
        case "file":
            reaper.ours.write_text("not ours")
        case "link":
            (tmp_path / "elsewhere").mkdir()
            reaper.ours.symlink_to(tmp_path / "elsewhere")
        case _:
            install(reaper)
            (reaper.ours / "uptrack.json").write_text('{"version": "1.0"}')
    before = tree(reaper.resources)
    for act in (install, uninstall):
        with pytest.raises(BadInput, match=r"move (it|the folder) away"):
            act(reaper)
    assert tree(reaper.resources) == before


def test_a_stamp_that_names_files_outside_is_not_followed(reaper: Reaper) -> None:
    install(reaper)
    stamp = json.loads((reaper.ours / "uptrack.json").read_text())
    for name in ("../mine.lua", "/etc/passwd", "lib\\..\\x", "c:x"):
        (reaper.ours / "uptrack.json").write_text(json.dumps(stamp | {"files": {name: "0"}}))
        with pytest.raises(BadInput, match="is damaged"):
            uninstall(reaper)
    assert (reaper.scripts / "mine.lua").exists()


def test_broken_marks_stop_everything_before_it_begins(reaper: Reaper) -> None:
    install(reaper, startup=True)
    reaper.startup.write_bytes(reaper.startup.read_bytes().replace(b"-- <<< UpTrack <<<", b""))
    before = tree(reaper.resources)
    for act in (install, uninstall):
        with pytest.raises(BadInput, match="by hand"):
            act(reaper)
    assert tree(reaper.resources) == before


def test_a_folder_that_cannot_be_written_is_a_sentence(reaper: Reaper, tmp_path: Path) -> None:
    steps = plan_install(reaper, ONE, startup=None)
    (reaper.scripts / "mine.lua").rename(tmp_path / "mine.lua")
    reaper.startup.unlink()
    reaper.scripts.rmdir()
    with pytest.raises(Unavailable, match="refused it") as refused:
        carry_out(steps, lambda sentence: None)
    assert refused.value.code == "install.disk"
