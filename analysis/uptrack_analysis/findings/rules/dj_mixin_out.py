"""``dj.mixin_out``: bars at either end that another track can be mixed over.

Those are the intro and the outro as far as something keeps the beat in them, be it hats alone; a pad without a beat is
music, but nothing to match a tempo by. A radio edit has none of it on purpose, and nobody has measured how often
the finding is right: it informs.
"""

from __future__ import annotations

from collections.abc import Sequence

from uptrack_analysis.figures import clock, digits
from uptrack_analysis.findings.arrangement import passages
from uptrack_analysis.findings.case import DROP_BELIEVED_FROM, Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.measure.results import SectionEstimate, SectionKind
from uptrack_analysis.report import Action

LIMITS = table(
    "dj.mixin_out",
    # Shares of the family's least number of bars.
    warn_percent=75.0,
    bad_percent=0.0,
    # Less than this starts, compared with the file's busy stretches: there is no beat to mix by.
    beat_percent=20.0,
    # Shorter files are loops and excerpts.
    track_from_s=120.0,
    grade="C",
    source="DJ tutorials on intros of 16 to 32 bars; the bars are in the family files",
)

CONFIDENCE = 0.7


def check(case: Case) -> Verdict:
    if case.delivery.target != "club" or case.family.mix_bars is None:
        return ()
    if case.measured.duration_s < LIMITS.number("track_from_s"):
        return Unmeasured("The file is shorter than two minutes: a loop or an excerpt needs no intro.")
    parts = passages(case)
    if isinstance(parts, Unmeasured):
        return parts
    sections = case.measured.structure.sections
    if any(part.bars is None for part in sections):
        return Unmeasured("The arrangement is not counted in bars.")
    drafts = [_end(case, sections, "intro"), _end(case, sections[::-1], "outro")]
    return [draft for draft in drafts if draft is not None]


def _end(case: Case, sections: Sequence[SectionEstimate], kind: SectionKind) -> Draft | None:
    """One end of the track; ``sections`` begin there."""
    wanted = case.family.mix_bars[0] if case.family.mix_bars else 0.0
    threshold = Threshold.below(
        wanted * LIMITS.number("warn_percent") / 100, wanted * LIMITS.number("bad_percent") / 100
    )
    bars, confidence, beatless = 0.0, 1.0, False
    for part in sections:
        confidence = min(confidence, part.confidence)
        if part.kind != kind:
            break
        if part.onset_share < LIMITS.number("beat_percent") / 100:
            beatless = True
        else:
            bars += part.bars or 0.0
    if threshold.excess(bars) < WARN_EXCESS or confidence < DROP_BELIEVED_FROM:
        return None
    first = kind == "intro"
    end_s = case.measured.duration_s
    last = next((part for part in sections if part.kind != kind), sections[-1])
    span = (0.0, last.start_s) if first else (last.end_s, end_s)
    missing, own = wanted - bars, case.own_family
    usual = own.mix_bars[0] if own.mix_bars else wanted
    why = f" (what {'comes before' if first else 'follows'} has none)" if beatless else ""
    return Draft(
        value=bars,
        unit="bars",
        threshold=threshold,
        confidence=CONFIDENCE * confidence,
        exposure=0.0,
        title="Short intro for a DJ" if first else "Short outro for a DJ",
        advice=(
            f"{_bars(bars)} with a beat{why} {'before' if first else 'after'} the music is "
            f"{'in full swing' if first else 'over'} at {clock(span[1] if first else span[0])}; {own.name} is mixed "
            f"over {digits(usual, 0)} bars or more{case.still_passes(digits(wanted, 0))}. Export an extended version "
            f"with {_bars(missing).lower()} of drums more at the {'start' if first else 'end'}."
        ),
        spans=as_spans([span]),
        place=kind,
        actions=(
            Action("MK", f"Mark the {kind}"),
            Action("NT", f"Extended version: {_bars(missing).lower()} of drums more"),
        ),
        expected_delta=f"{kind} {digits(bars, 0)} → {digits(wanted, 0)} bars",
    )


def _bars(count: float) -> str:
    return "No bar" if round(count) == 0 else f"{digits(count, 0)} bar{'' if round(count) == 1 else 's'}"


RULE = Rule(
    id="dj.mixin_out",
    area="dj",
    group="mixing",
    weight=0.15,
    title="Short intro or outro for a DJ",
    measures="Bars with a beat before and after the full arrangement, against the family's least number (club).",
    grade="C",
    check=check,
    limits=LIMITS,
    by_target=True,
    by_genre=True,
    family_tables=("mix_bars",),
    at_most="info",
    version=3,
)
