"""``dj.crate``: level and tone beside the tracks the mix will be played with, where somebody named their folder.

Whole files are compared with whole files. A crate that is of one mind is a close standard and a mixed one is not: how
far its own tracks lie apart is allowed to everybody.
"""

from __future__ import annotations

import numpy as np

from uptrack_analysis.figures import digits, frequency, signed
from uptrack_analysis.findings.case import Case, Draft, Unmeasured
from uptrack_analysis.findings.places import as_spans
from uptrack_analysis.findings.rule import Rule, Verdict
from uptrack_analysis.findings.tables import table
from uptrack_analysis.findings.threshold import WARN_EXCESS, Threshold
from uptrack_analysis.measure.ltas import NAMED_BANDS, Band, mean_spectrum, named_band_levels
from uptrack_analysis.measure.results import CrateTrack
from uptrack_analysis.report import Action

# Distance from the median of the crate's tracks; more where they lie further apart themselves.
LIMITS = table(
    "dj.crate",
    level={"warn_lu": 2.0, "bad_lu": 6.0, "grade": "D", "source": "proposal"},
    band={"warn_db": 3.0, "bad_db": 8.0, "grade": "D", "source": "proposal"},
    least_tracks=3,
    most_bands=2,
    eq_cap_db=4.0,
    level_cap_db=3.0,
    grade="D",
    source="proposal",
)

CONFIDENCE = 0.7
# The tracks' own spread: half of what lies between these percentiles.
SPREAD = (10, 90)


def check(case: Case) -> Verdict:
    crate = case.measured.crate
    if crate is None:
        return Unmeasured(
            "Nobody named a folder of tracks to compare with (uptrack analyze --crate DIR).", optional=True
        )
    least = int(LIMITS.number("least_tracks"))
    if len(crate.tracks) < least:
        return Unmeasured(f"The folder holds {len(crate.tracks)} tracks that can be measured; a crate has {least}.")
    integrated = case.measured.loudness.integrated_lufs
    if integrated is None:
        return case.why("loudness.integrated_lufs", "The file is silent.")
    drafts = [_band(case, band, number, crate.tracks) for number, band in enumerate(NAMED_BANDS)]
    found = sorted((draft for draft in drafts if draft is not None), key=lambda draft: -draft.excess)
    level = _level(case, integrated, crate.tracks)
    return [*([level] if level else []), *found[: int(LIMITS.number("most_bands"))]]


def _level(case: Case, integrated: float, tracks: tuple[CrateTrack, ...]) -> Draft | None:
    data = LIMITS.table("level")
    levels = np.array([track.integrated_lufs for track in tracks])
    median, threshold = _usual(levels, data.number("warn_lu"), data.number("bad_lu"))
    if case.delivery.target == "premaster" or threshold.excess(integrated) < WARN_EXCESS:
        return None  # a premaster gets its level later
    gap = integrated - median
    step = min(LIMITS.number("level_cap_db"), abs(gap))
    louder = gap > 0
    return Draft(
        value=integrated,
        unit="LUFS",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=1.0,
        title="Louder than the crate" if louder else "Quieter than the crate",
        advice=(
            f"{digits(integrated)} LUFS is {digits(abs(gap))} LU {'over' if louder else 'under'} the middle of the "
            f"{len(tracks)} tracks it will be played with ({digits(median)} LUFS): a DJ has to correct the trim. "
            + (
                f"Ease the limiter's drive by {digits(step)} dB."
                if louder
                else f"Drive the limiter {digits(step)} dB harder."
            )
        ),
        spans=as_spans([case.whole]),
        place="level",
        actions=(
            Action(
                "LM",
                "Ease the limiter's drive" if louder else "Drive the limiter harder",
                gain_db=-step if louder else step,
            ),
        ),
        expected_delta=f"gap {signed(gap)} → {signed(gap - step if louder else gap + step)} LU",
    )


def _band(case: Case, band: Band, number: int, tracks: tuple[CrateTrack, ...]) -> Draft | None:
    own = named_band_levels(mean_spectrum(case.measured.bands))[number].level_db
    levels = [level for track in tracks if (level := track.bands_db[number]) is not None]
    if own is None or len(levels) < LIMITS.number("least_tracks"):
        return None
    data = LIMITS.table("band")
    median, threshold = _usual(np.array(levels), data.number("warn_db"), data.number("bad_db"))
    if threshold.excess(own) < WARN_EXCESS:
        return None
    gap = own - median
    cap = LIMITS.number("eq_cap_db")
    move = -float(np.clip(gap, -cap, cap))
    place = f"{frequency(band.low_hz)} to {frequency(band.high_hz)} ({band.name})"
    centre_hz = float(np.sqrt(band.low_hz * band.high_hz))
    return Draft(
        value=own,
        unit="dB",
        threshold=threshold,
        confidence=CONFIDENCE,
        exposure=1.0,
        title=f"{'More' if gap > 0 else 'Less'} {band.name} than the crate",
        advice=(
            f"{place} lies {digits(abs(gap))} dB {'over' if gap > 0 else 'under'} the middle of the {len(tracks)} "
            f"tracks it will be played with. {'Turn down' if gap > 0 else 'Bring up'} what plays there, or "
            f"{signed(move)} dB around {frequency(centre_hz)}."
        ),
        spans=as_spans([case.whole]),
        low_hz=band.low_hz,
        high_hz=band.high_hz,
        place="band",
        actions=(Action("EQ", f"Bell on what plays in the {band.name}", move, centre_hz, 0.7),),
        expected_delta=f"gap {signed(gap)} → {signed(gap + move)} dB",
    )


def _usual(levels: np.ndarray[tuple[int], np.dtype[np.float64]], warn: float, bad: float) -> tuple[float, Threshold]:
    """The crate's median and the range around it."""
    low, high = (float(level) for level in np.percentile(levels, SPREAD))
    wider = max(warn, (high - low) / 2)
    median = float(np.median(levels))
    return median, Threshold.around(median, wider, wider + bad - warn)


RULE = Rule(
    id="dj.crate",
    area="dj",
    group="crate",
    weight=0.15,
    title="Beside the crate",
    measures="Integrated loudness and levels of eight bands, against the median of the tracks in a folder.",
    grade="D",
    check=check,
    limits=LIMITS,
    by_target=True,
    at_most="minor",
    version=2,
)
