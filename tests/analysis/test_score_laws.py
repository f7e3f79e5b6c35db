"""What the score must not hear: laws on real music, a fixed set of five songs.

One was made in LMMS by somebody else, one is the demo's (synthesised, mixed and mastered), three are arrangements of
ours. None is clipped: a plateau is a fact of one file, which resampling undoes. ``benchmarks/score_properties.py`` asks
more songs. The laws that hold for any set of findings are property tests in ``findings/test_score.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from support.arrangements import Arrangement, play
from support.lmms import render
from support.remade import FORMS, louder, plain, prepared
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.findings.score import Kept, overall_score
from uptrack_analysis.report import Report, to_json
from uptrack_analysis.settings import Settings
from uptrack_analysis.signal import Block
from uptrack_daemon.demo import arrangement, master

RATE_HZ = 44_100
GENRES = {"lmms": None, "demo": "house", "techno": "techno", "breaks": "dnb", "half-time": "dubstep"}
ARRANGED = {
    "techno": Arrangement(
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
    ),
    "breaks": Arrangement(
        "breaks 172",
        172.0,
        "breaks",
        """
intro 8: hats pad
drop 16: kick hats clap shaker bass lead*0.7
break 8: pad air
drop 16: kick hats clap shaker bass arp
""",
        seed=8,
        root_hz=52.0,
    ),
    "half-time": Arrangement(
        "half-time 140",
        140.0,
        "half",
        """
intro 4: hats pad
drop 16: kick hats clap bass lead*0.5
break 4: pad air
drop 8: kick hats clap shaker bass arp
""",
        seed=11,
        root_hz=44.0,
    ),
}


@pytest.fixture(scope="module", params=GENRES)
def song(request: pytest.FixtureRequest) -> tuple[str, Block]:
    """Name and samples, shape (channels, frames), with room for 6 dB more under full scale."""
    name: str = request.param
    if name == "lmms":
        path, _bpm = render("shorties/Surrender-Main.mmpz")
        samples = np.ascontiguousarray(sf.read(path, dtype="float32", always_2d=True)[0].T)
    elif name == "demo":
        samples = master.master(master.sum_stems(arrangement.arrange(7).values()))
    else:
        samples = play(ARRANGED[name], RATE_HZ)
    return name, prepared(samples, RATE_HZ)


@pytest.fixture(scope="module")
def as_it_is(song: tuple[str, Block], tmp_path_factory: pytest.TempPathFactory) -> Report:
    return judged(plain(song[1], RATE_HZ, tmp_path_factory.mktemp("plain")), song[0])


def analysed(folder: Path, song: tuple[str, Block]) -> Report:
    path = folder / f"{len(list(folder.iterdir()))}.wav"
    sf.write(path, song[1].T, RATE_HZ, subtype="FLOAT")
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
    song: tuple[str, Block], as_it_is: Report, tmp_path: Path, gain_db: float
) -> None:
    areas: set[str] = {"tonal", "stereo", "low"}
    before = said(as_it_is, areas)
    assert song[0] != "techno" or any(severity != "info" for _rule, _title, severity, _value in before)
    moved = said(judged(louder(gain_db)(song[1], RATE_HZ, tmp_path), song[0]), areas)
    assert [one[:3] for one in moved] == [one[:3] for one in before]
    assert [one[3] for one in moved] == pytest.approx([one[3] for one in before], abs=0.02)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_music_in_another_form_has_the_same_score(
    song: tuple[str, Block], as_it_is: Report, tmp_path: Path, form: str
) -> None:
    remade = judged(FORMS[form].write(song[1], RATE_HZ, tmp_path), song[0])
    assert exact(remade) == pytest.approx(exact(as_it_is), abs=FORMS[form].points)


def test_swapping_the_channels_alters_no_rule_that_speaks(
    song: tuple[str, Block], as_it_is: Report, tmp_path: Path
) -> None:
    swapped = judged(FORMS["with its channels swapped"].write(song[1], RATE_HZ, tmp_path), song[0])
    assert {one.rule for one in swapped.findings} == {one.rule for one in as_it_is.findings}


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
