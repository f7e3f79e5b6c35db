"""A rule asked about a mix with stems, all of it measured from real audio."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import soundfile

from support.small_band import mixed, written
from uptrack_analysis.audio.limits import Limits
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.findings.case import Case, Unmeasured
from uptrack_analysis.findings.genre import choose_family
from uptrack_analysis.findings.judge import finding_of
from uptrack_analysis.findings.rule import all_rules
from uptrack_analysis.findings.targets import load_deliveries
from uptrack_analysis.measure.one_pass import hear
from uptrack_analysis.report import Finding, ProjectFacts
from uptrack_analysis.signal import Block
from uptrack_analysis.stems.measure_stems import measure_stems

RATE_HZ = 44_100
PROJECT = ProjectFacts(bpm=124.0)


def case_with_stems(stems: Mapping[str, Block], mix: Block | None = None, *, project: ProjectFacts = PROJECT) -> Case:
    """The case of a mix that is the stems' sum, unless another is given."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mix.wav"
        soundfile.write(path, (mixed(stems) if mix is None else mix).T, RATE_HZ, subtype="FLOAT")
        files = written(Path(folder) / "stems", stems)
        with open_audio(path) as source:
            heard = hear(source, lambda _fraction, _stage: None, probes=True)
        measured, found, _read = measure_stems(heard, files, Limits(), lambda _fraction, _stage: None)
    genre, family = choose_family("techno", measured, project)
    return Case(measured, family, load_deliveries()["club"], genre, project, stems=found)


def ask_stems(
    rule_id: str, stems: Mapping[str, Block], mix: Block | None = None, *, project: ProjectFacts = PROJECT
) -> tuple[Finding, ...]:
    """The findings of one rule; fails the test if it could not be asked."""
    case = case_with_stems(stems, mix, project=project)
    (rule,) = (rule for rule in all_rules() if rule.id == rule_id)
    verdict = rule.verdict(case)
    assert not isinstance(verdict, Unmeasured), verdict
    return tuple(finding_of(rule, draft, case) for draft in verdict)


def why_not(rule_id: str, case: Case) -> str:
    """The reason a rule gives for not answering; fails the test if it did."""
    (rule,) = (rule for rule in all_rules() if rule.id == rule_id)
    verdict = rule.verdict(case)
    assert isinstance(verdict, Unmeasured), verdict
    return verdict.reason
