"""``uptrack analyze`` as people and programs call it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from support import many_layers
from support.needs import need_program
from support.small_band import mixed, small_band, written
from support.tracks import beat, long_track
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.audio.files import display_name
from uptrack_analysis.report import ProjectFacts, to_json
from uptrack_analysis.settings import Settings
from uptrack_daemon.cli import main

Capture = pytest.CaptureFixture[str]
COMMAND = [sys.executable, "-m", "uptrack_daemon.cli"]


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return beat(tmp_path_factory.mktemp("mix") / "mix.wav", seconds=4.0)


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    rooms = [str(Path(__file__).parents[3] / room) for room in ("daemon", "bridges", "analysis")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(rooms)}


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    path = tmp_path / "empty.wav"
    sf.write(path, np.zeros((0, 2)), 44_100)
    return path


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "notes.wav"
    path.write_text("this is no audio at all, only some words about a mix\n" * 20)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted where Linux lists them")
def test_linear_algebra_gets_no_threads_of_its_own(mix: Path, environment: dict[str, str]) -> None:
    """BLAS would start one for every processor, which wait for each other whenever something else runs."""
    script = (
        "import os, sys\n"
        "from uptrack_daemon.cli import main\n"
        f"assert main(['analyze', {str(mix)!r}]) == 0\n"
        "print(os.environ['OPENBLAS_NUM_THREADS'], len(os.listdir('/proc/self/task')), file=sys.stderr)\n"
    )
    asked = {name: value for name, value in environment.items() if not name.endswith("_NUM_THREADS")}
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=asked)
    assert ended.stderr.split() == ["1", "1"]
    own = {**asked, "OPENBLAS_NUM_THREADS": "2"}
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=own)
    assert ended.stderr.split()[0] == "2"  # what the user has set stays


def test_text_says_score_and_figures_on_stdout_and_nothing_on_stderr(mix: Path, capsys: Capture) -> None:
    assert main(["analyze", str(mix)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("mix.wav\n")
    assert "Integrated loudness" in out
    assert "\x1b" not in out
    assert err == ""


def test_json_is_exactly_the_report(mix: Path, capsys: Capture) -> None:
    assert (
        main(["analyze", str(mix), "--json", "--genre", "techno", "--target", "stream", "--bpm", "125", "--key", "f#m"])
        == 0
    )
    facts = ProjectFacts(bpm=125.0, key="F# minor")
    expected = analyze_file(mix, Settings(genre="techno", target="stream", project=facts)).report
    assert capsys.readouterr().out == to_json(expected) + "\n"


def test_several_files_are_an_array_in_which_a_bad_one_is_a_problem(
    mix: Path, text_file: Path, empty: Path, capsys: Capture
) -> None:
    assert main(["analyze", str(text_file), str(mix), str(empty), "--json"]) == 3
    out, err = capsys.readouterr()
    documents: list[dict[str, Any]] = json.loads(out)
    assert err == ""
    assert [document.get("exit_code", 0) for document in documents] == [3, 0, 1]
    assert documents[0]["type"] == "urn:uptrack:input.not_audio"
    assert documents[0]["name"] == "notes.wav"
    assert documents[1]["source"]["name"] == "mix.wav"
    assert documents[2]["title"] == "Nothing to measure"


def test_one_bad_file_is_one_problem_document(text_file: Path, capsys: Capture) -> None:
    assert main(["analyze", str(text_file), "--json"]) == 3
    out, err = capsys.readouterr()
    problem = json.loads(out)
    assert {"type", "title", "detail", "code", "exit_code", "name"} == set(problem)
    assert err == ""


def test_one_bad_file_does_not_stop_the_others(mix: Path, text_file: Path, capsys: Capture) -> None:
    assert main(["analyze", str(text_file), str(mix)]) == 3
    out, err = capsys.readouterr()
    assert out.lstrip().startswith("mix.wav\n")
    assert err.startswith("uptrack: ")
    assert err.count("\n") == 1
    assert "notes.wav" in err


@pytest.mark.parametrize(
    ("path", "code"), [("is not there.wav", 3), ("", 3), ("/dev/zero", 3), ("/dev/null", 3), ("\x1b[2J.wav", 3)]
)
def test_what_is_no_file_is_one_sentence(path: str, code: int, tmp_path: Path, capsys: Capture) -> None:
    assert main(["analyze", str(tmp_path / path)]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert "\x1b" not in err


def test_no_audio_frame_means_nothing_to_measure(empty: Path, capsys: Capture) -> None:
    assert main(["analyze", str(empty)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["analyze"],
        ["analyse", "x.wav"],
        ["analyze", "x.wav", "--nope"],
        ["analyze", "x.wav", "--target", "cinema"],
        ["analyze", "x.wav", "--genre", "polka"],
        ["analyze", "x.wav", "--bpm", "fast"],
        ["analyze", "x.wav", "--bpm", "-3"],
        ["analyze", "x.wav", "--bpm", "nan"],
        ["analyze", "x.wav", "--key", "H dur"],
        ["analyze", "x.wav", "--json", "--html", "x.html"],
        ["analyze", "x.wav", "--html", "x.wav"],
    ],
)
def test_wrong_usage_is_one_sentence_and_code_2(words: list[str], capsys: Capture) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    if "--json" in words:
        assert json.loads(out)["exit_code"] == 2
        assert err == ""
    else:
        assert out == ""
        assert err.startswith("uptrack: ")
        assert err.count("\n") == 1


def test_a_page_is_written_whole_and_said_in_one_line(mix: Path, tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "mix.html"
    assert main(["analyze", str(mix), "--html", str(page)]) == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert capsys.readouterr().out.startswith(f"{page}: ")
    assert [path.name for path in tmp_path.iterdir()] == ["mix.html"]


def test_several_pages_go_into_a_folder_and_none_overwrites_another(mix: Path, tmp_path: Path) -> None:
    twin = beat(tmp_path / "mix.wav", seconds=2.0)
    pages = tmp_path / "pages"
    assert main(["analyze", str(mix), str(twin), "--html", str(pages)]) == 0
    assert sorted(path.name for path in pages.iterdir()) == ["mix.wav-2.html", "mix.wav.html"]


@pytest.mark.parametrize("place", ["missing/folder/page.html", "a file/page.html", "/proc/page.html"])
def test_a_page_that_cannot_be_written_is_said_before_anything_is_measured(
    place: str, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "a file").write_text("")
    assert main(["analyze", str(tmp_path / "is not there.wav"), "--html", str(tmp_path / place)]) == 3
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "is not there" not in err
    assert "--html" in err


def test_a_mix_is_never_overwritten_by_its_page(mix: Path, capsys: Capture) -> None:
    before = mix.read_bytes()
    assert main(["analyze", str(mix), "--html", str(mix)]) == 2
    assert mix.read_bytes() == before
    assert ".html" in capsys.readouterr().err


def test_stage_times_go_to_stderr_and_leave_the_report_as_it_is(mix: Path, capsys: Capture) -> None:
    assert main(["analyze", str(mix), "--json", "--timings"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["schema"] == "uptrack.report/1"
    assert "total" in err


@pytest.mark.parametrize("words", [[], ["--json"], ["--json", "--genre", "polka"]])
def test_nobody_reading_is_no_error_message(words: list[str], mix: Path, environment: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        ended = subprocess.run(
            [*COMMAND, "analyze", str(mix), *words], stdout=stdout, stderr=subprocess.PIPE, env=environment, text=True
        )
    assert (ended.returncode, ended.stderr) == (141, "")


def test_a_files_name_reaches_no_terminal_unchecked(tmp_path: Path, capsys: Capture) -> None:
    odd = beat(tmp_path / "mix\u202ev7.wav", seconds=2.0)
    assert main(["analyze", str(odd), "--html", str(tmp_path), "--timings"]) == 0
    out, err = capsys.readouterr()
    assert "mix\ufffdv7.wav.html: " in out
    assert "mix\ufffdv7.wav: seconds by stage" in err
    assert "\u202e" not in out + err


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_full_disk_is_one_sentence_and_code_4(words: list[str], mix: Path, environment: dict[str, str]) -> None:
    with FULL.open("wb") as stdout:
        ended = subprocess.run(
            [*COMMAND, "analyze", str(mix), *words], stdout=stdout, stderr=subprocess.PIPE, env=environment, text=True
        )
    assert ended.returncode == 4
    assert ended.stderr.count("\n") == 1
    assert "No space left" in ended.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize("words", [[], ["--json"]])
def test_output_that_whoever_started_us_closed_is_no_fault(
    words: list[str], mix: Path, environment: dict[str, str]
) -> None:
    ended = subprocess.run(
        ["/bin/sh", "-c", '"$@" >&-', "sh", *COMMAND, "analyze", str(mix), *words],
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("name", ["a" * 300 + ".wav", "x\x1b[31mred.wav"])
def test_a_name_that_is_shortened_or_cleaned_is_said_once(name: str, capsys: Capture) -> None:
    assert main(["analyze", name]) == 3
    err = capsys.readouterr().err
    assert err.startswith(f"uptrack: {display_name(name)} ")


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_progress_is_shown_on_a_terminal_and_wiped_when_done(
    mix: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    terminal, end = os.openpty()
    with (tmp_path / "report.json").open("wb") as stdout, os.fdopen(end, "wb") as stderr:
        process = subprocess.Popen(
            [*COMMAND, "analyze", str(mix), "--json"],
            stdout=stdout,
            stderr=stderr,
            env={**environment, "TERM": "xterm", "COLUMNS": "80"},
        )
    text = b""
    with process, os.fdopen(terminal, "rb", buffering=0) as shown, contextlib.suppress(OSError):
        # Linux says EIO once the last writer of a terminal is gone.
        while part := shown.read(65_536):
            text += part
    assert json.loads((tmp_path / "report.json").read_bytes())["schema"] == "uptrack.report/1"
    assert b"mix.wav" in text
    assert b"%" in text
    assert text.rstrip().endswith(b"\x1b[2K")


@pytest.fixture
def ctrl_c_heard() -> Iterator[None]:
    """What a shell starts in the background inherits that SIGINT is ignored; a child of ours must not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_heard")
def test_ctrl_c_ends_quietly(mix: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    long = long_track(tmp_path / "long.wav", minutes=20)
    with subprocess.Popen(
        [*COMMAND, "analyze", str(mix), str(long)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "mix.wav\n"  # the first report is out: the long file is being measured
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
        assert process.wait() == 130


def test_stems_from_a_folder_are_told_by_their_tracks_names(tmp_path: Path, capsys: Capture) -> None:
    stems = small_band()
    written(tmp_path / "stems", {"01 Kick": stems["Kick"], "Song - Bass": stems["Bass"], "02_Hats": stems["Hats"]})
    (tmp_path / "stems" / "notes.txt").write_text("not a stem")
    mix = tmp_path / "stems" / "Song.wav"  # a DAW puts the master beside the stems
    sf.write(mix, mixed(stems).T, 44_100, subtype="PCM_24")
    assert main(["analyze", str(mix), "--stems", str(tmp_path / "stems")]) == 0
    out, err = capsys.readouterr()
    table = out.partition("\nStems\n")[2].partition("\n\n")[0].splitlines()
    assert [row.split()[0] for row in table if row[2] != " "][:3] == ["Kick", "Hats", "Bass"]
    assert "leaves" in out
    assert err == ""


def test_sixty_stems_of_any_length_rate_and_width_are_placed_and_the_one_that_is_not_in_the_mix_is_named(
    tmp_path: Path, capsys: Capture
) -> None:
    mix, folder = many_layers.written(tmp_path)
    assert main(["analyze", str(mix), "--stems", str(folder), "--genre", "techno", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    layers = [many_layers.Layer(number) for number in range(many_layers.COUNT)]
    assert [stem["name"] for stem in report["stems"]] == [layer.name for layer in layers]
    for stem, layer in zip(report["stems"], layers, strict=True):
        assert stem["problem"] is None
        source, place = stem["source"], stem["place"]
        assert (source["sample_rate_hz"], source["channels"]) == (layer.rate_hz, layer.channels)
        assert source["duration_s"] == layer.seconds
        if layer.number == many_layers.SILENT:
            assert stem["figures"]["integrated_lufs"] is None
            assert place["by"] == "nothing"
        else:
            assert (place["by"], place["in_mix"]) == ("waveform", layer.number != many_layers.NOT_IN_MIX)
            assert abs(place["delay_ms"]) < 0.1
    named = [(one["stem"], one["title"]) for one in report["findings"] if one["rule"] == "int.stemsum"]
    missing = layers[many_layers.NOT_IN_MIX].name
    assert named == [(missing, f"{missing} is not in the mix")]
    assert report["stem_sum"]["null_db"] < -30


def test_two_files_of_one_track_name_are_two_stems(tmp_path: Path, capsys: Capture) -> None:
    kick = small_band(seconds=4.0)["Kick"]
    written(tmp_path / "stems", {"01 Kick": kick, "02 Kick": kick * np.float32(0.5)})
    sf.write(tmp_path / "mix.wav", 1.5 * kick.T, 44_100)
    assert main(["analyze", str(tmp_path / "mix.wav"), "--stems", str(tmp_path / "stems"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["context"]["stems"] == ["Kick", "Kick 2"]


def test_stems_in_full_have_a_beat_of_their_own_and_need_their_folder(tmp_path: Path, capsys: Capture) -> None:
    stems = small_band()
    written(tmp_path / "stems", {"Kick": stems["Kick"]})
    sf.write(tmp_path / "mix.wav", mixed(stems).T, 44_100, subtype="PCM_24")
    mix, folder = str(tmp_path / "mix.wav"), str(tmp_path / "stems")
    assert main(["analyze", mix, "--stems", folder, "--stems-in-full", "--json"]) == 0
    (kick,) = json.loads(capsys.readouterr().out)["stems"]
    assert kick["in_full"]["measurements"]["loudness"]["true_peak_dbtp"] >= kick["figures"]["sample_peak_dbfs"]
    assert main(["analyze", mix, "--stems-in-full"]) == 2
    assert "name their folder" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_a_folder_without_stems_is_a_slip_of_the_command(
    mix: Path, tmp_path: Path, folder: str, capsys: Capture
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["analyze", str(mix), "--stems", str(tmp_path / folder)]) == 2
    assert "--stems" in capsys.readouterr().err


def test_stems_belong_to_one_mix(mix: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["analyze", str(mix), str(mix), "--stems", str(tmp_path)]) == 2
    assert "one mix" in capsys.readouterr().err


def test_a_crate_is_compared_with_and_its_folder_never_told(tmp_path: Path, capsys: Capture) -> None:
    crate = tmp_path / "my crate"
    crate.mkdir()
    for number in range(3):
        beat(crate / f"{number}.wav", seconds=4.0, gain=0.5, seed=number + 2)
    quiet = beat(tmp_path / "quiet.wav", seconds=4.0, gain=0.1)
    assert main(["analyze", str(quiet), "--crate", str(crate), "--json"]) == 0
    report = capsys.readouterr().out
    assert "Quieter than the crate" in report
    assert "my crate" not in report


def test_a_crate_that_is_no_folder_is_a_slip_of_the_hand(mix: Path, capsys: Capture) -> None:
    assert main(["analyze", str(mix), "--crate", str(mix)]) == 2
    assert "expected a folder of tracks" in " ".join(capsys.readouterr().err.split())


def test_codecs_are_asked_only_with_their_option(mix: Path, capsys: Capture) -> None:
    need_program("ffmpeg")
    unmeasured: list[dict[str, str]] = []
    for option in ([], ["--codecs"]):
        assert main(["analyze", str(mix), "--json", *option]) == 0
        unmeasured.append(json.loads(capsys.readouterr().out)["score"]["unmeasured_rules"])
    without, asked = unmeasured
    assert "--codecs" in without["int.codec_overs"]
    assert "int.codec_overs" not in asked


def test_a_crosscheck_stands_below_the_report_and_changes_none(mix: Path, capsys: Capture) -> None:
    need_program("ffmpeg")
    assert main(["analyze", str(mix)]) == 0
    report = capsys.readouterr().out
    assert main(["analyze", str(mix), "--crosscheck"]) == 0
    checked = capsys.readouterr().out
    assert checked.startswith(report)
    assert "Loudness by other meters" in checked.removeprefix(report)


@pytest.mark.parametrize("other", [["--json"], ["--html", "page.html"]])
def test_a_crosscheck_is_text_only(mix: Path, capsys: Capture, other: list[str]) -> None:
    assert main(["analyze", str(mix), "--crosscheck", *other]) == 2
    assert "--crosscheck prints a table" in "".join(capsys.readouterr())
