"""Which finding of one version is which of another: by rule, stem, band, channel, side and aligned place.

Ids alone will not do: the id of a dropout holds its second, so a phrase put in before it would make it another, and one
that comes to lie at that second would pass for it. Events are paired by where they lie on the time both files share;
what is a state of the mix (long, or of the whole file) is also itself where its id is the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from uptrack_analysis.compare.alignment import Alignment, TimeSpan
from uptrack_analysis.report import Finding

NEAR_S = 1.0
"""How far apart two places of one problem may be found: windows of the meters are up to a second long."""
EVENT_S = 2.0
"""What lasts no longer is an event, and is where it is."""
SAME_BAND_OCTAVES = 1 / 6
SAME_BAND_SHARE = 0.5
EDGE_S = 0.05


@dataclass(frozen=True, slots=True)
class Matched:
    pairs: tuple[tuple[Finding, Finding], ...]
    """(older, newer)"""
    only_old: tuple[Finding, ...]
    only_new: tuple[Finding, ...]


def match(old: Sequence[Finding], new: Sequence[Finding], alignment: Alignment) -> Matched:
    """Pair findings one to one; who ask the other way round get the same pairs."""
    candidates = [
        (closeness, one, other)
        for one in old
        for other in new
        if same_kind(one, other) and (closeness := _closeness(one, other, alignment)) > 0
    ]
    # Ids in one order, so that a tie falls the same way whoever asks.
    candidates.sort(key=lambda candidate: (-candidate[0], sorted((candidate[1].id, candidate[2].id))))
    pairs: list[tuple[Finding, Finding]] = []
    taken_old: set[str] = set()
    taken_new: set[str] = set()
    for _, one, other in candidates:
        if one.id not in taken_old and other.id not in taken_new:
            taken_old.add(one.id)
            taken_new.add(other.id)
            pairs.append((one, other))
    return Matched(
        tuple(pairs),
        tuple(finding for finding in old if finding.id not in taken_old),
        tuple(finding for finding in new if finding.id not in taken_new),
    )


def same_kind(one: Finding, other: Finding) -> bool:
    """One question, one stem (or one side knows none), one band, one channel, and off to the same side."""
    return (
        one.rule == other.rule
        and (one.stem == other.stem or None in (one.stem, other.stem))
        and _channel(one) == _channel(other)
        and _side(one) == _side(other)
        and _same_band(one, other)
    )


def spans_of(finding: Finding) -> tuple[TimeSpan, ...]:
    return tuple((span.start_s, span.end_s) for span in finding.spans) or ((finding.start_s, finding.end_s),)


def is_event(finding: Finding) -> bool:
    return bool(finding.spans) and sum(end - start for start, end in spans_of(finding)) <= EVENT_S


def _closeness(old: Finding, new: Finding, alignment: Alignment) -> float:
    """0 for another place, up to 1 for the same; an equal id settles what overlaps alike."""
    same_id = 0.25 if old.id == new.id else 0.0
    one = _wider(alignment.common(spans_of(old), of_new=False))
    other = _wider(alignment.common(spans_of(new), of_new=True))
    shared = _overlap_s(one, other)
    whole = _length_s(one) + _length_s(other) - shared
    if shared > 0:
        return (shared / whole + same_id) / 1.25
    if _both_at_an_edge(old, new, alignment):
        return 0.01
    if is_event(old) or is_event(new):
        return 0.0
    return same_id / 1.25


def at_an_edge(finding: Finding, duration_s: float) -> Literal["start", "end"] | None:
    """Which end of the file a short finding lies at."""
    if not finding.spans:
        return None
    if finding.start_s <= EDGE_S and finding.end_s <= EVENT_S:
        return "start"
    return "end" if finding.end_s >= duration_s - EDGE_S and finding.start_s >= duration_s - EVENT_S else None


def _both_at_an_edge(old: Finding, new: Finding, alignment: Alignment) -> bool:
    """A cut tail is one problem wherever the file ends."""
    edge = at_an_edge(old, alignment.old_duration_s)
    return edge is not None and edge == at_an_edge(new, alignment.new_duration_s)


def _channel(finding: Finding) -> int | None:
    channels = {span.channel for span in finding.spans}
    return channels.pop() if len(channels) == 1 else None


def _side(finding: Finding) -> int:
    low, high = finding.ok_range
    if finding.value is None:
        return 0
    if high is not None and finding.value > high:
        return 1
    return -1 if low is not None and finding.value < low else 0


def _same_band(one: Finding, other: Finding) -> bool:
    if one.low_hz is None or one.high_hz is None or other.low_hz is None or other.high_hz is None:
        return (one.low_hz, one.high_hz) == (other.low_hz, other.high_hz)
    ends = [math.log2(max(edge, 1e-3)) for edge in (one.low_hz, one.high_hz, other.low_hz, other.high_hz)]
    if max(abs(ends[0] - ends[2]), abs(ends[1] - ends[3])) <= SAME_BAND_OCTAVES:
        return True
    shared = min(ends[1], ends[3]) - max(ends[0], ends[2])
    whole = max(ends[1], ends[3]) - min(ends[0], ends[2])
    return shared > SAME_BAND_SHARE * whole


def _wider(spans: Sequence[TimeSpan]) -> list[TimeSpan]:
    """Their union, each end moved out by half of ``NEAR_S``."""
    joined: list[TimeSpan] = []
    for start, end in sorted((start - NEAR_S / 2, end + NEAR_S / 2) for start, end in spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _length_s(spans: Sequence[TimeSpan]) -> float:
    return sum(end - start for start, end in spans)


def _overlap_s(one: Sequence[TimeSpan], other: Sequence[TimeSpan]) -> float:
    return sum(max(0.0, min(a[1], b[1]) - max(a[0], b[0])) for a in one for b in other)
