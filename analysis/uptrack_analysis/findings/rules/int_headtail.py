"""``int.headtail``: how the file begins and ends.

A first millisecond that is already loud may be a cut transient or a kick exactly on the first sample, and its level
alone cannot tell: that finding is never more than minor. The very first sample can: a sound that begins there begins
near zero, one that was cut steps to wherever it was. A loud last 10 ms is a cut tail. Silence before the first sound
bothers a DJ only; a long silence after the last one bothers whoever plays the file to its end.
"""

from __future__ import annotations

from uptrack_analysis.figures import digits, signed
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.report import Action

LIMITS = table(
    "int.headtail",
    # largest sample of the first millisecond
    head={
        # Loud from -30 dBFS, but a kick on the first sample reads the same, so that even full scale only just warns.
        "warn_dbfs": 0.0,
        "bad_dbfs": 90.0,
        "grade": "C",
        "source": "proposal of -30 dBFS",
    },
    # the very first sample
    step={
        "from_dbfs": -33.0,
        # A cut in the midst of music is moderate from there on: nobody means it.
        "warn_dbfs": -45.0,
        "bad_dbfs": -9.0,
        "grade": "D",
        "source": "proposal of -30 dBFS, asked of the first sample instead of the first millisecond",
    },
    # RMS of the last 10 ms
    tail={
        "warn_dbfs": -50.0,
        "bad_dbfs": -20.0,
        "fade_ms": 250.0,
        "grade": "C",
        "source": "proposal",
    },
    # beats of silence before the first sound, club only
    lead={
        "warn_beats": 2.0,
        "bad_beats": 5.0,
        "beat_s_without_tempo": 0.5,
        "grade": "C",
        "source": "proposal: more than one beat makes a DJ hunt for the start",
    },
    # seconds of silence after the last sound, not for a premaster
    trail={
        "warn_s": 10.0,
        "bad_s": 30.0,
        "grade": "D",
        "source": "proposal: nobody means a fifth of a minute of nothing",
    },
)

HEAD_CONFIDENCE = 0.4
# A burst of noise may begin at any value.
STEP_CONFIDENCE = 0.75
TAIL_CONFIDENCE = 0.7
LEAD_CONFIDENCE = 0.8
TRAIL_CONFIDENCE = 0.9
HEAD_S = 0.001
TAIL_S = 0.01


def check(case: Case) -> Verdict:
    if case.measured.loudness.integrated_lufs is None:
        return case.why("loudness.integrated_lufs", "The file is silent.")
    drafts = [_step(case) or _head(case), _tail(case)]
    if case.delivery.target == "club":
        drafts.append(_lead(case))
    if case.delivery.target != "premaster":
        drafts.append(_trail(case))
    return [draft for draft in drafts if draft is not None]


def _step(case: Case) -> Draft | None:
    level = case.measured.defects.head_step_dbfs
    data = LIMITS.table("step")
    threshold = Threshold.above(data.number("warn_dbfs"), data.number("bad_dbfs"))
    if level is None or level < data.number("from_dbfs"):
        return None
    return Draft(
        value=level,
        unit="dBFS",
        threshold=threshold,
        confidence=STEP_CONFIDENCE,
        exposure=0.0,
        title="Start cut off",
        advice=(
            f"The very first sample already stands at {signed(level, 0)} dBFS: the file begins in the middle of a "
            f"sound, with a click. Start the render a beat earlier, or fade in over 5 ms."
        ),
        spans=as_spans([(0.0, min(HEAD_S, case.measured.duration_s))]),
        place="head",
        actions=(Action("MK", "Look at the very start"), Action("NT", "Start the render a beat earlier, fade in 5 ms")),
        expected_delta="a clean start",
        told_from=data.number("from_dbfs"),
    )


def _head(case: Case) -> Draft | None:
    level = case.measured.defects.head_peak_dbfs
    data = LIMITS.table("head")
    threshold = Threshold.above(data.number("warn_dbfs"), data.number("bad_dbfs"))
    if level is None or not threshold.excess(level):
        return None
    return Draft(
        value=level,
        unit="dBFS",
        threshold=threshold,
        confidence=HEAD_CONFIDENCE,
        exposure=0.0,
        title="Starts in full swing",
        advice=(
            f"The first millisecond already reaches {signed(level, 0)} dBFS. If a transient is cut off there, start "
            f"the render a beat earlier and fade in over 5 ms; if the file is meant to start on the kick, leave it."
        ),
        spans=as_spans([(0.0, min(HEAD_S, case.measured.duration_s))]),
        place="head",
        informs=True,
        actions=(Action("MK", "Look at the very start"), Action("NT", "Start the render a beat earlier, fade in 5 ms")),
        expected_delta="a clean start",
    )


def _tail(case: Case) -> Draft | None:
    level = case.measured.defects.tail_rms_dbfs
    data = LIMITS.table("tail")
    threshold = Threshold.above(data.number("warn_dbfs"), data.number("bad_dbfs"))
    if level is None or not threshold.excess(level):
        return None
    end_s, fade_ms = case.measured.duration_s, data.number("fade_ms")
    return Draft(
        value=level,
        unit="dBFS",
        threshold=threshold,
        confidence=TAIL_CONFIDENCE,
        exposure=0.0,
        title="Tail cut off",
        advice=(
            f"The file ends at {signed(level, 0)} dBFS, in the middle of a sound. Leave a bar more at the end of the "
            f"render for reverb and delay to die away, or fade out over {digits(fade_ms, 0)} ms."
        ),
        spans=as_spans([(max(0.0, end_s - TAIL_S), end_s)]),
        place="tail",
        actions=(
            Action("MK", "Look at the very end"),
            Action("NT", f"Render a bar more, or fade out over {digits(fade_ms, 0)} ms"),
        ),
        expected_delta="a tail that ends in silence",
    )


def _lead(case: Case) -> Draft | None:
    silence_s = case.measured.defects.lead_silence_s
    data = LIMITS.table("lead")
    beat_s = 60.0 / case.bpm if case.bpm else data.number("beat_s_without_tempo")
    threshold = Threshold.above(data.number("warn_beats"), data.number("bad_beats"))
    beats = silence_s / beat_s
    if not threshold.excess(beats):
        return None
    return Draft(
        value=beats,
        unit="beats",
        threshold=threshold,
        confidence=LEAD_CONFIDENCE,
        exposure=0.0,
        title="Silence before the first sound",
        advice=(
            f"{digits(silence_s, 2)} s of silence ({digits(beats)} beats) before the first sound: trim it, so that a "
            f"DJ's cue lands on the first downbeat."
        ),
        spans=as_spans([(0.0, silence_s)]),
        place="lead",
        actions=(Action("MK", "Mark the first sound"), Action("NT", f"Trim {digits(silence_s, 2)} s from the start")),
        expected_delta=f"first sound {digits(silence_s, 2)} → 0.00 s",
    )


def _trail(case: Case) -> Draft | None:
    silence_s, end_s = case.measured.defects.tail_silence_s, case.measured.duration_s
    data = LIMITS.table("trail")
    threshold = Threshold.above(data.number("warn_s"), data.number("bad_s"))
    if threshold.excess(silence_s) < WARN_EXCESS:
        return None
    return Draft(
        value=silence_s,
        unit="s",
        threshold=threshold,
        confidence=TRAIL_CONFIDENCE,
        exposure=0.0,
        title="Silence after the last sound",
        advice=(
            f"{digits(silence_s, 0)} s of silence follow the last sound: end the render a second or two after it, or "
            f"look for what should have played there."
        ),
        spans=as_spans([(end_s - silence_s, end_s)]),
        place="trail",
        actions=(Action("MK", "Mark the last sound"), Action("NT", f"Trim {digits(silence_s - 2, 0)} s from the end")),
        expected_delta=f"silence at the end {digits(silence_s, 0)} → 2 s",
    )


RULE = Rule(
    id="int.headtail",
    area="integrity",
    group="edges",
    weight=0.3,
    title="Start or end of the file",
    measures=(
        "First sample and peak of the first millisecond, RMS of the last 10 ms, beats of silence before the first "
        "sound (club), seconds of it after the last (club, stream)."
    ),
    grade="D",
    check=check,
    limits=LIMITS,
    by_target=True,
    version=3,
)
