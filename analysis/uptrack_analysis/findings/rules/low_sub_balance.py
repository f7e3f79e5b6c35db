"""``low.sub_balance``: the sub of the loud music, held against what music has, and against itself over time.

Below 120 Hz no published curve holds for club music: freely licensed electronic tracks lie anywhere from the pop
average's bass branch to 20 dB over it. Until the user gives references that whole range passes, and outside of it the
rule believes itself by 0.6. Four tracks in five lie in the upper half of that range, and what lies outside of it is
told as information. What a mix says of itself is better evidence: a sub that leaps up or away while the rest plays on,
in a section that has one, both in the loud passage. Of the two levels the one further from the usual is taken for the
odd one, but what most of the music has is that only where hardly any other music has it. A leap too small to warn of is
none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import digits, frequency, percent, signed
from uptrack_analysis.findings import against_references
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.leaps import is_a_stretch, parted
from uptrack_analysis.findings.moments import Moments, moments
from uptrack_analysis.findings.places import as_spans, share, when
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.findings.tonal_average import load_tonal_average
from uptrack_analysis.findings.tone import level_over_average_db
from uptrack_analysis.measure.ltas import bands_between
from uptrack_analysis.report import Action
from uptrack_analysis.signal import FloatArray

LIMITS = table(
    "low.sub_balance",
    low_hz=30.0,
    high_hz=60.0,
    # over the pop average's bass branch: the usual range, and how far out of it warns and is bad
    level={
        "usual_low_db": 0.0,
        "usual_high_db": 18.0,
        "typical_db": 16.0,
        "warn_db": 5.0,
        "bad_db": 10.0,
        "confidence": 0.6,
        "grade": "D",
        "source": "bass branch of the pop average; median of 20 freely licensed tracks",
    },
    # over the same, what four tracks in five have: outside of it is worth knowing, and no more
    common={
        "low_db": 9.0,
        "high_db": 19.5,
        "from_db": 0.5,
        "step_db": 4.0,
        "confidence": 0.35,
        "grade": "D",
        "source": "10th and 90th percentile of 20 freely licensed tracks",
    },
    # between two levels of the sub over the rest, both in loud music
    leap={
        "rest_low_hz": 120.0,
        "rest_high_hz": 8000.0,
        "warn_db": 3.5,
        "bad_db": 5.5,
        "least_share": 0.12,  # of the loud music, for either level
        "most_share": 0.5,  # for the odd one, where its level is one that most electronic music has
        "at_once_s": 5.0,  # one stretch of the odd level, and half of all of it: fills come and go
        "beyond_db": 1.5,
        "clearly_db": 3.0,
        "rest_within_db": 3.0,  # of the loud passage, for its music to be loud
        "rest_as_loud_db": 1.5,  # the same, for music that a sub taken away has put out of the loud passage
        "gone_db": 13.0,  # further down there is no sub, which is arrangement
        "most_db": 20.0,  # further up it is the music without a sub that is usual, which is arrangement as well
        "confidence": 0.75,
        "grade": "D",
        "source": "proposal",
    },
    level_step_db=3.0,
    grade="D",
    source="cap on level moves of 3 dB",
)

WINDOW_S = 3.0
_AT_AN_END = 3
"""Windows of the loud music that tell which level it begins or ends with."""


@dataclass(frozen=True, slots=True)
class _Leap:
    """Two levels of one sub."""

    apart_db: float
    over: bool
    """The odd one is the higher."""
    odd: NDArray[np.bool_]
    """shape (n_windows,)"""
    music: NDArray[np.bool_]
    """shape (n_windows,): loud, with a sub"""


def check(case: Case) -> Verdict:
    if case.references is not None:
        return against_references.sub(case, case.references)
    low_hz, high_hz = LIMITS.number("low_hz"), LIMITS.number("high_hz")
    if not case.loud_mask.any():
        return case.why("loudness.integrated_lufs", "The file has no loud passage to judge the sub in.")
    levels = level_over_average_db(case.loud_spectrum, load_tonal_average(), low_hz, high_hz)
    if levels is None:
        return Unmeasured("There is no signal between 500 and 2000 Hz, or none in the sub, to compare levels with.")
    level, expected = levels
    data = LIMITS.table("level")
    threshold = Threshold.window(
        expected + data.number("usual_low_db"),
        expected + data.number("usual_high_db"),
        data.number("warn_db"),
        data.number("bad_db"),
    )
    limits = LIMITS.table("leap")
    apart = Threshold.above(limits.number("warn_db"), limits.number("bad_db"))
    windows = moments(case, WINDOW_S)
    leap = None if windows is None else _leap(windows)
    # One of the two: a sub that leaps moves the mean of the loud passage as well.
    leaps = 0.0 if leap is None else apart.excess(leap.apart_db)
    if windows is not None and leap is not None and leaps >= max(WARN_EXCESS, threshold.excess(level)):
        return (_part(case, windows, leap, apart),)
    if threshold.excess(level) >= WARN_EXCESS:
        usual = (data.number("usual_low_db"), data.number("usual_high_db"))
        return (_whole(case, level, expected, threshold, usual, data.number("confidence")),)
    data = LIMITS.table("common")
    common = (data.number("low_db"), data.number("high_db"))
    threshold = Threshold(expected + common[0], expected + common[1], data.number("step_db"))
    if threshold.distance(level) < data.number("from_db"):
        return ()
    return (replace(_whole(case, level, expected, threshold, common, data.number("confidence")), informs=True),)


def _whole(
    case: Case, level: float, expected: float, threshold: Threshold, usual_db: tuple[float, float], confidence: float
) -> Draft:
    distance, over = abs(level - expected), level > expected + usual_db[0]
    step_db = LIMITS.number("level_step_db")
    move = min(step_db, max(0.5, round(2 * threshold.distance(level)) / 2)) * (-1 if over else 1)
    what = (
        f"Start with the sub {signed(move)} dB"
        + (
            ", then look at the sound itself: "
            + ("a shorter tail or a higher note" if over else "a lower octave or a layer with a real fundamental")
            if threshold.distance(level) > step_db
            else ""
        )
        + "."
    )
    return Draft(
        value=level,
        unit="dB",
        threshold=threshold,
        confidence=confidence,
        exposure=1.0,
        title=_title(over=over),
        advice=(
            f"{frequency(LIMITS.number('low_hz'))} to {frequency(LIMITS.number('high_hz'))} lies {digits(distance)} dB "
            f"{'over' if level > expected else 'under'} the average of popular music in the loud passages; electronic "
            f"music lies {digits(usual_db[0])} to {digits(usual_db[1])} dB over it. {what} That range is a weak guide "
            f"(evidence D, confidence {percent(confidence)}), so trust a reference track you like more than this."
        ),
        spans=as_spans(case.joined(case.loud_spans)),
        low_hz=LIMITS.number("low_hz"),
        high_hz=LIMITS.number("high_hz"),
        actions=_actions(move),
        blame="power" if over else None,
        expected_delta=f"sub {signed(level)} → {signed(level + move)} dB over 500–2000 Hz",
    )


def _part(case: Case, windows: Moments, leap: _Leap, threshold: Threshold) -> Draft:
    spans = case.joined(windows.spans(leap.odd))
    step_db = LIMITS.number("level_step_db")
    move = min(step_db, max(0.5, round(2 * threshold.distance(leap.apart_db)) / 2)) * (-1 if leap.over else 1)
    return Draft(
        value=leap.apart_db,
        unit="dB",
        threshold=threshold,
        confidence=LIMITS.table("leap").number("confidence"),
        exposure=share(spans, windows.spans(leap.music)),
        title=_title(over=leap.over),
        advice=(
            f"The sub ({frequency(LIMITS.number('low_hz'))} to {frequency(LIMITS.number('high_hz'))}) leaps: "
            f"at {when(spans)} it lies {digits(leap.apart_db)} dB {'over' if leap.over else 'under'} the other "
            f"loud passages, while the rest plays on. Look for a layer or an automation that changes there, and start "
            f"with {signed(move)} dB on the sub."
        ),
        spans=as_spans(spans),
        low_hz=LIMITS.number("low_hz"),
        high_hz=LIMITS.number("high_hz"),
        place="part",
        actions=(*_actions(move), Action("MK", "Mark the passages")),
        blame="power" if leap.over else None,
        expected_delta=f"sub {digits(leap.apart_db)} → under {digits(threshold.ok_high or 0.0)} dB apart",
    )


def _title(*, over: bool) -> str:
    return "Much sub" if over else "Little sub"


def _actions(move_db: float) -> tuple[Action, ...]:
    return (
        Action("GN", "Sub or bass bus", gain_db=move_db, tool="gain"),
        Action(
            "EQ",
            "Low shelf on the bass bus",
            gain_db=move_db,
            frequency_hz=LIMITS.number("high_hz"),
            q=0.7,
            tool="low shelf",
        ),
    )


def _leap(windows: Moments) -> _Leap | None:
    """The two levels that part the sub's windows best; ``None`` without enough loud music that has a sub."""
    data = LIMITS.table("leap")
    sub_db = _level_db(windows, LIMITS.number("low_hz"), LIMITS.number("high_hz"))
    rest_db = _level_db(windows, data.number("rest_low_hz"), data.number("rest_high_hz"))
    if sub_db is None or rest_db is None or not windows.loud.any():
        return None
    usual_db = float(np.median(rest_db[windows.loud]))
    here = float(np.median((sub_db - rest_db)[windows.loud]))
    # How loud music is hangs on its sub as well: where all else is as loud as usual, it is that alone which is not.
    loud = windows.loud & (rest_db > usual_db - data.number("rest_within_db"))
    loud |= rest_db > usual_db - data.number("rest_as_loud_db")
    music = loud & (sub_db - rest_db > here - data.number("gone_db"))
    over_rest = sub_db - rest_db
    levels = parted(over_rest[music], data.number("least_share"))
    if levels is None:
        return None
    lower, higher = levels
    up = music & (over_rest > (lower + higher) / 2)
    down = music & ~up
    usual = LIMITS.table("level")
    average = load_tonal_average().band_level_db(
        LIMITS.number("low_hz"),
        LIMITS.number("high_hz"),
        reference_hz=(data.number("rest_low_hz"), data.number("rest_high_hz")),
    )
    # A level that the music leaves and comes back to is its own, and the stretch between is odd. Else it is the one
    # that lies outside of the usual range, or the one clearly further from its middle, or the rarer one.
    outside = Threshold(usual.number("usual_low_db"), usual.number("usual_high_db"), 1.0)
    typical = usual.number("typical_db")
    beyond = outside.distance(higher - average) - outside.distance(lower - average)
    further = abs(higher - average - typical) - abs(lower - average - typical)
    inner = _between(windows, up, down)
    if inner is not None:
        over = inner
    elif abs(beyond) > data.number("beyond_db"):
        over = beyond > 0
    elif abs(further) > data.number("clearly_db"):
        over = further > 0
    else:
        over = bool(up.sum() < down.sum())
    odd, level_db = (up, higher - average) if over else (down, lower - average)
    if higher - lower > data.number("most_db"):
        return None
    # What most of the music has is its own level, unless hardly any music has it.
    common = LIMITS.table("common")
    is_common = common.number("low_db") <= level_db <= common.number("high_db")
    if is_common and odd.sum() > data.number("most_share") * music.sum():
        return None
    if not is_a_stretch(windows, odd, WINDOW_S, data.number("at_once_s")):
        return None
    return _Leap(higher - lower, over, odd, music)


def _between(windows: Moments, up: NDArray[np.bool_], down: NDArray[np.bool_]) -> bool | None:
    """Whether it is the higher level that a stretch between two of the other has; ``None`` if neither is such a one.

    What fills more than half of the music is its own level, and what is around it are its beginning and end.
    """
    higher = up[np.flatnonzero(up | down)]
    at_the_ends = np.concatenate([higher[:_AT_AN_END], higher[-_AT_AN_END:]])
    if at_the_ends.any() != at_the_ends.all():
        return None
    over = not at_the_ends.all()
    odd, at_once_s = up if over else down, LIMITS.table("leap").number("at_once_s")
    is_inside = odd.sum() <= higher.size / 2 and is_a_stretch(windows, odd, WINDOW_S, at_once_s)
    return over if is_inside else None


def _level_db(windows: Moments, low_hz: float, high_hz: float) -> FloatArray | None:
    columns = bands_between(windows.edges_hz, low_hz, high_hz)
    if columns is None:
        return None
    level: FloatArray = 10 * np.log10(np.maximum(windows.power[:, columns].sum(axis=1), 1e-14))
    return level


RULE = Rule(
    id="low.sub_balance",
    area="low",
    group="sub",
    weight=0.3,
    title="Sub level",
    measures="30–60 Hz in the loud passage against its usual range, and its leaps while the rest plays on, in dB.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=8,
    data_files=("tonal_average.toml", against_references.DATA),
    by_references=True,
)
