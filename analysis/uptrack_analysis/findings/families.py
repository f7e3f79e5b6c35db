"""Genre families: the thresholds a mix is judged by, one data file a family.

Two files cover others: ``general`` is the family of a mix whose genre nobody knows, ``fourfloor`` of one that is known
to have a kick on every beat; every tolerance in them is the widest of the families they cover. Names that producers
use ("liquid", "deep house", "D&B") lead to families through the aliases in the files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from uptrack_analysis.errors import BadInput
from uptrack_analysis.findings.tables import DataError, Evidence, Table, data_files, read_table
from uptrack_analysis.findings.threshold import Threshold

GENERAL = "general"

Kick = Literal["every beat", "broken", "free"]
"""Where the kick usually falls, which tells families of one tempo apart."""


@dataclass(frozen=True, slots=True)
class Family:
    """One family of genres. Ranges are ``(low, high)``; a range a family has no opinion on is ``None``."""

    id: str
    name: str
    aliases: tuple[str, ...]
    covers: tuple[str, ...]
    """Families this one stands in for when a guess cannot tell them apart; empty for a genre of its own."""
    tempo_windows_bpm: tuple[tuple[float, float], ...]
    kick: Kick
    tempo_speaks: bool
    """Tempo and kick alone are enough to guess this family by."""
    club_loudness_lufs: tuple[float, float]
    plr_db: Threshold
    psr_in_drop_warn_db: float
    loudness_range_lu: tuple[float, float]
    sub_fundamental_hz: tuple[float, float] | None
    mono_below_hz: float
    low_side_db: Threshold
    """Side minus mid power below ``mono_below_hz``."""
    correlation: Threshold
    """5th percentile of the correlation over 1 s."""
    tonal_warn_db: float
    tonal_bad_db: float
    tilt_warn_db_per_octave: float
    tilt_bad_db_per_octave: float
    mix_bars: tuple[float, float] | None
    drop_step_lu: Threshold
    """Loudness of a drop over the break before it."""
    evidence: Mapping[str, Evidence]
    """Section of the data file to where its numbers came from."""

    def fits_tempo(self, bpm: float) -> bool:
        return any(low <= bpm <= high for low, high in self.tempo_windows_bpm)

    def widened(self, wider: Family, share: float) -> Family:
        """This family with its limits moved ``share`` of the way to those of ``wider``: what a guess judges by.

        The frequency under which the low end should be mono names what was measured, and stays.
        """

        def between(own: float, other: float) -> float:
            return own + share * (other - own)

        def ranges(own: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
            return between(own[0], other[0]), between(own[1], other[1])

        return replace(
            self,
            club_loudness_lufs=ranges(self.club_loudness_lufs, wider.club_loudness_lufs),
            plr_db=self.plr_db.moved(wider.plr_db, share),
            psr_in_drop_warn_db=between(self.psr_in_drop_warn_db, wider.psr_in_drop_warn_db),
            loudness_range_lu=ranges(self.loudness_range_lu, wider.loudness_range_lu),
            low_side_db=self.low_side_db.moved(wider.low_side_db, share),
            correlation=self.correlation.moved(wider.correlation, share),
            tonal_warn_db=between(self.tonal_warn_db, wider.tonal_warn_db),
            tonal_bad_db=between(self.tonal_bad_db, wider.tonal_bad_db),
            tilt_warn_db_per_octave=between(self.tilt_warn_db_per_octave, wider.tilt_warn_db_per_octave),
            tilt_bad_db_per_octave=between(self.tilt_bad_db_per_octave, wider.tilt_bad_db_per_octave),
            mix_bars=ranges(self.mix_bars, wider.mix_bars) if self.mix_bars and wider.mix_bars else self.mix_bars,
            drop_step_lu=self.drop_step_lu.moved(wider.drop_step_lu, share),
        )


@cache
def load_families() -> dict[str, Family]:
    """Every family by its id, in the order of the ids.

    Raises
    ------
    DataError
        A data file is missing, unreadable or wrong.
    """
    names = [name for name, _ in data_files() if name.startswith("families/")]
    families = [read_family(read_table(name)) for name in names]
    if GENERAL not in {family.id for family in families}:
        raise DataError(f"expected the family {GENERAL!r} among {', '.join(names) or 'no files'}: reinstall UpTrack")
    return {family.id: family for family in families}


def read_family(table: Table) -> Family:
    """One family out of its data file."""
    sections = {
        key: table.table(key)
        for key in ("tempo", "club_loudness", "plr", "psr_in_drop", "loudness_range", "mono", "low_side", "correlation")
    } | {key: table.table(key) for key in ("tonal", "tilt", "drop_step")}
    for optional in ("sub_fundamental", "mix_bars"):
        if optional in table:
            sections[optional] = table.table(optional)
    kick: Kick
    match sections["tempo"].one_of("kick", ("every beat", "broken", "free")):
        case "every beat":
            kick = "every beat"
        case "broken":
            kick = "broken"
        case _:
            kick = "free"
    return Family(
        id=table.text("id"),
        name=table.text("name"),
        aliases=table.texts("aliases"),
        covers=table.texts("covers") if "covers" in table else (),
        tempo_windows_bpm=sections["tempo"].pairs("windows_bpm"),
        kick=kick,
        tempo_speaks=sections["tempo"].flag("speaks_alone"),
        club_loudness_lufs=_range(sections["club_loudness"], "low_lufs", "high_lufs"),
        plr_db=Threshold.below(sections["plr"].number("warn_db"), sections["plr"].number("bad_db")),
        psr_in_drop_warn_db=sections["psr_in_drop"].number("warn_db"),
        loudness_range_lu=_range(sections["loudness_range"], "low_lu", "high_lu"),
        sub_fundamental_hz=(
            _range(sections["sub_fundamental"], "low_hz", "high_hz") if "sub_fundamental" in sections else None
        ),
        mono_below_hz=sections["mono"].number("below_hz"),
        low_side_db=Threshold.above(sections["low_side"].number("warn_db"), sections["low_side"].number("bad_db")),
        correlation=Threshold.below(sections["correlation"].number("warn"), sections["correlation"].number("bad")),
        tonal_warn_db=sections["tonal"].number("warn_db"),
        tonal_bad_db=sections["tonal"].number("bad_db"),
        tilt_warn_db_per_octave=sections["tilt"].number("warn_db_per_octave"),
        tilt_bad_db_per_octave=sections["tilt"].number("bad_db_per_octave"),
        mix_bars=_range(sections["mix_bars"], "low", "high") if "mix_bars" in sections else None,
        drop_step_lu=Threshold.below(sections["drop_step"].number("warn_lu"), sections["drop_step"].number("bad_lu")),
        evidence={key: section.evidence() for key, section in sections.items()},
    )


def genre_name(family_id: str) -> str:
    """What people call a family; its id where this version does not know it any more."""
    family = load_families().get(family_id)
    return family_id if family is None else family.name


def find_family(name: str) -> Family:
    """The family a producer's word means: its id, its name, an alias, or words that end in one ("dark techno").

    Raises
    ------
    BadInput
        No family is called that.
    """
    by_key = _names()
    words = _words(name)
    for first in range(len(words)):
        found = by_key.get("".join(words[first:]))
        if found is not None:
            return load_families()[found]
    raise BadInput(
        f"expected a genre this version knows ({', '.join(load_families())}, or a style of one such as "
        f"deep house or liquid), got {name!r}: name the nearest, or leave it out to have it guessed",
        code="input.unknown_genre",
    )


@cache
def _names() -> dict[str, str]:
    by_key: dict[str, str] = {}
    for family in load_families().values():
        for name in (family.id, family.name, *family.aliases):
            key = "".join(_words(name))
            if by_key.setdefault(key, family.id) != family.id:
                raise DataError(
                    f"expected {name!r} to mean one family, but {by_key[key]} and {family.id} both claim it"
                )
    return by_key


def _words(name: str) -> list[str]:
    """Lower-case words; ampersands and n's are "and", and a trailing "music" says nothing."""
    plain = re.sub(r"&|\+|['’]?\bn\b['’]?", " and ", name.casefold())
    words = re.findall(r"[^\W_]+", plain)
    return words[:-1] if len(words) > 1 and words[-1] == "music" else words


def _range(table: Table, low: str, high: str) -> tuple[float, float]:
    ends = (table.number(low), table.number(high))
    if ends[0] > ends[1]:
        raise DataError(f"expected {low} before {high} in {table.where}, found {ends[0]} and {ends[1]}")
    return ends
