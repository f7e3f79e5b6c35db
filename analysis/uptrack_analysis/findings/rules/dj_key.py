"""``dj.key``: the project's key against the one that is heard, and the tuning against A = 440 Hz.

Estimates confuse a key with its relatives: the same notes (A minor, C major), a fifth up or down, major and minor of
one root. None of those contradicts the project. Tuning bothers a DJ who mixes in key, and nobody else.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits, percent, signed
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.measure.key import camelot, key_name
from uptrack_analysis.report import Action

LIMITS = table(
    "dj.key",
    # probability of the project's key and its relatives together
    project={
        "warn_percent": 10.0,
        "bad_percent": 1.0,
        # The other key has to be as sure as this to be told at all.
        "sure_percent": 70.0,
        "grade": "B",
        "source": "estimators disagree on relatives and fifths (reports on DJ software); the limits are a proposal",
    },
    # distance from A = 440 Hz
    tuning={"warn_cents": 15.0, "bad_cents": 40.0, "grade": "D", "source": "proposal of 10 cents, more for the meter"},
)

KEY_CONFIDENCE = 0.7
MOST_NAMED = 3
WORTH_NAMING = 0.05
"""A key with a smaller share is no alternative to the likeliest."""
TUNING_CONFIDENCE = 0.7
Key = tuple[int, bool]


def check(case: Case) -> Verdict:
    key = case.measured.key
    if key.tuning_cents is None and (key.tonic is None or case.project.key is None):
        return case.why("key.name", "Neither a key nor a tuning stands out.")
    drafts = [_contradicted(case), _detuned(case)]
    return [draft for draft in drafts if draft is not None and draft.excess >= WARN_EXCESS]


def _contradicted(case: Case) -> Draft | None:
    heard, project = case.measured.key, _named(case.project.key)
    if project is None or heard.tonic is None or heard.minor is None:
        return None
    data = LIMITS.table("project")
    ranked = [(heard.tonic, heard.minor, heard.confidence), *heard.alternatives]
    agreeing = 100 * sum(share for tonic, minor, share in ranked if (tonic, minor) in relatives(project))
    if 100 * heard.confidence < data.number("sure_percent"):
        return None
    likely = [ranked[0], *(one for one in ranked[1:MOST_NAMED] if one[2] >= WORTH_NAMING)]
    likeliest = " / ".join(f"{key_name(tonic, minor)} {percent(share)}" for tonic, minor, share in likely)
    name = key_name(heard.tonic, heard.minor)
    return Draft(
        value=agreeing,
        unit="%",
        threshold=Threshold.below(data.number("warn_percent"), data.number("bad_percent")),
        confidence=KEY_CONFIDENCE * heard.confidence,
        exposure=1.0,
        title="Key differs from the project's",
        advice=(
            f"The project says {key_name(*project)}, but the file sounds like {likeliest}. If the song was moved, "
            f"change the project's key to {name} ({camelot(heard.tonic, heard.minor)}) before it goes into the tags."
        ),
        spans=as_spans([case.whole]),
        place="project",
        actions=(Action("NT", f"Check the key: {name} is heard"),),
        expected_delta=f"{key_name(*project)} → {name}",
    )


def _detuned(case: Case) -> Draft | None:
    cents = case.measured.key.tuning_cents
    if cents is None or case.delivery.target != "club":
        return None
    data = LIMITS.table("tuning")
    return Draft(
        value=cents,
        unit="cents",
        threshold=Threshold.around(0.0, data.number("warn_cents"), data.number("bad_cents")),
        confidence=TUNING_CONFIDENCE,
        exposure=1.0,
        title="Tuned off 440 Hz",
        advice=(
            f"The music lies {signed(cents, 0)} cents off A = 440 Hz ({digits(440 * 2 ** (cents / 1200), 1)} Hz), and "
            f"beats against a track in the same key. If that is not meant, tune samples and synths by "
            f"{signed(-cents, 0)} cents."
        ),
        spans=as_spans([case.whole]),
        place="tuning",
        actions=(Action("NT", f"Tune by {signed(-cents, 0)} cents"),),
        expected_delta=f"tuning {signed(cents, 0)} → 0 cents",
    )


def relatives(key: Key) -> set[Key]:
    """The key, its relative, its parallel, and the neighbours of the first two on the circle of fifths."""
    tonic, minor = key
    same_notes = ((tonic + (3 if minor else 9)) % 12, not minor)
    fifths = {((t + step) % 12, m) for t, m in (key, same_notes) for step in (5, 7)}
    return {key, same_notes, (tonic, not minor), *fifths}


def _named(name: str | None) -> Key | None:
    """A key by the name that reports write; ``None`` for any other text."""
    keys = [(tonic, minor) for tonic in range(12) for minor in (True, False)]
    return next((key for key in keys if key_name(*key) == name), None)


RULE = Rule(
    id="dj.key",
    area="dj",
    group="key",
    weight=0.15,
    title="Key",
    measures="Probability of the project's key and its relatives, in percent; cents off A = 440 Hz (club).",
    grade="D",
    check=check,
    limits=LIMITS,
    by_target=True,
    at_most="info",
    version=4,
)
