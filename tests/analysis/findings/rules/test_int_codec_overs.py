"""``int.codec_overs``: what encoders add to the file's own peak, when somebody asked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from support.mixes import RATE_HZ, arranged, clean, peaks, silent
from support.needs import need_program
from support.noises import pink, shaped_noise
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.measure.results import CodecPeak, Codecs, Measured
from uptrack_analysis.report import Target
from uptrack_analysis.settings import Settings


def encoded(own_dbtp: float, *after_dbtp: float) -> Measured:
    names = ("AAC 256 kbit/s", "Opus 128 kbit/s", "MP3 320 kbit/s")
    found = tuple(CodecPeak(name, level, 21.4, 1) for name, level in zip(names, after_dbtp, strict=False))
    return replace(clean(true_peak_dbtp=own_dbtp), peaks=peaks(own_dbtp, own_dbtp - 0.3), codecs=Codecs(found))


@pytest.mark.parametrize(
    ("target", "after_dbtp", "word"),
    [("stream", 0.6, "minor"), ("stream", 1.4, "moderate"), ("stream", 2.5, "major"), ("club", 2.0, "minor")],
)
def test_the_worst_encoder_is_told_with_its_place(target: Target, after_dbtp: float, word: str) -> None:
    finding = ask_one("int.codec_overs", encoded(-0.8, 0.1, after_dbtp, -0.2), target=target)
    assert finding.severity == word
    assert f"As Opus 128 kbit/s the file peaks at +{after_dbtp}" in finding.advice
    assert "0:21.4" in finding.advice
    assert (finding.spans[0].channel, finding.start_s) == (1, 21.4)


def test_overs_the_file_has_itself_are_another_rule_s() -> None:
    assert ask("int.codec_overs", encoded(1.2, 1.6, 1.9, 1.3), target="stream") == ()


def test_peaks_that_stay_under_full_scale_may_rise_as_they_like() -> None:
    assert ask("int.codec_overs", encoded(-3.0, -1.0, -1.4, -1.9), target="stream") == ()
    assert ask("int.codec_overs", encoded(-0.3, 0.9, 0.8, 1.0)) == ()  # a club plays the file itself


def test_a_premaster_is_not_encoded() -> None:
    assert ask("int.codec_overs", encoded(-0.8, 3.0), target="premaster") == ()


def test_unless_asked_for_it_is_unmeasured_and_says_how_to_ask() -> None:
    assert "--codecs" in why_unmeasured("int.codec_overs", arranged())
    missing = replace(arranged(), codecs=Codecs((), "A round trip takes ffmpeg, which is not installed."))
    assert "not installed" in why_unmeasured("int.codec_overs", missing)
    assert why_unmeasured("int.codec_overs", replace(silent(), codecs=Codecs((CodecPeak("MP3", -np.inf, 0.0, 0),))))


def test_a_clipped_file_comes_back_over_full_scale_from_real_encoders(tmp_path: Path) -> None:
    need_program("ffmpeg")
    noise = shaped_noise(RATE_HZ, 12.0, pink, rms=0.2)
    sf.write(tmp_path / "hot.wav", np.clip(noise, -0.45, 0.45).T * 2.0, RATE_HZ, subtype="FLOAT")
    report = analyze_file(tmp_path / "hot.wav", Settings(target="stream", codecs=True)).report
    (finding,) = (finding for finding in report.findings if finding.rule == "int.codec_overs")
    assert finding.severity in {"moderate", "major"}
    assert "int.codec_overs" not in report.score.unmeasured_rules
