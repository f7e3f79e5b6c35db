"""Loudness by two other meters, beside ours; and what is said where one of them has none to give."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console

from support.needs import need_program
from support.signals import amplitude, music, tone
from uptrack_analysis import crosscheck as crosschecks
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.crosscheck import Opinion, crosscheck
from uptrack_analysis.present.crosscheck import crosscheck_table
from uptrack_analysis.signal import Block

RATE_HZ = 44_100
RANGE_TOLERANCE_LU = 1.0  # Tech 3342 allows as much; pyloudnorm counts silence behind the end


def written(path: Path, signal: Block) -> Path:
    soundfile.write(path, signal.T, RATE_HZ, subtype="PCM_24")
    return path


def wandering(channels: int) -> Block:
    """Twelve seconds of music, the second half 12 dB quieter."""
    signal = music(RATE_HZ, 12, channels=channels)
    signal[:, signal.shape[1] // 2 :] *= np.float32(amplitude(-12.0))
    return signal


@pytest.mark.parametrize("channels", [1, 2, 4, 5, 6])
def test_both_meters_agree_with_ours_on_the_channels_they_know(tmp_path: Path, channels: int) -> None:
    need_program("ffmpeg")
    path = written(tmp_path / "mix.wav", wandering(channels))
    ours = analyze_file(path).report.measurements.loudness
    pyloudnorm, ffmpeg = crosscheck(path)
    assert pyloudnorm.integrated_lufs == pytest.approx(ours.integrated_lufs, abs=0.05)
    assert pyloudnorm.range_lu == pytest.approx(ours.range_lu, abs=RANGE_TOLERANCE_LU)
    if channels in {4, 5}:
        assert ffmpeg.integrated_lufs is None
        assert "take these channels for others" in (ffmpeg.reason or "")
    else:
        assert ffmpeg.integrated_lufs == pytest.approx(ours.integrated_lufs, abs=0.1)
        assert ffmpeg.range_lu == pytest.approx(ours.range_lu, abs=RANGE_TOLERANCE_LU)


def test_what_is_not_installed_gives_no_figure_and_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "mix.wav", wandering(2))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert crosscheck(path) == (
        Opinion("pyloudnorm", reason='it is not installed: pip install "uptrack[crosscheck]"'),
        Opinion("ffmpeg ebur128", reason="it is not installed"),
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
@pytest.mark.parametrize(
    ("script", "said"),
    [("exec true", "ended before"), ("exec cat > /dev/null", "no summary"), (None, "cannot be started")],
)
def test_a_program_that_only_bears_the_name_of_ffmpeg_gives_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, said: str
) -> None:
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text("nothing to run" if script is None else f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    _, ffmpeg = crosscheck(written(tmp_path / "mix.wav", wandering(2)))
    assert ffmpeg.integrated_lufs is None
    assert said in (ffmpeg.reason or "")


def test_a_file_too_long_to_be_held_is_left_to_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_program("ffmpeg")
    monkeypatch.setattr(crosschecks, "MOST_SAMPLES", 1_000_000)
    pyloudnorm, ffmpeg = crosscheck(written(tmp_path / "mix.wav", wandering(2)))
    assert pyloudnorm.integrated_lufs is None
    assert "over 1,000,000 samples" in (pyloudnorm.reason or "")
    assert ffmpeg.integrated_lufs is not None


@pytest.mark.parametrize(
    "signal", [np.zeros((2, 4 * RATE_HZ), np.float32), tone(RATE_HZ, 0.1, -6.0)], ids=["silent", "short"]
)
def test_of_nothing_there_is_no_figure(tmp_path: Path, signal: Block) -> None:
    need_program("ffmpeg")
    opinions = crosscheck(written(tmp_path / "mix.wav", signal))
    assert [(said.integrated_lufs, said.range_lu) for said in opinions] == [(None, None)] * 2
    assert all(said.reason for said in opinions)


def test_a_file_under_three_seconds_has_no_range(tmp_path: Path) -> None:
    need_program("ffmpeg")
    for said in crosscheck(written(tmp_path / "mix.wav", tone(RATE_HZ, 2.0, -6.0))):
        assert said.integrated_lufs == pytest.approx(-6.0, abs=0.1)
        assert said.range_lu is None


def test_the_table_shows_each_figure_with_its_distance_from_ours(tmp_path: Path) -> None:
    report = analyze_file(written(tmp_path / "mix.wav", tone(RATE_HZ, 4.0, -20.0))).report
    opinions = (Opinion("one", -20.25, 0.5), Opinion("other", -19.9, None, decimals=1), Opinion("third", reason="why"))
    console = Console(width=100)
    with console.capture() as shown:
        console.print(crosscheck_table(report, opinions))
    lines = [" ".join(line.split()) for line in shown.get().splitlines()]
    assert lines[1:] == [
        "Loudness by other meters",
        "UpTrack −19.99 LUFS 0.00 LU",
        "one −20.25 LUFS (−0.26) 0.50 LU (+0.50)",
        "other −19.9 LUFS (+0.1) –",
        "third gives no figure: why.",
    ]
