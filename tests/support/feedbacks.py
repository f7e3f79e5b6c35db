"""What a daemon says of a run, for tests of what a DAW makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uptrack_bridges.messages import Feedback, Marker, Step, TrackNote


def a_marker(finding: str, **changes: Any) -> Marker:
    """A finding as a DAW hears of it, at 2 s if not told otherwise."""
    given = {"start_s": 2.0, "end_s": 2.0} if "end_s" not in changes else {"start_s": 0.0}
    values: dict[str, Any] = {
        "id": finding, "rule": "low.boom", "severity": "major", "text": f"{finding} is off", "colour": "#e5484d",
        "title": f"{finding} is off", "advice": f"Do something about {finding}.", "area": "low", "bar": "2.1",
    }  # fmt: skip
    return Marker(**(values | given | changes))


def many_markers(count: int, track: str) -> list[Marker]:
    """One after another, half of them regions of 2 s, each with a bell on a track to be applied."""
    step = Step(kind="EQ", text="Bell on Bass", gain_db=-2.5, frequency_hz=240.0, q=1.2, tool="bell", track=track)
    return [
        a_marker(f"low.boom-{number:04d}", actions=[step], start_s=number * 0.01, end_s=number * 0.01 + number % 2 * 2)
        for number in range(count)
    ]


def a_feedback(
    *markers: Marker, job: str = "j1", run: str = "run-1", notes: Mapping[str, str] | None = None, **changes: Any
) -> Feedback:
    """Feedback of a run of 100 s that begins with the project; ``notes`` by track."""
    values: dict[str, Any] = {
        "job": job, "run": run, "report": f"report of {run}", "status": "76 · techno, club · 2 major · coverage 92 %",
        "score": 76.0, "markers": list(markers), "start_s": 0.0, "duration_s": 100.0, "genre": "techno",
        "target": "club", "coverage": 0.92,
        "tracks": [TrackNote(track=track, text=text, name="stem") for track, text in (notes or {}).items()],
    }  # fmt: skip
    return Feedback(**(values | changes))
