"""What the score must not hear: laws on real music, a fixed set of three songs.

One was made in LMMS by somebody else, one is the demo's (synthesised, mixed and mastered), one an arrangement of ours.
None is clipped: a plateau is a fact of one file, which resampling undoes.
The laws that hold for any set of findings are property tests in ``findings/test_score.py``.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr

from support.arrangements import Arrangement, play
from support.lmms import render
from support.needs import need_program
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.findings.score import Kept, overall_score
from uptrack_analysis.report import Report, to_json
from uptrack_analysis.settings import Settings
from uptrack_analysis.signal import Block
from uptrack_daemon.demo import arrangement, master

RATE_HZ = 44_100
SONGS = ("lmms", "demo", "arranged")
GENRES = {"lmms": None, "demo": "house", "arranged": "techno"}
ROOM_DB = 8.0
ARRANGED = Arrangement(
    "techno 132",
    132.0,
    "four",
    """
intro 4: kick hats
drop 16: kick hats clap shaker bass arp
break 8: pad arp*0.8 air
drop 16: kick hats clap shaker bass arp lead*0.6
""",
    seed=5,
    root_hz=49.0,
)


@pytest.fixture(scope="module", params=SONGS)
def song(request: pytest.FixtureRequest) -> tuple[str, Block]:
    """Name and samples, shape (channels, frames), with room for 6 dB more under full scale."""
    name: str = request.param
    if name == "lmms":
        path, _bpm = render("shorties/Surrender-Main.mmpz")
        samples = np.ascontiguousarray(sf.read(path, dtype="float32", always_2d=True)[0].T)
    elif name == "demo":
        samples = master.master(master.sum_stems(arrangement.arrange(7).values()))
    else:
        samples = play(ARRANGED, RATE_HZ)
    # Ends that are none: what an encoder or silence does to a cut is about the cut.
    samples = samples * np.clip(np.arange(samples.shape[1]) / (0.01 * RATE_HZ), 0.0, 1.0)
    samples = samples * np.clip((samples.shape[1] - 1 - np.arange(samples.shape[1])) / (2.0 * RATE_HZ), 0.0, 1.0) ** 2
    peak = float(np.abs(samples).max())
    return name, np.asarray(samples * (10 ** (-ROOM_DB / 20) / peak), dtype=np.float32)


def analysed(folder: Path, song: tuple[str, Block], rate_hz: int = RATE_HZ, subtype: str = "FLOAT") -> Report:
    path = folder / f"{len(list(folder.iterdir()))}.wav"
    sf.write(path, song[1].T, rate_hz, subtype=subtype)
    return judged(path, song[0])


def judged(path: Path, name: str) -> Report:
    return analyze_file(path, Settings(genre=GENRES[name])).report


def exact(report: Report) -> float:
    """The score before it is rounded."""
    assert report.score.overall is not None
    return overall_score([Kept.of(finding) for finding in report.findings], report.context.target)


def said(report: Report, areas: set[str]) -> list[tuple[str, str, str, float]]:
    return sorted(
        (finding.rule, finding.title, finding.severity, finding.value or 0.0)
        for finding in report.findings
        if finding.area in areas
    )


@pytest.mark.parametrize("gain_db", [-6.0, 6.0])
def test_gain_alters_no_verdict_on_tone_stereo_or_low_end(
    song: tuple[str, Block], tmp_path: Path, gain_db: float
) -> None:
    areas: set[str] = {"tonal", "stereo", "low"}
    plain = said(analysed(tmp_path, song), areas)
    assert song[0] != "arranged" or any(severity != "info" for _rule, _title, severity, _value in plain)
    moved = said(analysed(tmp_path, (song[0], song[1] * np.float32(10 ** (gain_db / 20)))), areas)
    assert [one[:3] for one in moved] == [one[:3] for one in plain]
    assert [one[3] for one in moved] == pytest.approx([one[3] for one in plain], abs=0.02)


def test_swapping_the_channels_alters_no_score(song: tuple[str, Block], tmp_path: Path) -> None:
    plain = analysed(tmp_path, song)
    swapped = analysed(tmp_path, (song[0], np.ascontiguousarray(song[1][::-1])))
    assert exact(swapped) == pytest.approx(exact(plain), abs=0.02)
    assert {one.rule for one in swapped.findings} == {one.rule for one in plain.findings}


def resampled(song: tuple[str, Block], folder: Path) -> Report:
    samples = np.ascontiguousarray(soxr.resample(song[1].T, RATE_HZ, 48_000, quality="VHQ").T)
    return analysed(folder, (song[0], samples), 48_000)


def in_24_bits(song: tuple[str, Block], folder: Path) -> Report:
    return analysed(folder, song, subtype="PCM_24")


def as_mp3(song: tuple[str, Block], folder: Path) -> Report:
    ffmpeg = need_program("ffmpeg")
    sf.write(folder / "mix.wav", song[1].T, RATE_HZ, subtype="FLOAT")
    mp3 = folder / "mix.mp3"
    command = [ffmpeg, "-nostdin", "-loglevel", "error", "-i", str(folder / "mix.wav"), "-b:a", "320k", str(mp3)]
    subprocess.run(command, check=True)
    return judged(mp3, song[0])


def with_silence(song: tuple[str, Block], folder: Path) -> Report:
    # Less than what the rule about ends calls long.
    return analysed(folder, (song[0], np.pad(song[1], ((0, 0), (0, 2 * RATE_HZ)))))


@pytest.mark.parametrize(
    ("remade", "points"),
    [(resampled, 0.5), (in_24_bits, 0.5), (as_mp3, 1.0), (with_silence, 0.2)],
    ids=["at 48 kHz", "in 24 bits", "as MP3 at 320 kb/s", "with silence behind it"],
)
def test_the_same_music_in_another_form_has_the_same_score(
    song: tuple[str, Block], tmp_path: Path, remade: Callable[[tuple[str, Block], Path], Report], points: float
) -> None:
    assert exact(remade(song, tmp_path)) == pytest.approx(exact(analysed(tmp_path, song)), abs=points)


def test_the_same_file_makes_the_same_bytes(song: tuple[str, Block], tmp_path: Path) -> None:
    path = tmp_path / "mix.wav"
    sf.write(path, song[1].T, RATE_HZ, subtype="FLOAT")
    assert to_json(judged(path, song[0])) == to_json(judged(path, song[0]))


# -- a clean render, and each fault where it belongs -------------------------------------------------------------------


@pytest.fixture(scope="module")
def mastered() -> Block:
    """The demo's song as it leaves its master bus."""
    return master.master(master.sum_stems(arrangement.arrange(7).values()))


def test_a_clean_render_scores_at_least_95(mastered: Block, tmp_path: Path) -> None:
    assert exact(analysed(tmp_path, ("demo", mastered))) >= 95


def clipped(sound: Block) -> Block:
    return np.asarray(np.clip(sound * np.float32(10**0.4), -1.0, 1.0 - 2.0**-23), dtype=np.float32)


def unbalanced(sound: Block) -> Block:
    return np.asarray(sound * np.array([[1.0], [0.75]]), dtype=np.float32)


def inverted(sound: Block) -> Block:
    return np.asarray(sound * np.array([[1.0], [-1.0]]), dtype=np.float32)


def offset(sound: Block) -> Block:
    return np.asarray(0.9 * sound + 0.03, dtype=np.float32)


def muffled(sound: Block) -> Block:
    spectrum = np.fft.rfft(sound, axis=1)
    hz = np.fft.rfftfreq(sound.shape[1], 1 / RATE_HZ)
    gain_db = np.clip(-5.0 * np.log2(np.maximum(hz, 1.0) / 500.0), -40.0, 0.0)
    return np.asarray(np.fft.irfft(spectrum * 10 ** (gain_db / 20), sound.shape[1]), dtype=np.float32)


def without_sub(sound: Block) -> Block:
    spectrum = np.fft.rfft(sound, axis=1)
    spectrum[:, np.fft.rfftfreq(sound.shape[1], 1 / RATE_HZ) < 75.0] = 0.0
    return np.asarray(np.fft.irfft(spectrum, sound.shape[1]), dtype=np.float32)


def holed(sound: Block) -> Block:
    torn = sound.copy()
    torn[:, 20 * RATE_HZ : 20 * RATE_HZ + 4_410] = 0.0
    return torn


@pytest.mark.parametrize(
    ("fault", "area"),
    [
        (clipped, "integrity"),
        (offset, "integrity"),
        (holed, "integrity"),
        (inverted, "integrity"),
        (unbalanced, "stereo"),
        (muffled, "tonal"),
        (without_sub, "low"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_each_fault_costs_its_own_area_most(
    mastered: Block, tmp_path: Path, fault: Callable[[Block], Block], area: str
) -> None:
    clean, damaged = analysed(tmp_path, ("demo", mastered)), analysed(tmp_path, ("demo", fault(mastered)))
    before = {one.area: one.score for one in clean.score.areas}
    lost = {one.area: before[one.area] - one.score for one in damaged.score.areas if one.area in before}
    assert all(lost[area] > points for other, points in lost.items() if other != area), lost
    assert exact(damaged) < exact(clean)
