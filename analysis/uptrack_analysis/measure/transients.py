"""Transient strength: by how many dB each hit rises over what came before it, from an envelope of some 10 ms a hop.

A hit is where power rises by more than chance allows, to within 20 dB of what the loud moments reach, and more than
anywhere within 80 ms. Its strength is the mean power of its first hops over that of some hops before it (one is left
out between them: the hit may have begun inside it). Over steady noise of power N, a hit that adds K for as long as is
looked at reads ``10 log10((N + K) / N)``. A limiter that works hard, or a mix without room, shows as hits that hardly
rise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.results import Envelope, Transients
from uptrack_analysis.report import TransientFigures
from uptrack_analysis.signal import FloatArray


@dataclass(frozen=True, slots=True)
class Hit:
    """What counts as one, in hops of the envelope."""

    least_rise_db: float
    before: int
    after: int
    least_a_minute: float
    """Of hits that rise that far: several times what chance brings."""
    lone_rise_db: float
    """Where they are fewer, only hits that rise this far count, and six of those a minute."""


ANY_HIT = Hit(least_rise_db=3.0, before=4, after=2, least_a_minute=6.0, lone_rise_db=3.0)
"""Full band: 40 ms before, 20 ms after. Pink noise rises that far never at 44.1 kHz, once a minute at 8 kHz mono."""
KICK = Hit(least_rise_db=6.0, before=8, after=4, least_a_minute=60.0, lone_rise_db=9.0)
"""Below 150 Hz: 93 and 46 ms. So narrow a band has few independent values: twelve minutes of mono noise (white, pink,
brown) rose by 6 dB 24 times a minute, by 9 dB 1.6 times. Kicks of 6 dB count if there is one a second, rarer ones from
9 dB on."""

LEAST_REACHED_DB = -20.0
"""Under the 99th percentile, which sparse hits reach too: quieter ones are ghost notes, and would drown the rest."""
MOST_RISE_DB = 60.0
"""Out of silence everything rises by more."""
LEAST_HITS = 8
LEAST_LONE_A_MINUTE = 6.0
SPACING_S = 0.08

_GAP = 1


def transients(envelope: Envelope, hit: Hit) -> Transients:
    """Every hit with its strength, and how many and how far spread they are.

    Parameters
    ----------
    envelope : Envelope
    hit : Hit

    Raises
    ------
    NothingToMeasure
        Fewer than ``LEAST_HITS`` hits, or so few a minute that they may be chance.
    """
    times_s, rises_db = hit_rises_db(envelope, hit)
    minutes = envelope.power.size * envelope.hop_s / 60
    if rises_db.size < max(LEAST_HITS, hit.least_a_minute * minutes):
        lone = rises_db >= hit.lone_rise_db
        times_s, rises_db = times_s[lone], rises_db[lone]
        least = max(LEAST_HITS, math.ceil(LEAST_LONE_A_MINUTE * minutes))
        if rises_db.size < least:
            raise NothingToMeasure(
                f"expected at least {least} hits that rise by {hit.lone_rise_db:g} dB, found {rises_db.size}"
            )
    low_db, median_db, high_db = (float(value) for value in np.percentile(rises_db, [10, 50, 90]))
    return Transients(int(rises_db.size), low_db, median_db, high_db, times_s, rises_db)


def transient_figures(found: Transients | None) -> TransientFigures | None:
    """As the report has them."""
    if found is None:
        return None
    return TransientFigures(found.hits, found.rise_low_db, found.rise_median_db, found.rise_high_db)


def hit_rises_db(envelope: Envelope, hit: Hit) -> tuple[FloatArray, FloatArray]:
    """Times in seconds, and rises in dB, of every hit; shape (n_hits,) each."""
    power = envelope.power
    nothing = np.empty(0)
    lead = hit.before + _GAP
    if power.size < lead + hit.after or not power.max() > 0.0:
        return nothing, nothing
    reached = float(np.percentile(power, 99))
    if not reached > 0.0:
        reached = float(power.max())
    bounded = np.maximum(power, reached * 10 ** (-MOST_RISE_DB / 10))
    # Element ``k`` of both belongs to the hop ``lead + k``.
    hops = power.size - lead - hit.after + 1
    before = sliding_window_view(bounded, hit.before)[:hops].mean(axis=1)
    after = sliding_window_view(bounded, hit.after)[lead:].mean(axis=1)
    rise_db = 10 * np.log10(after / before)
    spacing = max(1, round(SPACING_S / envelope.hop_s))
    around = sliding_window_view(np.pad(rise_db, spacing, constant_values=-np.inf), 2 * spacing + 1)
    rising = (rise_db >= hit.least_rise_db) & (after >= reached * 10 ** (LEAST_REACHED_DB / 10))
    places = np.flatnonzero(rising)
    # Of these alone: argmax copies the windows it looks at, and all of a two-hour set's are 100 MB.
    places = places[np.argmax(around[places], axis=1) == spacing]
    times_s: FloatArray = ((places + lead) * envelope.hop_s).astype(np.float64)
    return times_s, np.minimum(rise_db[places], MOST_RISE_DB)
