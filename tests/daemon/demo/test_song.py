"""The demo song against the analysis itself: clean it is a good mix, planted every fault is found where it was put."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.report import Finding, ProjectFacts, Report
from uptrack_analysis.settings import Settings
from uptrack_daemon.demo import arrangement, faults, master
from uptrack_daemon.demo.effects import RATE_HZ, Sound
from uptrack_daemon.demo.faults import Fault
from uptrack_daemon.demo.song import DemoSong, render
from uptrack_daemon.demo.timeline import DROP_1, DROP_2, bar_start_s, frame

REPORTED = ("minor", "moderate", "major", "blocker")


pytestmark = pytest.mark.xdist_group("song")  # one performance, rendered twice, for all of them


@pytest.fixture(scope="module")
def performance() -> dict[str, Sound]:
    return arrangement.arrange(seed=1)


@pytest.fixture(scope="module")
def clean(performance: dict[str, Sound], tmp_path_factory: pytest.TempPathFactory) -> DemoSong:
    return render(tmp_path_factory.mktemp("clean"), performance, clean=True)


@pytest.fixture(scope="module")
def as_played(performance: dict[str, Sound]) -> dict[str, int]:
    """Checksums of the stems before anything was planted."""
    return {name: zlib.crc32(stem.tobytes()) for name, stem in performance.items()}


@pytest.fixture(scope="module")
def planted(
    performance: dict[str, Sound], as_played: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> DemoSong:
    return render(tmp_path_factory.mktemp("planted"), performance)


def report_on(song: DemoSong) -> Report:
    # As a DAW would ask: tempo known, key and genre left to the analysis.
    return analyze_file(song.mix, Settings(project=ProjectFacts(bpm=song.bpm))).report


@pytest.fixture(scope="module")
def clean_report(clean: DemoSong) -> Report:
    return report_on(clean)


@pytest.fixture(scope="module")
def planted_report(planted: DemoSong) -> Report:
    return report_on(planted)


def read(path: Path) -> Sound:
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate_hz == RATE_HZ
    stereo: Sound = np.ascontiguousarray(samples.T)
    return stereo


def test_planting_leaves_the_performance_as_it_was_played(
    performance: dict[str, Sound], planted: DemoSong, as_played: dict[str, int]
) -> None:
    assert planted.faults
    assert {name: zlib.crc32(stem.tobytes()) for name, stem in performance.items()} == as_played


def fault_called(song: DemoSong, name: str) -> Fault:
    (fault,) = (fault for fault in song.faults if fault.name == name)
    return fault


def findings_of(report: Report, rule: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == rule and finding.severity in REPORTED]


# -- clean -------------------------------------------------------------------------------------------------------------


def test_the_clean_song_scores_at_least_ninety(clean_report: Report) -> None:
    assert clean_report.score.overall is not None
    assert clean_report.score.overall >= 90
    # What nobody asked for, what a minute of music cannot show, and what takes stems.
    asked = {rule: why for rule, why in clean_report.score.unmeasured_rules.items() if "without its stems" not in why}
    assert set(asked) == {"int.codec_overs", "dj.crate", "dj.mixin_out", "dyn.flat"}
    assert clean_report.score.coverage > 0.95


def test_the_clean_song_has_nothing_to_report(clean_report: Report) -> None:
    assert [(finding.rule, finding.value) for finding in clean_report.findings if finding.severity in REPORTED] == []


def test_tempo_and_key_are_the_songs_own(clean: DemoSong, clean_report: Report) -> None:
    assert clean_report.measurements.tempo.bpm == pytest.approx(clean.bpm, abs=0.05)
    assert clean_report.measurements.key.name == clean.key


def test_the_clean_song_is_as_loud_as_a_club_master(clean_report: Report) -> None:
    loudness = clean_report.measurements.loudness
    assert loudness.integrated_lufs is not None
    assert loudness.plr_db is not None
    assert -9.5 <= loudness.integrated_lufs <= -8.0
    assert 7.0 <= loudness.plr_db <= 9.0
    assert loudness.true_peak_dbtp is not None
    assert loudness.true_peak_dbtp <= 0.0


def test_the_mix_is_the_stems_sum_through_the_master(clean: DemoSong) -> None:
    again = master.master(master.sum_stems(read(stem.path) for stem in clean.stems))
    # Nine roundings to 24 bits, lifted by the master's drive and shelf, are all that may differ.
    assert np.abs(again - read(clean.mix)).max() < 2 * 9 * 2.0**-23 * 10 ** (7.5 / 20)


def test_the_same_seed_plays_the_same_samples_and_planting_leaves_them_alone(
    performance: dict[str, Sound], planted: DemoSong
) -> None:
    again = arrangement.arrange(seed=1)
    assert list(again) == list(performance) == [stem.name for stem in planted.stems]
    for name, stem in performance.items():
        assert np.array_equal(again[name], stem), name


def test_files_are_stereo_24_bit_and_of_one_length(clean: DemoSong, planted: DemoSong) -> None:
    for song in (clean, planted):
        infos = [soundfile.info(path) for path in (song.mix, *(stem.path for stem in song.stems))]
        assert {(info.subtype, info.samplerate, info.channels) for info in infos} == {("PCM_24", RATE_HZ, 2)}
        assert {info.frames for info in infos} == {round(song.duration_s * RATE_HZ)}
        assert 60 <= song.duration_s <= 90


def test_no_stem_is_silent_or_over_full_scale(clean: DemoSong) -> None:
    for stem in clean.stems:
        assert 0.05 < np.abs(read(stem.path)).max() < 1.0, stem.name


# -- planted -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("dropout", "int.dropout"),
        ("clipping", "int.clip"),
        ("clipping", "int.truepeak"),
        ("dc", "int.dc"),
        ("polarity", "int.channel"),
        ("cut tail", "int.headtail"),
        ("sub", "low.sub_balance"),
        ("wide bass", "low.mono"),
        ("hats", "ton.air"),
        ("balance", "ste.balance"),
    ],
)
def test_every_planted_fault_is_found_where_it_was_put(
    planted: DemoSong, planted_report: Report, name: str, rule: str
) -> None:
    fault = fault_called(planted, name)
    assert rule in fault.rules
    found = findings_of(planted_report, rule)
    assert found, f"{rule} was not reported"
    slack_s = 1.0  # windows of the analysis reach that far over the edge of what they find
    for finding in found:
        assert finding.start_s < fault.end_s + slack_s
        assert finding.end_s > fault.start_s - slack_s


def test_every_fault_is_asked_for_above() -> None:
    marks = test_every_planted_fault_is_found_where_it_was_put.pytestmark  # type: ignore[attr-defined]
    asked = {tuple(case) for mark in marks for case in mark.args[1]}
    silence = np.zeros((2, frame(70.0)), dtype=np.float32)
    stems = {name: silence.copy() for name in arrangement.STEM_NAMES}
    stems["Sub"] += 0.1
    planted = [plant(stems) for plant in faults.IN_STEMS] + [plant(silence) for plant in faults.IN_MIX]
    assert {(fault.name, rule) for fault in planted for rule in fault.rules} == asked


def test_the_dropout_is_found_to_the_millisecond(planted: DemoSong, planted_report: Report) -> None:
    fault = fault_called(planted, "dropout")
    (finding,) = findings_of(planted_report, "int.dropout")
    assert finding.start_s == pytest.approx(fault.start_s, abs=0.001)
    assert finding.value == pytest.approx(fault.amount, abs=1.0)
    assert fault.bar == "14.3"


def test_the_clipped_bar_is_found_within_its_bar(planted: DemoSong, planted_report: Report) -> None:
    fault = fault_called(planted, "clipping")
    (finding,) = findings_of(planted_report, "int.clip")
    assert fault.start_s - 0.01 <= finding.start_s
    assert finding.end_s <= fault.end_s + 0.01
    (over,) = findings_of(planted_report, "int.truepeak")
    assert fault.start_s - 0.01 <= over.start_s <= fault.end_s + 0.01


def test_wide_bass_is_found_in_the_first_drop_and_the_loud_sub_as_too_much(
    planted_report: Report,
) -> None:
    (wide,) = findings_of(planted_report, "low.mono")
    spans = [(span.start_s, span.end_s) for span in wide.spans]
    assert sum(min(end, DROP_1.end_s + 1) - max(start, DROP_1.start_s - 1) for start, end in spans[:1]) > 10
    (sub,) = findings_of(planted_report, "low.sub_balance")
    assert sub.title == "Much sub"


def test_the_cancelling_pad_is_found_through_the_break(planted: DemoSong, planted_report: Report) -> None:
    fault = fault_called(planted, "polarity")
    (finding,) = findings_of(planted_report, "int.channel")
    assert finding.start_s == pytest.approx(fault.start_s, abs=1.0)
    assert finding.end_s == pytest.approx(fault.end_s, abs=2.5)  # the riser before the drop is in phase


def test_loud_hats_are_heard_as_too_much_air_and_the_offset_measured(planted: DemoSong, planted_report: Report) -> None:
    assert "Too much air" in {finding.title for finding in findings_of(planted_report, "ton.air")}
    dc = max(findings_of(planted_report, "int.dc"), key=lambda finding: finding.value or 0.0)
    assert dc.value == pytest.approx(fault_called(planted, "dc").amount, rel=0.15)


def test_the_lean_is_to_the_left_by_what_was_turned(planted: DemoSong, planted_report: Report) -> None:
    (finding,) = findings_of(planted_report, "ste.balance")
    assert finding.title == "Leans left"
    assert finding.value == pytest.approx(fault_called(planted, "balance").amount, abs=0.7)


def test_planted_faults_cost_the_score(clean_report: Report, planted_report: Report) -> None:
    assert clean_report.score.overall is not None
    assert planted_report.score.overall is not None
    assert planted_report.score.overall < clean_report.score.overall - 30


def test_a_fault_in_the_mix_changes_nothing_outside_its_span() -> None:
    rng = np.random.default_rng(7)
    mix = rng.uniform(-0.5, 0.5, (2, frame(70.0))).astype(np.float32)
    for plant in (faults.dropout, faults.clipping):
        changed = mix.copy()
        fault = plant(changed)
        span = slice(frame(fault.start_s), frame(fault.end_s))
        assert not np.array_equal(changed[:, span], mix[:, span])
        changed[:, span] = mix[:, span]
        assert np.array_equal(changed, mix)


def test_faults_lie_on_the_songs_own_bars(planted: DemoSong) -> None:
    positions = {fault.name: (fault.bar, fault.last_bar) for fault in planted.faults}
    assert positions["polarity"] == ("17.1", "24.4")
    assert positions["sub"] == ("25.1", "32.4")
    assert positions["clipping"] == ("29.1", "29.4")
    assert bar_start_s(DROP_2.first_bar) == 45.0
