"""What the rules may take from an arrangement: its sections, if they have names, and those that are believed.

``Case.drops`` asks for drops one by one; here neighbours of one kind are one passage, because a cut inside a drop is no
end of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptrack_analysis.findings.case import DROP_BELIEVED_FROM, Case, Unmeasured
from uptrack_analysis.measure.results import SectionEstimate, SectionKind

TOO_SHORT = "The file is too short for an arrangement to be told."


@dataclass(frozen=True, slots=True)
class Passage:
    """Neighbouring sections of one kind."""

    kind: SectionKind
    parts: tuple[SectionEstimate, ...]

    @property
    def start_s(self) -> float:
        return self.parts[0].start_s

    @property
    def end_s(self) -> float:
        return self.parts[-1].end_s

    @property
    def bars(self) -> float:
        """0 where nothing was counted in bars."""
        return sum(part.bars or 0.0 for part in self.parts)

    @property
    def confidence(self) -> float:
        """Of the part that is least sure."""
        return min(part.confidence for part in self.parts)

    @property
    def believed(self) -> bool:
        return self.confidence >= DROP_BELIEVED_FROM

    @property
    def loudness_lufs(self) -> float | None:
        """Mean over the passage, ungated; ``None`` in silence."""
        sounding = [part for part in self.parts if part.loudness_lufs is not None]
        if not sounding:
            return None
        lengths = np.array([part.end_s - part.start_s for part in sounding])
        powers = 10 ** (np.array([part.loudness_lufs for part in sounding], dtype=np.float64) / 10)
        return float(10 * np.log10(lengths @ powers / lengths.sum()))


def passages(case: Case) -> tuple[Passage, ...] | Unmeasured:
    """The arrangement in passages, in order; or why there is none with names."""
    structure = case.measured.structure
    if not structure.sections or any(part.kind is None for part in structure.sections):
        return Unmeasured(_sentence(structure.reason) if structure.reason else TOO_SHORT)
    found: list[Passage] = []
    for part in structure.sections:
        if part.kind is None:
            continue
        if found and found[-1].kind == part.kind:
            found[-1] = Passage(part.kind, (*found[-1].parts, part))
        else:
            found.append(Passage(part.kind, (part,)))
    return tuple(found)


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:] + ("" if reason.endswith(".") else ".")
