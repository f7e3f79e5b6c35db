"""``score-1``: the printed examples, the laws it must keep, and what it says when little was measured."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptrack_analysis.findings.rule import all_rules
from uptrack_analysis.findings.score import AskedRule, Cost, area_score, load_constants, overall_score, points
from uptrack_analysis.findings.score import score as score_of
from uptrack_analysis.report import Target

AREAS = tuple(load_constants().areas)
TARGETS: tuple[Target, ...] = ("club", "stream", "premaster")
MINOR, MAJOR = 0.75, 2.5


def cost(area: str, excess: float, name: str = "") -> Cost:
    """A finding as the examples assume them: w 0.4, c 0.9, e 0.6, in a group of its own."""
    name = name or area
    return Cost(name, area, name, 0.4, excess, 0.6, 0.9)


shares = st.floats(0, 1)
costs = st.builds(
    Cost,
    finding=st.uuids().map(str),
    area=st.sampled_from(AREAS),
    group=st.sampled_from(["a", "b", "c"]),
    weight=st.floats(0, 0.6),
    excess=st.floats(0, 60),
    exposure=shares,
    confidence=shares,
    blocker=st.booleans(),
)
laws = settings(max_examples=60)
sets = st.lists(costs, max_size=12)
targets = st.sampled_from(TARGETS)


@pytest.mark.parametrize(
    ("findings", "overall"),
    [
        ([], 100),
        ([cost("low", MINOR)], 92),
        ([cost("low", MAJOR)], 86),
        ([cost("low", MAJOR), cost("tonal", MAJOR)], 76),
        (
            [cost("low", MAJOR)]
            + [cost(area, MINOR, area + "2") for area in ("low", "tonal", "dynamics", "stereo", "loudness")],
            65,
        ),
        ([cost(area, MAJOR) for area in ("low", "tonal", "dynamics", "stereo")], 63),
        ([cost(area, MAJOR, area + which) for area in ("low", "tonal", "dynamics", "stereo") for which in "12"], 40),
    ],
    ids=["clean", "one minor", "one major", "two majors", "a major and five minors", "four majors", "eight majors"],
)
def test_the_scale_reads_as_it_was_designed(findings: list[Cost], overall: int) -> None:
    assert round(overall_score(findings, "club")) == overall


@laws
@given(sets, targets)
def test_the_score_lies_between_0_and_100_without_clamping(findings: list[Cost], target: Target) -> None:
    assert 0 <= overall_score(findings, target) <= 100
    assert all(0 <= area_score(findings, area) <= 100 for area in AREAS)


@laws
@given(sets, costs, st.sampled_from(["excess", "exposure", "confidence"]), st.floats(0, 1), targets)
def test_raising_excess_exposure_or_confidence_never_raises_the_score(
    others: list[Cost], finding: Cost, figure: str, by: float, target: Target
) -> None:
    old = getattr(finding, figure)
    worse = old + 10 * by if figure == "excess" else old + (1 - old) * by
    changed = {"excess": finding.excess, "exposure": finding.exposure, "confidence": finding.confidence} | {
        figure: worse
    }
    raised = replace(finding, **changed)
    assert overall_score([*others, raised], target) <= overall_score([*others, finding], target) + 1e-9


@laws
@given(sets, costs, targets)
def test_removing_a_finding_never_lowers_the_score(others: list[Cost], finding: Cost, target: Target) -> None:
    assert overall_score(others, target) >= overall_score([*others, finding], target) - 1e-9


@laws
@given(sets, costs, targets)
def test_becoming_a_blocker_never_raises_the_score(others: list[Cost], finding: Cost, target: Target) -> None:
    as_it_is = overall_score([*others, replace(finding, blocker=False)], target)
    assert overall_score([*others, replace(finding, blocker=True)], target) <= as_it_is + 1e-9


@laws
@given(sets, targets)
def test_points_are_what_the_score_regains_without_the_finding(findings: list[Cost], target: Target) -> None:
    findings = list({finding.finding: finding for finding in findings}.values())
    whole = overall_score(findings, target)
    for finding in findings:
        without = [other for other in findings if other is not finding]
        assert points(findings, target)[finding.finding] == pytest.approx(
            overall_score(without, target) - whole, abs=1e-9
        )


@laws
@given(sets, targets)
def test_the_order_of_findings_does_not_matter(findings: list[Cost], target: Target) -> None:
    shuffled = sorted(findings, key=lambda finding: finding.finding)
    assert overall_score(shuffled, target) == pytest.approx(overall_score(findings, target), rel=1e-12)


def test_a_group_costs_what_its_dearest_finding_costs() -> None:
    dear, cheap = replace(cost("low", MAJOR, "dear"), group="mono"), replace(cost("low", MINOR, "cheap"), group="mono")
    assert overall_score([dear, cheap], "club") == overall_score([dear], "club")
    assert points([dear, cheap], "club")["cheap"] == 0


def test_one_cause_blocks_once_however_many_findings_it_has() -> None:
    gaps = [replace(cost("integrity", MAJOR, f"gap {k}"), group="dropout", blocker=True) for k in range(5)]
    assert overall_score(gaps, "club") == pytest.approx(overall_score(gaps[:1], "club"))
    elsewhere = replace(gaps[0], finding="dc", group="dc")
    assert overall_score([*gaps, elsewhere], "club") < 0.7 * overall_score(gaps, "club")


def test_a_blocker_takes_up_to_half_of_what_is_left() -> None:
    certain = replace(cost("integrity", 50.0), confidence=1.0)
    plain = overall_score([certain], "club")
    assert overall_score([replace(certain, blocker=True)], "club") == pytest.approx(plain / 2)


def test_no_finding_takes_more_than_its_weight_from_its_area() -> None:
    assert replace(cost("low", 1e9), exposure=1.0, confidence=1.0).penalty == pytest.approx(0.4)


def test_a_premaster_is_not_scored_for_loudness() -> None:
    loud = cost("loudness", MAJOR)
    assert overall_score([loud], "premaster") == 100
    assert overall_score([loud], "club") < 100
    assert sum(load_constants().weights("premaster").values()) == pytest.approx(1)


def asked(unmeasured: dict[str, str]) -> list[AskedRule]:
    return [AskedRule(rule.id, rule.area, rule.weight, unmeasured.get(rule.id)) for rule in all_rules()]


NO_DJ = {rule.id: "no beat" for rule in all_rules() if rule.area == "dj"}


def test_what_was_not_measured_lowers_coverage_and_not_the_score() -> None:
    whole, without = score_of([], asked({}), "club"), score_of([], asked(NO_DJ), "club")
    assert whole.overall == without.overall == 100
    assert whole.coverage == pytest.approx(1)
    assert without.coverage == pytest.approx(0.94)
    assert without.unmeasured_rules == NO_DJ


def test_an_area_nobody_could_judge_is_not_shown_as_perfect() -> None:
    score = score_of([], asked(NO_DJ), "club")
    assert "dj" not in [area.area for area in score.areas]


def test_under_sixty_percent_coverage_there_is_no_number() -> None:
    nothing = {rule.id: "silent" for rule in all_rules() if rule.area in {"low", "tonal"}}
    assert score_of([], asked(nothing), "club").coverage == pytest.approx(0.56)
    assert score_of([], asked(nothing), "club").overall is None
    kept = {rule.id: "silent" for rule in all_rules() if rule.area in {"low", "loudness"}}
    assert score_of([], asked(kept), "club").overall == 100


def test_the_area_weights_sum_to_one() -> None:
    assert sum(load_constants().areas.values()) == pytest.approx(1)
