"""``dyn.level_jump``: the whole mix up or down from one moment to the next, in the middle of a phrase.

Parts that enter or leave change the spectrum's shape; the meter in ``measure/level_jumps.py`` tells those from a fader.
A step where a section begins may be an automation that is meant: there it stays a question. Drums that stop at once can
look like one: of those told while it weighed, six in ten were right, so it informs.
"""

from __future__ import annotations

from uptrack_analysis.figures import clock, digits, signed
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.measure.results import LevelJump
from uptrack_analysis.report import Action

# Step that all bands share.
LIMITS = table(
    "dyn.level_jump",
    warn_db=2.8,
    bad_db=7.0,
    grade="D",
    source="proposal of 4 LU, which is moderate here",
)

CONFIDENCE = 0.8
AT_A_SECTION = 0.45
# As far as a section's edge may be off, in bars.
NEAR_BARS = 0.5


def check(case: Case) -> Verdict:
    if case.measured.loudness.integrated_lufs is None:
        return case.why("loudness.integrated_lufs", "The file is silent.")
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    jumps = [jump for jump in case.measured.details.level_jumps if threshold.excess(abs(jump.step_db)) >= WARN_EXCESS]
    # One after another comes back: two of them within a few bars are one place, told by the larger.
    return [_draft(case, jump, threshold) for jump in _apart(jumps, case.bar_s)]


def _draft(case: Case, jump: LevelJump, threshold: Threshold) -> Draft:
    edges_s = [part.start_s for part in case.measured.structure.sections[1:]]
    at_a_section = any(abs(jump.time_s - edge_s) <= NEAR_BARS * case.bar_s for edge_s in edges_s)
    up = jump.step_db > 0
    maybe = " A section begins there: leave it if that is meant." if at_a_section else ""
    return Draft(
        value=abs(jump.step_db),
        unit="dB",
        threshold=threshold,
        confidence=AT_A_SECTION if at_a_section else CONFIDENCE,
        exposure=0.0,
        title="Level jumps up" if up else "Level drops",
        advice=(
            f"From {clock(jump.time_s, 1)} on everything is {digits(abs(jump.step_db))} dB "
            f"{'louder' if up else 'quieter'} at once, as no part that {'enters' if up else 'leaves'} makes it. Look "
            f"for a step in the master's automation, a clip gain or an edit, and level it.{maybe}"
        ),
        spans=as_spans([(jump.time_s, jump.time_s)]),
        place=f"{jump.time_s:.0f} s",
        actions=(Action("MK", "Mark the step"), Action("NT", "Look at automation and clip gain there")),
        expected_delta=f"step {signed(jump.step_db)} → 0 dB",
    )


def _apart(jumps: list[LevelJump], within_s: float) -> list[LevelJump]:
    kept: list[LevelJump] = []
    for jump in jumps:
        if kept and jump.time_s - kept[-1].time_s <= max(within_s, 1.5):
            kept[-1] = max(kept[-1], jump, key=lambda one: abs(one.step_db))
        else:
            kept.append(jump)
    return kept


RULE = Rule(
    id="dyn.level_jump",
    area="dynamics",
    group="jump",
    weight=0.3,
    title="Level jumps",
    measures="Steps of the whole spectrum by the same number of dB at once, away from where sections begin.",
    grade="D",
    check=check,
    limits=LIMITS,
    at_most="info",
    version=2,
)
