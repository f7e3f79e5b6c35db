from __future__ import annotations

import os
from pathlib import Path

import pytest

from uptrack_analysis.errors import BadInput
from uptrack_daemon.home import Home
from uptrack_daemon.settings import DaemonSettings, load


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in list(os.environ):
        if name.startswith("UPTRACK_"):
            monkeypatch.delenv(name)
    return Home(tmp_path)


def test_nothing_set_means_the_defaults(home: Home) -> None:
    assert load(home).model_dump() == DaemonSettings().model_dump()
    assert (load(home).retention_days, load(home).workers, load(home).port) == (7, 1, 0)


def test_an_option_wins_over_the_environment_and_that_over_the_file(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.config_file.write_text('workers = 2\nretention_days = 2\ntarget = "stream"\n')
    monkeypatch.setenv("UPTRACK_WORKERS", "3")
    monkeypatch.setenv("UPTRACK_RETENTION_DAYS", "3")
    settings = load(home, workers=4)
    assert (settings.workers, settings.retention_days, settings.target) == (4, 3, "stream")


def test_watched_folders_are_a_list_in_the_file_and_like_path_in_the_environment(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.config_file.write_text('watch = ["/one", "~/two"]\n')
    assert load(home).watch == (Path("/one"), Path.home() / "two")
    monkeypatch.setenv("UPTRACK_WATCH", os.pathsep.join(["/three", "/four"]))
    assert load(home).watch == (Path("/three"), Path("/four"))


def test_the_homes_own_variable_is_no_setting(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPTRACK_HOME", str(home.root))
    load(home)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("retention_days = 8", "Setting retention_days in .*less than or equal to 7; got 8"),
        ("retention_days = -1", "greater than or equal to 0; got -1"),
        ("port = 70000", "Setting port .*65535; got 70000"),
        ('target = "radio"', "Setting target .*'club', 'stream' or 'premaster'; got 'radio'"),
        ("retention = 3", "Setting retention in .* is not known; the settings are .*retention_days"),
        ('watch = ["music"]', "Setting watch .*absolute path, not 'music'"),
        ("time_limit_s = nan", "Setting time_limit_s"),
        ("workers = ", "Expected TOML in .*config.toml"),
    ],
)
def test_a_bad_file_is_one_sentence_that_names_the_setting(home: Home, text: str, says: str) -> None:
    home.config_file.write_text(text)
    with pytest.raises(BadInput, match=says) as refusal:
        load(home)
    assert refusal.value.code == "config.bad"
    assert "\n" not in refusal.value.sentence


def test_a_bad_variable_is_named_as_the_variable(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPTRACK_WORKERS", "many")
    with pytest.raises(BadInput, match=r"Environment variable UPTRACK_WORKERS: .*; got 'many'"):
        load(home)


def test_a_file_that_is_not_text_is_one_sentence(home: Home) -> None:
    home.config_file.write_bytes(b"genre = '\xff\xfe'")
    with pytest.raises(BadInput, match="UTF-8"):
        load(home)


def test_a_file_that_cannot_be_read_is_one_sentence(home: Home) -> None:
    home.config_file.mkdir()
    with pytest.raises(BadInput, match="cannot be read"):
        load(home)
