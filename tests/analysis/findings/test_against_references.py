"""With references of the user's own, the same rules judge by the range of those tracks and say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from support.mixes import Level, band_matrix, bell, clean, flat, loudness, peaks, silent, stereo_curve, turned
from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.findings import against_references
from uptrack_analysis.findings.case import Case, Unmeasured
from uptrack_analysis.findings.families import load_families
from uptrack_analysis.findings.judge import judge
from uptrack_analysis.findings.reference_profile import ReferenceProfile, track_of
from uptrack_analysis.findings.rule import all_rules, rule_digests
from uptrack_analysis.findings.targets import load_deliveries
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.report import Finding, GenreChoice, ProjectFacts
from uptrack_analysis.signal import FloatArray

TONE = {"ton.band", "ton.tilt", "low.sub_balance"}


def with_tone(level: Level) -> Measured:
    return replace(clean(), bands=band_matrix(60.0, level))


def profile(*measured: Measured) -> ReferenceProfile:
    found = ReferenceProfile.of([track_of(f"{k}.wav", str(k), one) for k, one in enumerate(measured)])
    assert found is not None
    return found


def findings(mix: Measured, references: ReferenceProfile | None, genre: str | None = "techno") -> list[Finding]:
    return list(judge(mix, genre, "club", ProjectFacts(), references).findings)


def of_rules(found: Sequence[Finding], rules: set[str]) -> dict[str, Finding]:
    return {finding.rule: finding for finding in found if finding.rule in rules}


THREE_FLAT = (clean(), with_tone(flat), with_tone(flat))


def test_a_mix_like_its_references_has_nothing_against_them() -> None:
    strange = with_tone(bell(2_000, 4_000, 9.0))
    assert "ton.band" in {finding.rule for finding in findings(strange, None)}
    assert findings(strange, profile(strange, strange, strange)) == []


@pytest.mark.parametrize(("gain_db", "title"), [(6.0, "Too much presence"), (-6.0, "Too little presence")])
def test_a_band_outside_of_what_three_references_reach_is_named_with_a_capped_move(gain_db: float, title: str) -> None:
    (found,) = findings(with_tone(bell(2_000, 4_000, gain_db)), profile(*THREE_FLAT))
    assert (found.rule, found.title) == ("ton.band", title)
    assert found.value == pytest.approx(gain_db, abs=0.3)
    assert "your 3 references" in found.advice
    (eq,) = found.actions
    assert eq.gain_db is not None
    assert abs(eq.gain_db) <= 4.0
    assert eq.gain_db * gain_db < 0
    assert 2_000 <= (eq.frequency_hz or 0) <= 4_000


@pytest.mark.parametrize("gain_db", [6.0, -6.0])
def test_the_octave_over_8_khz_is_moved_by_a_shelf(gain_db: float) -> None:
    found = [
        one for one in findings(with_tone(bell(7_950, 20_000, gain_db)), profile(*THREE_FLAT)) if "air" in one.title
    ]
    (eq,) = found[0].actions
    assert (eq.tool, round(eq.frequency_hz or 0, -2)) == ("high shelf", 7_900)
    assert "with a shelf above 7.94 kHz" in found[0].advice


def test_air_is_held_against_the_references_alone() -> None:
    """Against the average there is too little of it, against these references too much: that is said, and only that."""
    dull, dullest = with_tone(bell(7_950, 20_000, -6.0)), with_tone(bell(7_950, 20_000, -14.0))
    assert "ton.air" in {finding.rule for finding in findings(dull, None)}
    told = [one.title for one in findings(dull, profile(dullest, dullest, dullest)) if "air" in one.title]
    assert told == ["Too much air"]


def test_air_against_the_lean_from_the_references_is_not_told_beside_it() -> None:
    def level(f: FloatArray) -> FloatArray:
        return flat(f) - 2.0 * np.log2(np.minimum(f, 7_950.0) / 1000.0) + np.where(f > 7_950.0, 6.0, 0.0)

    titles = {finding.title for finding in findings(with_tone(level), profile(*THREE_FLAT))}
    assert "Dark mix" in titles
    assert not any(title.startswith("Too much") for title in titles)


def test_what_the_references_themselves_do_is_fine() -> None:
    mix = with_tone(bell(2_000, 4_000, 6.0))
    spread = profile(with_tone(flat), with_tone(bell(2_000, 4_000, 3.0)), with_tone(bell(2_000, 4_000, 7.0)))
    assert of_rules(findings(mix, spread), TONE) == {}


def test_one_or_two_references_widen_the_tolerance_and_are_believed_less() -> None:
    mix = with_tone(bell(2_000, 4_000, 6.0))
    (sure,), (unsure,) = findings(mix, profile(*THREE_FLAT)), findings(mix, profile(*THREE_FLAT[:2]))
    assert unsure.confidence < sure.confidence
    assert unsure.excess < sure.excess
    # 3 dB: outside for three, inside for one.
    mild = with_tone(bell(2_000, 4_000, 2.6))
    assert of_rules(findings(mild, profile(*THREE_FLAT)), TONE)
    assert not of_rules(findings(mild, profile(clean())), TONE)


def test_the_sub_is_held_against_theirs_and_not_against_pop() -> None:
    loud_sub = with_tone(bell(20, 120, 26.0))
    assert "low.sub_balance" in {finding.rule for finding in findings(loud_sub, None)}
    assert not of_rules(findings(loud_sub, profile(loud_sub, loud_sub, loud_sub)), TONE)
    found = of_rules(findings(clean(), profile(loud_sub, loud_sub, loud_sub)), TONE)["low.sub_balance"]
    assert found.title == "Little sub"
    assert "your 3 references" in found.advice
    assert "pop" not in found.advice


def test_the_slope_is_held_against_theirs() -> None:
    def tilted(db_per_octave: float) -> Measured:
        return with_tone(lambda f: flat(f) + db_per_octave * np.log2(f / 1000.0))

    dark = profile(tilted(-1.0), tilted(-1.1), tilted(-0.9))
    found = of_rules(findings(tilted(0.5), dark), {"ton.tilt"})["ton.tilt"]
    assert found.title == "Bright mix"
    assert of_rules(findings(tilted(-1.0), dark), {"ton.tilt", "ton.band"}) == {}


@pytest.mark.parametrize(("lufs", "title"), [(-14.0, "Quieter"), (-4.0, "Louder")])
def test_loudness_is_held_against_theirs(lufs: float, title: str) -> None:
    references = profile(*(clean(integrated_lufs=level) for level in (-9.0, -8.5, -8.0)))
    mix = clean(integrated_lufs=lufs, true_peak_dbtp=lufs + 10)
    found = of_rules(findings(mix, references), {"lou.integrated"})["lou.integrated"]
    assert found.title == f"{title} than your references"
    assert "your 3 references lie at −9.0 to −8.0 LUFS" in found.advice
    assert of_rules(findings(clean(integrated_lufs=-8.2), references), {"lou.integrated"}) == {}


def test_peaks_are_held_against_the_flattest_of_theirs() -> None:
    references = profile(*(replace(clean(), peaks=peaks(dbtp, dbtp)) for dbtp in (2.5, 3.5, 4.5)))
    found = of_rules(findings(clean(), references), {"dyn.plr"})["dyn.plr"]
    assert found.title == "Peaks flatter than in your references"
    flat_ones = profile(*(clean(true_peak_dbtp=dbtp) for dbtp in (-3.5, -3.0, -2.5)))
    assert of_rules(findings(clean(true_peak_dbtp=-3.6), flat_ones), {"dyn.plr"}) == {}


def test_correlation_is_held_against_the_lowest_of_theirs() -> None:
    def wide(correlation: float) -> Measured:
        return replace(clean(), stereo=stereo_curve(60.0, correlation))

    mix = wide(0.0)
    assert of_rules(findings(mix, None), {"ste.corr"})
    assert of_rules(findings(mix, profile(wide(0.0), wide(0.05), wide(0.1))), {"ste.corr"}) == {}
    found = of_rules(findings(mix, profile(wide(0.6), wide(0.7), wide(0.8))), {"ste.corr"})["ste.corr"]
    assert "+0.60 to" in found.advice.replace("0.60", "+0.60")


def test_width_by_band_is_held_against_theirs() -> None:
    def case(mix: Measured) -> Case:
        choice = GenreChoice("techno", "Techno", "given", 1.0, "")
        return Case(mix, load_families()["techno"], load_deliveries()["club"], choice)

    def with_correlation(correlation: float) -> Measured:
        bands = band_matrix(60.0, correlation=lambda f: np.where(f < 250.0, 1.0, correlation))
        return replace(clean(), bands=bands)

    references = profile(*(with_correlation(c) for c in (0.7, 0.75, 0.8)))
    assert against_references.width(case(with_correlation(0.72)), references) == []
    verdict = against_references.width(case(with_correlation(-0.2)), references)
    assert not isinstance(verdict, Unmeasured)
    assert {draft.title for draft in verdict} >= {"Wide presence", "Wide air"}
    assert all("your 3 references" in draft.advice for draft in verdict)
    # The upper bass ends at 251 Hz: its width is for the rules of the low end.
    low = replace(clean(), bands=band_matrix(60.0, correlation=lambda f: np.where(f < 250.0, -0.2, 0.75)))
    assert against_references.width(case(low), references) == []
    # What 30 percent of width can do, and not the whole way to them.
    assert all("about 3.1 of" in draft.expected_delta for draft in verdict)


@pytest.mark.parametrize("gain_db", [-6.0, 4.0])
def test_gain_changes_no_verdict_on_tone_or_stereo(gain_db: float) -> None:
    mix, references = with_tone(bell(2_000, 4_000, 6.0)), profile(*THREE_FLAT)
    rules = TONE | {"ste.corr"}
    before, after = (of_rules(findings(one, references), rules) for one in (mix, turned(mix, gain_db)))
    assert before.keys() == after.keys() != set()
    for rule, finding in before.items():
        assert after[rule].value == pytest.approx(finding.value)
        assert after[rule].severity == finding.severity
    quieter = profile(*(turned(one, gain_db) for one in THREE_FLAT))
    assert before.keys() == of_rules(findings(mix, quieter), rules).keys()


def test_how_sure_the_genre_is_does_not_matter_to_references() -> None:
    mix, references = with_tone(bell(2_000, 4_000, 6.0)), profile(*THREE_FLAT)
    given, guessed = (of_rules(findings(mix, references, genre), TONE)["ton.band"] for genre in ("techno", None))
    assert given.confidence == guessed.confidence
    assert given.severity == guessed.severity


def test_the_same_audio_given_twice_is_one_reference() -> None:
    track = track_of("a.wav", "0", clean())
    found = ReferenceProfile.of([track, replace(track, name="copy of a.wav")])
    assert found is not None
    assert found.name == "your reference"
    assert ReferenceProfile.of([]) is None


def test_silence_is_no_reference_and_a_mono_one_has_no_stereo() -> None:
    with pytest.raises(NothingToMeasure, match="silent"):
        track_of("a.wav", "0", silent())
    mono = track_of("a.wav", "0", replace(clean(), channels=1))
    assert (mono.correlation_low, mono.widths_db) == (None, ())


def test_references_change_the_digest_of_the_rules_that_ask_them_and_of_no_other() -> None:
    without, with_some = rule_digests("techno", "club"), rule_digests("techno", "club", ("a", "b"))
    changed = {rule for rule, digest in without.items() if with_some[rule] != digest}
    assert changed == {rule.id for rule in all_rules() if rule.by_references}
    assert with_some == rule_digests("techno", "club", ("b", "a"))


def test_loudness_that_is_not_there_cannot_be_held_against_any() -> None:
    nothing = replace(silent(), loudness=loudness(10.0, None))
    assert {"lou.integrated", "dyn.plr", "ton.band"} <= set(
        judge(nothing, "techno", "club", ProjectFacts(), profile(*THREE_FLAT)).score.unmeasured_rules
    )
