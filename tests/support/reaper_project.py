"""A project of the stand-in for REAPER: tracks with effects, markers and regions, render settings, and a real undo.

Undo holds whole states, as REAPER does: a step is what the project was when the step was made, with everything that
was changed since the step before, whoever changed it.
"""

from __future__ import annotations

import copy
import math
import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from support.reaper_tempo import TempoGrid, TempoMarker

Audio = NDArray[np.float64]

TRACK_VALUES = {
    "D_VOL": 1.0, "D_PAN": 0.0, "D_WIDTH": 1.0, "B_PHASE": 0.0, "B_MUTE": 0.0,
    "D_PLAY_OFFSET": 0.0, "I_PLAY_OFFSET_FLAG": 1.0, "I_PANMODE": -1.0, "I_FOLDERDEPTH": 0.0,
}  # fmt: skip

RENDER_NUMBERS = {
    "RENDER_SETTINGS": 0.0, "RENDER_BOUNDSFLAG": 1.0, "RENDER_CHANNELS": 1.0, "RENDER_SRATE": 44100.0,
    "RENDER_STARTPOS": 3.0, "RENDER_ENDPOS": 5.0, "RENDER_TAILFLAG": 18.0, "RENDER_TAILMS": 1000.0,
    "RENDER_ADDTOPROJ": 1.0, "RENDER_DITHER": 3.0, "RENDER_NORMALIZE": 1.0, "RENDER_NORMALIZE_TARGET": 0.2,
    "RENDER_BRICKWALL": 0.9, "RENDER_FADEIN": 0.01, "RENDER_FADEOUT": 0.05, "RENDER_FADEINSHAPE": 1.0,
    "RENDER_FADEOUTSHAPE": 2.0, "RENDER_PADSTART": 0.5, "RENDER_PADEND": 0.25, "RENDER_TRIMSTART": 0.1,
    "RENDER_TRIMEND": 0.2,
}  # fmt: skip
"""A user's own settings, each of which would falsify what is measured if a script forgot it."""

RENDER_TEXTS = {
    "RENDER_FILE": "/music/bounces", "RENDER_PATTERN": "$project-$date", "RENDER_FORMAT": "bDNwbUABAAA=",
    "RENDER_FORMAT2": "ZXZhdw==", "RENDER_EXTRAFILEDIR": "/music/extra",
}  # fmt: skip


def new_guid() -> str:
    return f"{{{str(uuid.uuid4()).upper()}}}"


@dataclass(eq=False)
class FakeMarker:
    position_s: float
    name: str
    number: int
    colour: int = 0
    guid: str = field(default_factory=new_guid)
    end_s: float | None = None
    """Of a region."""

    @property
    def is_region(self) -> bool:
        return self.end_s is not None

    def place(self) -> tuple[float, bool, int]:
        """Where it stands in the order of all."""
        return self.position_s, self.is_region, self.number


@dataclass(eq=False)
class FakeBand:
    """One band of ReaEQ; ``kind`` as in TrackFX_SetEQParam."""

    kind: int
    frequency_hz: float
    gain: float = 1.0
    octaves: float = 2.0
    enabled: bool = True


@dataclass(eq=False)
class FakeFx:
    name: str
    guid: str = field(default_factory=new_guid)
    shown_name: str = ""
    bands: list[FakeBand] = field(default_factory=list[FakeBand])
    values: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(eq=False)
class FakeEnvelope:
    points: int = 0
    active: bool = True


@dataclass(eq=False)
class FakeItem:
    position_s: float
    length_s: float


@dataclass(eq=False)
class FakeReceive:
    """Of a track: what is sent to it."""

    source: FakeTrack
    muted: bool = False
    from_channel: int = 0
    """-1 sends no audio."""
    to_channel: int = 0


@dataclass(eq=False)
class FakeTrack:
    name: str
    audio: Audio | None = None
    """What its items sound like from the project's start on, shape (n_frames, 2)."""
    guid: str = field(default_factory=new_guid)
    parent: FakeTrack | None = None
    selected: bool = False
    colour: int = 0
    values: dict[str, float] = field(default_factory=lambda: dict(TRACK_VALUES))
    texts: dict[str, str] = field(default_factory=dict[str, str])
    fx: list[FakeFx] = field(default_factory=list[FakeFx])
    sws_notes: str = ""
    envelopes: dict[str, FakeEnvelope] = field(default_factory=dict[str, FakeEnvelope])
    automation_mode: int = 0
    """0 is trim/read, in which a fader trims what its envelope does; in the others the envelope moves the fader."""
    solo: bool = False
    receives: list[FakeReceive] = field(default_factory=list[FakeReceive])
    silent_items: list[FakeItem] = field(default_factory=list[FakeItem])
    """Beside the one that ``audio`` is."""


State = dict[str, Any]


@dataclass(eq=False)
class FakeProject:
    """One project tab."""

    name: str = "Warehouse.rpp"
    path: str = "/music/Warehouse.rpp"
    cursor_s: float = 0.0
    tempo: list[TempoMarker] = field(default_factory=list[TempoMarker])
    default_tempo: TempoMarker = field(default_factory=lambda: TempoMarker(0.0, 120.0))
    first_bar: int = 1
    """The ruler's number of the first bar: the project's start offset."""
    markers: list[FakeMarker] = field(default_factory=list[FakeMarker])
    tracks: list[FakeTrack] = field(default_factory=list[FakeTrack])
    master: FakeTrack = field(default_factory=lambda: FakeTrack("MASTER"))
    sample_rate_hz: int = 44_100
    notes: str = ""
    selection_s: tuple[float, float] = (0.0, 0.0)
    view_s: float = 0.0
    """Where the view was last moved to."""
    loop_s: tuple[float, float] = (0.0, 0.0)
    linked: bool = True
    """Whether either of the two is the other as well, as it is in REAPER until the user has it otherwise."""
    repeat: int = 0
    playing: bool = False
    recording: bool = False
    position_s: float = 0.0
    """Of the play cursor."""
    mono: bool = False
    """Of the master."""
    play_rate: float = 1.0
    rate_envelope: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """Of the play rate: (seconds, rate), straight between; where there is one, it holds in place of ``play_rate``."""
    changes: int = 0
    numbers: dict[str, float] = field(default_factory=lambda: dict(RENDER_NUMBERS))
    texts: dict[str, str] = field(default_factory=lambda: dict(RENDER_TEXTS))
    state: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """Extended state: saved with the project, not touched by undo (REAPER's documentation does not say)."""
    history: list[tuple[str, State]] = field(default_factory=list[tuple[str, State]])
    undone: list[tuple[str, State]] = field(default_factory=list[tuple[str, State]])
    _grid: TempoGrid | None = None
    _saved: FakeProject | None = None

    def __post_init__(self) -> None:
        self.history.append(("", self.snapshot()))

    # -- its file ------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the project into its file: all but the undo history, extended state with it."""
        history, undone, self._saved = self.history, self.undone, None
        self.history, self.undone = [], []
        saved = copy.deepcopy(self)
        self.history, self.undone, self._saved = history, undone, saved

    def reopened(self) -> FakeProject:
        """The project as its file has it, for who closes it and opens it again: what was not saved is lost."""
        assert self._saved is not None, "it was never saved"
        project = copy.deepcopy(self._saved)
        project.changes, project.playing, project.recording = 0, False, False
        project.history = [("", project.snapshot())]
        project._saved = copy.deepcopy(self._saved)
        return project

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def grid(self) -> TempoGrid:
        points = list(self.tempo) or [self.default_tempo]
        if self._grid is None or self._grid.points != points:
            self._grid = TempoGrid(points)
        return self._grid

    @property
    def items(self) -> list[FakeItem]:
        """Of all tracks, in their order."""
        found: list[FakeItem] = []
        for track in self.tracks:
            if track.audio is not None:
                found.append(FakeItem(0.0, len(track.audio) / self.sample_rate_hz))
            found += track.silent_items
        return found

    @property
    def sound_s(self) -> float:
        """Where the last item ends."""
        return max((item.position_s + item.length_s for item in self.items), default=0.0)

    @property
    def length_s(self) -> float:
        """As REAPER has it: the end of the last item, marker or region, or the last tempo marker."""
        ends = [one.position_s if one.end_s is None else one.end_s for one in self.markers]
        return max([self.sound_s, *ends, *(point.time_s for point in self.tempo)])

    def rate_at(self, time_s: float) -> float:
        """The play rate where nothing but playback moves it."""
        if not self.rate_envelope:
            return self.play_rate
        times_s, rates = zip(*self.rate_envelope, strict=True)
        return float(np.interp(time_s, times_s, rates))

    # -- markers -------------------------------------------------------------------------------------------------------

    def sort_markers(self) -> None:
        self.markers.sort(key=FakeMarker.place)

    def renumber(self) -> None:
        """As the user's action does: numbers follow the order, identity stays."""
        for regions in (False, True):
            for number, marker in enumerate([one for one in self.markers if one.is_region == regions], 1):
                marker.number = number

    # -- undo ----------------------------------------------------------------------------------------------------------

    def snapshot(self) -> State:
        tracks = [*self.tracks, self.master]
        return {
            "markers": copy.deepcopy(self.markers),
            "tracks": list(self.tracks),
            "inside": {
                track.guid: copy.deepcopy((track.name, track.values, track.texts, track.fx)) for track in tracks
            },
        }

    def restore(self, state: State) -> None:
        self.markers = copy.deepcopy(state["markers"])
        self.tracks = list(state["tracks"])
        for track in [*self.tracks, self.master]:
            track.name, track.values, track.texts, track.fx = copy.deepcopy(state["inside"][track.guid])

    def add_undo_point(self, description: str) -> None:
        self.changes += 1
        self.history.append((description, self.snapshot()))
        self.undone.clear()

    @property
    def undo_steps(self) -> list[str]:
        return [description for description, _ in self.history[1:]]

    def undo(self) -> str:
        """Take back the last step; returns its description."""
        self.changes += 1
        step = self.history.pop()
        self.undone.append(step)
        self.restore(self.history[-1][1])
        return step[0]

    def redo(self) -> str:
        step = self.undone.pop()
        self.history.append(step)
        self.restore(step[1])
        return step[0]

    def kept(self, key: str) -> str:
        """A text our scripts keep in the project, joined from its pieces (``lib/kept.lua``)."""
        count, _, sort, *_rest = [*self.state.get(("UpTrack", key), "0").split(), "", ""]
        numbers = range(1, int(count) + 1)
        return unquote("".join(self.state["UpTrack", f"{key}.{sort}{number}"] for number in numbers))

    def keep(self, key: str, text: str) -> None:
        """Put a text there as our scripts keep it."""
        escaped = re.sub(r"[%\"'`\x00-\x1f]", lambda found: f"%{ord(found[0]):02X}", text)
        pieces = [escaped[at : at + 3_000] for at in range(0, len(escaped), 3_000)]
        self.state["UpTrack", key] = str(len(pieces))
        for number, piece in enumerate(pieces, 1):
            self.state["UpTrack", f"{key}.{number}"] = piece

    def contents(self) -> Any:
        """Everything a user would see or save, to compare before with after; no extended state, no effects' GUIDs."""
        return (
            [(one.position_s, one.end_s, one.name, one.number, one.colour, one.guid) for one in self.markers],
            [
                (
                    track.guid, track.name, {name: round(value, 9) for name, value in track.values.items()},
                    {name: text for name, text in track.texts.items() if text},
                    [(fx.name, fx.shown_name, fx.values, [vars(band) for band in fx.bands]) for fx in track.fx],
                    track.selected, track.sws_notes,
                )
                for track in [*self.tracks, self.master]
            ],
            self.numbers, self.texts, self.notes, self.selection_s,
        )  # fmt: skip


def decibels(amplitude: float) -> float:
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf
