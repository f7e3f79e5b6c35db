"""A crate: what is in it, measured lightly and once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from support.signals import amplitude, music
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.errors import BadInput
from uptrack_analysis.measure import crate as crate_module
from uptrack_analysis.measure.crate import measure_crate
from uptrack_analysis.settings import Settings

RATE_HZ = 44_100


def write(path: Path, seconds: float = 14.0, *, gain_db: float = 0.0, seed: int = 1) -> Path:
    sf.write(path, amplitude(gain_db) * music(RATE_HZ, seconds, seed=seed).T, RATE_HZ, subtype="PCM_24")
    return path


def test_level_and_tone_are_those_of_a_whole_analysis(tmp_path: Path) -> None:
    mix = write(tmp_path / "a.wav", 24.0)
    (track,) = measure_crate(tmp_path, tmp_path / "elsewhere.wav", Limits(), lambda _fraction: None).tracks
    report = analyze_file(mix, Settings()).report
    assert track.integrated_lufs == pytest.approx(report.measurements.loudness.integrated_lufs, abs=0.01)
    levels = [band.level_db for band in report.measurements.spectrum.bands]
    assert track.bands_db == pytest.approx(levels, abs=1.0)


def test_the_mix_itself_and_what_is_no_audio_are_left_out(tmp_path: Path) -> None:
    mix = write(tmp_path / "mix.wav")
    write(tmp_path / "b.wav", gain_db=-6.0)
    sf.write(tmp_path / "silence.wav", np.zeros((RATE_HZ, 2)), RATE_HZ)
    (tmp_path / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0 no sound")
    (tmp_path / ".hidden.wav").write_bytes(b"")
    (tmp_path / "older").mkdir()
    found = measure_crate(tmp_path, mix, Limits(), lambda _fraction: None)
    assert len(found.tracks) == 1


def test_a_track_is_measured_once_and_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, measured = write(tmp_path / "a.wav"), []
    real = crate_module._measure

    def counted(path: Path, *rest: object) -> object:
        measured.append(path.name)
        return real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(crate_module, "_measure", counted)
    for _ in range(2):
        first = measure_crate(tmp_path, tmp_path / "mix.wav", Limits(), lambda _fraction: None)
    assert measured == ["a.wav"]
    write(path, 15.0, gain_db=-6.0)
    second = measure_crate(tmp_path, tmp_path / "mix.wav", Limits(), lambda _fraction: None)
    assert measured == ["a.wav", "a.wav"]
    assert second.tracks[0].integrated_lufs < first.tracks[0].integrated_lufs - 5


class Cancelled(Exception):
    pass


def test_cancelling_ends_it(tmp_path: Path) -> None:
    for name in "abcdef":
        write(tmp_path / f"{name}.wav", 6.0)

    def heard(_fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        measure_crate(tmp_path, tmp_path / "mix.wav", Limits(), heard)


def test_a_folder_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Expected a folder of tracks"):
        measure_crate(tmp_path / "nowhere", tmp_path / "mix.wav", Limits(), lambda _fraction: None)


def test_a_crate_comes_through_settings_to_the_rule(tmp_path: Path) -> None:
    folder = tmp_path / "crate"
    folder.mkdir()
    for number in range(3):
        write(folder / f"{number}.wav", 8.0, seed=number + 1)
    mix = write(tmp_path / "mix.wav", gain_db=-9.0)
    heard: list[float] = []
    report = analyze_file(mix, Settings(crate=str(folder)), lambda fraction, _stage: heard.append(fraction)).report
    assert "Quieter than the crate" in {finding.title for finding in report.findings}
    assert heard == sorted(heard)
    assert str(folder) not in str(report)
