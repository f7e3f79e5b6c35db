"""The kinds of fault that ``faults.py`` plants: what each does to a mix, how bad it truly is, which rules answer it.

Every planter gets a clean mix, an amount and a seeded random generator, and returns the damaged sound with the truth:
where, in which band, in which stem, how much. ``None`` means that this mix cannot carry the fault (a mono file has no
balance, a mix without a known beat cannot pump with it).

**How bad an amount truly is** is set here before any rule is asked, by three yardsticks: an objective defect (a dropout
of 5 ms, an audible click, a cut in the midst of music) is moderate at least, because nobody means it; a tonal, dynamic
or stereo fault is minor from the limit that the rule's specification calls a warning and major from the one it calls
bad; a figure with a published scale (true peak, offset) is as bad as that scale says. A click or a hum that the music
masks (``fault_masking.py``) is heard by nobody, and need not be found.

**Answers** are the rules whose job the fault is, those nobody has written yet among them. **Consequences** are what
else a fault honestly causes: a mix driven 9 dB into a limiter *is* louder. A consequence is no answer and no alarm.
"""

from __future__ import annotations

from fault_kinds import defects, delivery, ends, level, stems, stereo, tone
from fault_kinds.kind import Kind, Planted

KINDS: tuple[Kind, ...] = (
    *tone.KINDS,
    *stereo.KINDS,
    *level.KINDS,
    *defects.KINDS,
    *ends.KINDS,
    *delivery.KINDS,
    *stems.KINDS,
)

__all__ = ["KINDS", "Kind", "Planted"]
