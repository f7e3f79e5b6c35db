"""``int.channel``: one side missing from start to end or for a while, far quieter for long, or upside down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from uptrack_analysis.figures import clock, digits, signed
from uptrack_analysis.findings.case import Case, Draft, StereoWindows, Unmeasured
from uptrack_analysis.findings.one_sided import BrokenOff, broken_off
from uptrack_analysis.findings.places import TimeSpan, as_spans, inside, share, total_s, when
from uptrack_analysis.findings.promises import promise
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import BAD_EXCESS, Threshold
from uptrack_analysis.measure.results import Silence
from uptrack_analysis.report import Action, Span

LIMITS = table(
    "int.channel",
    # A stretch of nothing in one channel, with the wave cut where it begins, while the other plays on, and no rest.
    fallen={
        "other_from_dbfs": -45.0,
        "other_falls_db": 15.0,  # by more, and both stopped
        "warn_s": 0.05,
        "bad_s": 0.5,
        "blocker_s": 5.0,
        "grade": "D",
        "source": "proposal",
    },
    # left minus right in loud windows of 1 s
    balance={
        "from_db": 3.0,  # below this, `ste.balance` judges
        "for_s": 30.0,
        "twice": 2.0,  # as often as the other side, for the one to lead
        "warn_db": 1.5,
        "bad_db": 3.0,
        "blocker_db": 9.0,
        "grade": "D",
        "source": "proposal",
    },
    # correlation of loud windows of 1 s
    polarity={
        "below": -0.5,
        "for_s": 10.0,
        "warn": 0.0,
        "bad": -0.5,
        "blocker": -0.8,
        "grade": "D",
        "source": "proposal",
    },
)

CONFIDENCE = 0.9
# A dead channel has no measure of how dead it is: certainly bad, and a blocker.
SILENT = Threshold(None, 0.0, 1 / (2 * BAD_EXCESS))


def check(case: Case) -> Verdict:
    measured = case.measured
    if measured.channels < 2:
        return ()
    if case.dead_sides:
        return [_silent(case, channel) for channel in case.dead_sides]
    windows = case.stereo
    if isinstance(windows, Unmeasured):
        return windows
    drafts = [_fallen_silent(case), _inverted(case, windows), _lopsided(case, windows)]
    return [draft for draft in drafts if draft is not None]


def _silent(case: Case, channel: int) -> Draft:
    return Draft(
        value=1.0,
        unit="silent channels",
        threshold=SILENT,
        confidence=0.95,
        exposure=1.0,
        title="One channel is silent",
        advice=(
            f"The {_side(case, channel)} channel is silent from start to end while the other plays: look for a pan, a "
            f"mono utility or an export routed to one side, and render again."
        ),
        spans=as_spans([case.whole], channel),
        blocker=True,
        channel=channel,
        place="silent",
        actions=(Action("UT", "Check pan and export routing of the master"), Action("NT", "Render again")),
        expected_delta="sound in both channels",
    )


def fallen(case: Case) -> tuple[Silence, ...]:
    """Silences of one front channel in the middle of what it plays; ``ste.balance`` leaves these alone."""
    return tuple(fault.silence for fault in _broken_off(case))


def _broken_off(case: Case) -> tuple[BrokenOff, ...]:
    if case.dead_sides:
        return ()
    data = LIMITS.table("fallen")
    return broken_off(
        case.measured,
        other_from_dbfs=data.number("other_from_dbfs"),
        other_falls_db=data.number("other_falls_db"),
    )


def _fallen_silent(case: Case) -> Draft | None:
    faults = _broken_off(case)
    if not faults:
        return None
    data, rate_hz = LIMITS.table("fallen"), case.measured.sample_rate_hz
    found = [fault.silence for fault in faults]
    lengths_s = [(silence.end - silence.start) / rate_hz for silence in found]
    longest_s = max(lengths_s)
    spans = [(silence.start / rate_hz, silence.end / rate_hz) for silence in found]
    channels = {silence.channel for silence in found}
    channel = found[0].channel if len(channels) == 1 else None
    name = "One" if channel is None else f"The {_side(case, channel)}"
    often = f" {len(found)} times, first at" if len(found) > 1 else " at"
    long = f"{digits(longest_s, 2)} s" + (" at most" if len(found) > 1 else "")
    return Draft(
        value=longest_s,
        unit="s",
        threshold=Threshold.above(data.number("warn_s"), data.number("bad_s")),
        confidence=CONFIDENCE,
        exposure=share(spans, [case.whole]),
        title="One channel falls silent",
        advice=(
            f"{name} channel breaks off{often} {clock(spans[0][0], 3)}, and for {long} there is nothing in it while "
            "the other plays on: look for a cut clip, a mute or a fault of the render on that side, and render this "
            "passage again."
        ),
        spans=tuple(Span(start, end, silence.channel) for (start, end), silence in zip(spans, found, strict=True)),
        blocker=any(
            fault.stands_alone and length_s >= data.number("blocker_s")
            for fault, length_s in zip(faults, lengths_s, strict=True)
        ),
        channel=channel,
        place="fallen",
        actions=(Action("MK", "Mark the silence"), Action("NT", "Render this passage again")),
        expected_delta="sound in both channels",
    )


def _side(case: Case, channel: int) -> str:
    """Of the front pair, wherever the file keeps it: "left", "front right (channel 3)"."""
    name = ("left", "right")[case.measured.front.index(channel)]
    return name if case.measured.channels == 2 else f"front {name} (channel {channel + 1})"


def inverted_spans(windows: StereoWindows) -> tuple[TimeSpan, ...]:
    """Stretches in which the channels cancel, if they add up to a fault; other rules leave these to this one."""
    data = LIMITS.table("polarity")
    with np.errstate(invalid="ignore"):
        chosen: NDArray[np.bool_] = windows.correlation < data.number("below")
    spans = windows.spans(chosen)
    return spans if total_s(spans) > data.number("for_s") else ()


def lopsided_spans(windows: StereoWindows) -> tuple[TimeSpan, ...]:
    """Loud stretches in which one side leads by far, if they add up to a fault; ``ste.balance`` has the rest."""
    return windows.spans(_lopsided_windows(windows))


def _lopsided_windows(windows: StereoWindows) -> NDArray[np.bool_]:
    """Those of the side that leads, shape (n_windows,); none where they add up to no fault."""
    data = LIMITS.table("balance")
    with np.errstate(invalid="ignore"):
        left = windows.loud & (windows.balance_db > data.number("from_db"))
        right = windows.loud & (windows.balance_db < -data.number("from_db"))
    other, lead = sorted((left, right), key=np.count_nonzero)
    # Ping-pong from side to side is an effect: only one side leading is a fault.
    swings = np.count_nonzero(lead) < data.number("twice") * np.count_nonzero(other)
    if swings or total_s(windows.spans(lead)) < data.number("for_s"):
        return np.zeros_like(lead)
    return lead


def without_fallen(windows: StereoWindows, case: Case) -> StereoWindows:
    """The windows with none loud that a silence of one channel reaches into."""
    spans = widened(fallen(case), windows.length_s, case.measured.sample_rate_hz)
    return replace(windows, loud=windows.loud & ~inside(windows.ends_s - windows.length_s / 2, spans))


def widened(silences: Sequence[Silence], window_s: float, rate_hz: int) -> tuple[TimeSpan, ...]:
    """Where the middle of a window of ``window_s`` lies that reaches into one of them."""
    half = window_s / 2
    return tuple((silence.start / rate_hz - half, silence.end / rate_hz + half) for silence in silences)


def _inverted(case: Case, windows: StereoWindows) -> Draft | None:
    spans = case.joined(inverted_spans(windows))
    if not spans:
        return None
    data = LIMITS.table("polarity")
    threshold = Threshold.below(data.number("warn"), data.number("bad"))
    with np.errstate(invalid="ignore"):
        value = float(np.median(windows.correlation[windows.correlation < data.number("below")]))
    return Draft(
        value=value,
        unit="correlation",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=share(spans, windows.spans(windows.sounding)),
        title="Channels cancel in mono",
        advice=(
            f"Left and right are opposed at {when(spans)} (correlation {signed(value, 2)}): in mono, and on most club "
            f"systems, this part all but disappears. Flip the polarity of one side of the widest stem, or of the "
            f"master if everything is affected."
        ),
        spans=as_spans(spans),
        blocker=value <= data.number("blocker"),
        place="polarity",
        actions=(
            Action("UT", "Flip the polarity of one channel of the stem at fault"),
            Action("MK", "Mark the passages"),
        ),
        blame="opposed",
        expected_delta=f"correlation {signed(value, 2)} → over 0",
    )


def _lopsided(case: Case, windows: StereoWindows) -> Draft | None:
    windows = without_fallen(windows, case)
    chosen = _lopsided_windows(windows)
    if not chosen.any():
        return None
    data = LIMITS.table("balance")
    value = float(np.median(windows.balance_db[chosen]))
    spans = case.joined(windows.spans(chosen))
    threshold = Threshold.around(0.0, data.number("warn_db"), data.number("bad_db"))
    if not threshold.excess(value):
        return None
    side, other = ("left", "right") if value > 0 else ("right", "left")
    step = min(3.0, abs(value))
    return Draft(
        value=value,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=share(spans, case.loud_spans),
        title="One channel much louder",
        advice=(
            f"The {side} channel is {digits(abs(value))} dB louder at {when(spans)}. Look for a panned bus or a gain "
            f"set on one side; if it is in the recording itself, raise the {other} side by {digits(step)} dB"
            + (" and rebalance the parts." if abs(value) > step else ".")
        ),
        spans=as_spans(spans),
        blocker=abs(value) >= data.number("blocker_db"),
        place="balance",
        actions=(
            Action("GN", f"Raise the {other} channel of the stem at fault", gain_db=step),
            Action("UT", "Check pan and balance of the buses"),
        ),
        blame="left" if value > 0 else "right",
        expected_delta=promise(f"{side} lead", abs(value), abs(value) - step, 1.0, rest="pan and routing"),
    )


RULE = Rule(
    id="int.channel",
    area="integrity",
    group="channel",
    weight=0.6,
    title="Channel fault",
    measures=(
        "A front channel that is dead, or breaks off while the other plays on; 30 loud seconds with over 3 dB between "
        "the sides; 10 s of correlation under −0.5."
    ),
    grade="D",
    check=check,
    limits=LIMITS,
    version=5,
)
