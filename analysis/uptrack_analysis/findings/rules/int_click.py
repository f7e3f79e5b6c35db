"""``int.click``: clicks that can be heard over the music around them.

What counts as a click, and what as an edge that belongs to the sound, the meter in ``measure/clicks.py`` decides. Here
is asked whether it can be heard: a jump of a few samples is spread over the whole spectrum, so what hides it is the
music's power between 4 and 16 kHz in the half second around it. A single sample holds as much energy there as 2 ms
(as long as the ear adds up what is that short) of music 22 dB weaker.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from uptrack_analysis.figures import channel_name, clock, digits
from uptrack_analysis.findings.case import Case, Draft
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import Threshold
from uptrack_analysis.measure.results import Click, Measured
from uptrack_analysis.report import Action, Span

# By how much the wave misses its course over the level of 4-16 kHz around it.
LIMITS = table(
    "int.click",
    audible_db=16.0,
    surely_audible_db=17.0,
    # What can be heard is moderate from there on: nobody means it.
    warn_db=10.0,
    bad_db=28.0,
    low_hz=4000.0,
    high_hz=16000.0,
    # Quieter surroundings than this hide nothing more: what is left is the noise of a room.
    quietest_dbfs=-75.0,
    # More clicks a minute than this are vinyl or a texture.
    effect_per_min=20.0,
    fade_ms=3.0,
    grade="D",
    source="proposal: one sample against 2 ms of the music around it; what a click is, after Essentia's ClickDetector",
)

CONFIDENCE = 0.85
MAYBE_EFFECT = 0.4
AROUND_S = (0.12, 0.4)
"""Frames nearer than the first hold the click itself."""
LEAST_APART_S = 1.5
AT_MOST = 20


def check(case: Case) -> Verdict:
    measured = case.measured
    clicks = measured.defects.clicks
    if not clicks:
        return ()
    threshold = Threshold.above(LIMITS.number("warn_db"), LIMITS.number("bad_db"))
    rate_hz = measured.sample_rate_hz
    often = len(clicks) > LIMITS.number("effect_per_min") * max(1.0, measured.duration_s / 60)
    heard = [(click, _over_music_db(measured, click)) for click in clicks]
    audible = [(click, over_db) for click, over_db in heard if over_db >= LIMITS.number("audible_db")]
    places = _places(audible, max(case.bar_s, LEAST_APART_S) * rate_hz)
    worst = sorted(places, key=lambda place: -max(over_db for _, over_db in place))[:AT_MOST]
    return [
        _draft(case, place, threshold, (MAYBE_EFFECT if often else CONFIDENCE) * _belief(place))
        for place in sorted(worst, key=lambda place: place[0][0].frame)
    ]


def _belief(place: Sequence[tuple[Click, float]]) -> float:
    """0 where a place is no click any more, or cannot be heard any more, to 1; without a step between."""
    audible_db, surely_db = LIMITS.number("audible_db"), LIMITS.number("surely_audible_db")
    return max(click.rarity * min(1.0, (over_db - audible_db) / (surely_db - audible_db)) for click, over_db in place)


def _draft(case: Case, place: Sequence[tuple[Click, float]], threshold: Threshold, confidence: float) -> Draft:
    measured = case.measured
    rate_hz = measured.sample_rate_hz
    loudest, over_db = max(place, key=lambda one: one[1])
    at_s = loudest.frame / rate_hz
    channels = sorted({channel for click, _ in place for channel in click.channels})
    channel = channels[0] if len(channels) == 1 and measured.channels > 1 else None
    where = f" in {channel_name(channel, measured.channels)}" if channel is not None else ""
    count = f"{len(place)} clicks, the loudest" if len(place) > 1 else "A click"
    fade_ms = LIMITS.number("fade_ms")
    spans = [(click.frame / rate_hz, (click.frame + 1) / rate_hz) for click, _ in place]
    return Draft(
        value=over_db,
        unit="dB",
        threshold=threshold,
        confidence=confidence,
        exposure=0.0,
        advice=(
            f"{count} of {digits(loudest.level_dbfs, 0)} dBFS at {clock(at_s, 3)}{where}, {digits(over_db, 0)} dB over "
            f"the highs around it: fade the clip's edge or the edit there over {digits(fade_ms, 0)} ms, or render "
            f"again with a larger buffer if there is no edit."
        ),
        spans=tuple(Span(start, end, channel) for start, end in spans),
        channel=channel,
        place=f"{place[0][0].frame / rate_hz:.0f} s",
        actions=(
            Action("MK", "Mark the click"),
            Action("NT", f"Fade of {digits(fade_ms, 0)} ms at the edit, or render again"),
        ),
        blame="faults",
        expected_delta="no click",
        told_from=LIMITS.number("audible_db"),
    )


def _over_music_db(measured: Measured, click: Click) -> float:
    """Level of the click re the music's highs in the half second around it, in the louder channel.

    Of channels beside the front pair nothing is known of the highs: theirs stand for them.
    """
    bands, at_s = measured.bands, click.frame / measured.sample_rate_hz
    low, high = bands.edges_hz[:-1], bands.edges_hz[1:]
    columns = (low >= LIMITS.number("low_hz")) & (high <= LIMITS.number("high_hz"))
    quietest = 10 ** (LIMITS.number("quietest_dbfs") / 10)
    away_s = np.abs(bands.times_s - at_s)
    near = (away_s >= AROUND_S[0]) & (away_s <= AROUND_S[1])
    power = 0.0
    if near.any() and columns.any():
        pair = (bands.ll, bands.rr)
        own = [side for channel, side in zip(measured.front, pair, strict=False) if channel in click.channels]
        power = max(float(np.median(side[near][:, columns].sum(axis=1))) for side in own or pair)
    return click.level_dbfs - 10 * float(np.log10(max(power, quietest)))


def _places(audible: Sequence[tuple[Click, float]], within: float) -> list[list[tuple[Click, float]]]:
    """Clicks less than a bar apart are one place to look at."""
    places: list[list[tuple[Click, float]]] = []
    for one in sorted(audible, key=lambda one: one[0].frame):
        if places and one[0].frame - places[-1][-1][0].frame <= within:
            places[-1].append(one)
        else:
            places.append([one])
    return places


RULE = Rule(
    id="int.click",
    area="integrity",
    group="click",
    weight=0.5,
    title="Click",
    measures="How far the wave leaves its course at a click, over the level of 4–16 kHz in the half second around it.",
    grade="D",
    check=check,
    limits=LIMITS,
    version=6,
)
