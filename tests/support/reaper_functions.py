"""What REAPER's functions do, played: the projects it has open, its memory between scripts, its effects and renders.

``fake_reaper`` runs scripts against these and checks every call. What bites in the real one bites here: a render stops
everything, says nothing when it fails and raises a dialog over an existing file; settings of numbers and of texts
refuse each other's names; markers are renumbered by their order; undo works on the project in front and takes whole
states.
"""

# The functions and their arguments have REAPER's names.
# ruff: noqa: N802, N803

from __future__ import annotations

import base64
import bisect
import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import soundfile

from support import reaper_sound, windows_paths
from support.reaper_project import (
    Audio,
    FakeBand,
    FakeEnvelope,
    FakeFx,
    FakeItem,
    FakeMarker,
    FakeProject,
    FakeTrack,
    decibels,
    new_guid,
)
from support.reaper_transport import AS_INSTALLED, StreamOut

API: dict[str, Any] = json.loads(Path(__file__).with_name("reaper_api.json").read_text(encoding="utf-8"))
SWS: dict[str, Any] = {
    "NF_GetSWSTrackNotes": {"args": [{"name": "track", "type": "MediaTrack"}], "returns": [{"type": "string"}]},
    "NF_SetSWSTrackNotes": {
        "args": [{"name": "track", "type": "MediaTrack"}, {"name": "str", "type": "string"}],
        "returns": [],
    },
}
"""Of the SWS extension, which is there only where ``FakeReaper.sws`` says so."""

RENDER_ACTION, PLAY_STOP_ACTION, MASTER_MONO_ACTION = 42230, 40044, 40917
MASTER_MIX, SELECTED_TRACKS = 0, 2
"""Values of RENDER_SETTINGS."""
EQ_BANDS = ((1, 100.0), (2, 300.0), (2, 1_000.0), (4, 5_000.0), (0, 20.0), (3, 1_000.0))
"""What a new ReaEQ is played with: (kind, Hz); the last two are switched off."""


UNOPENED = "!SHOW:"
"""Before a text for the console that does not open it."""


@dataclass(eq=False)
class FakeSource:
    length_s: float


@dataclass
class Tick:
    """What one round cost: of a script that was just started, or of all that were deferred."""

    instructions: int = 0
    listings: int = 0
    calls: int = 0
    disk_s: float = 0.0
    """Spent waiting for a slow disk."""


class ReaperFunctions(ABC):
    """REAPER as its functions have it.

    Parameters
    ----------
    project : FakeProject
        The one in front.
    chosen_file : str or list of str, optional
        What the user picks in the file dialog, one after the other; ``None`` cancels.
    """

    def __init__(self, project: FakeProject, chosen_file: str | list[str] | None) -> None:
        self.chosen_file = chosen_file
        self.front = project
        self.open_projects = [self.front]
        self.console = ""
        self.console_opened = 0
        """How often a text has opened its window, or brought it to the front."""
        self.help = ""
        self.now_s = 100.0
        self.automation_override = -1
        self.counts_quarters = False
        """What TimeMap2_timeToBeats counts from the project's start; the documentation says "beats" only."""
        self.ext_state: dict[tuple[str, str], str] = {}
        self.kept_ext_state: dict[tuple[str, str], str] = {}
        self.disk_s = 0.0
        """What opening, renaming or removing a file takes."""
        self.sws = False
        self.mac = False
        self.windows = False
        """Paths are as ``windows_paths.py`` says."""
        self.answers: str | None = None
        """What the user types into the dialog of GetUserInputs; ``None`` cancels."""
        self.asked_for = ""
        self.started: list[str] = []
        """Command lines given to ExecProcess."""
        self.on_start: Callable[[str], None] = lambda _line: None
        self.render_trouble: str | None = None
        """``nothing``: no file; ``stub``: an empty one; ``cancelled``: half of it; ``some``: not the last stem."""
        self.rendered: list[tuple[str, float, float]] = []
        self.missing_effects: set[str] = set()
        self.gives_guids = True
        """Whether it knows GUIDs of markers."""
        self.during_render: Callable[[], None] = lambda: None
        self.actions: dict[int, Path] = {}
        self.commands: list[int] = []
        self.windows_shown: list[str] = []
        """Effects whose window was opened."""
        self.stream_out = StreamOut()
        self.tick = Tick()
        """The round that is going on."""
        self._picked = False
        self._keeps_undo = False
        """Whether the script that is being run has seen to its undo step: by `defer`, or by a block of its own."""
        self._deferred: list[Callable[[], None]] = []
        self._exits: list[Callable[[], None]] = []
        self._listing: dict[str, list[str]] = {}
        self._undo_block: FakeProject | None = None
        self._refresh_held = 0

    @abstractmethod
    def run(self, script: Path) -> None:
        """Start an action, as the action list does."""

    def named(self, path: Path) -> str:
        return windows_paths.named(path) if self.windows else str(path)

    def place(self, name: str) -> Path:
        return windows_paths.place(name) if self.windows else Path(name)

    def _project(self, project: Any) -> FakeProject:
        return project if isinstance(project, FakeProject) else self.front

    def APIExists(self, function_name: str) -> bool:
        return function_name in API["functions"] or (self.sws and function_name in SWS)

    def AddProjectMarker2(
        self, proj: Any, isrgn: bool, pos: float, rgnend: float, name: str, wantidx: int, color: int
    ) -> int:
        project = self._project(proj)
        taken = {marker.number for marker in project.markers if marker.is_region == isrgn}
        number = wantidx if wantidx >= 0 and wantidx not in taken else max(taken, default=0) + 1
        made = FakeMarker(pos, name, number, color, end_s=rgnend if isrgn else None)
        bisect.insort(project.markers, made, key=FakeMarker.place)
        return number

    def AddRemoveReaScript(self, add: bool, sectionID: int, scriptfn: str, commit: bool) -> int:
        assert add
        assert sectionID == 0
        path = self.place(scriptfn)
        if not path.is_file():
            return 0
        known = {script: number for number, script in self.actions.items()}
        number = known.get(path, 50_000 + len(self.actions))
        self.actions[number] = path
        return number

    def ColorFromNative(self, col: int) -> tuple[int, int, int]:
        return col & 255, col >> 8 & 255, col >> 16 & 255

    def ColorToNative(self, r: int, g: int, b: int) -> int:
        return r | g << 8 | b << 16

    def AnyTrackSolo(self, proj: Any) -> bool:
        return any(track.solo for track in self._project(proj).tracks)

    def CountMediaItems(self, proj: Any) -> int:
        return len(self._project(proj).items)

    def CountProjectMarkers(self, proj: Any) -> tuple[int, int, int]:
        markers = self._project(proj).markers
        regions = sum(marker.is_region for marker in markers)
        return len(markers), len(markers) - regions, regions

    def CountSelectedTracks(self, proj: Any) -> int:
        return sum(track.selected for track in self._project(proj).tracks)

    def CountTempoTimeSigMarkers(self, proj: Any) -> int:
        return len(self._project(proj).tempo)

    def CountTracks(self, proj: Any) -> int:
        return len(self._project(proj).tracks)

    def CountEnvelopePoints(self, envelope: FakeEnvelope) -> int:
        return envelope.points

    def DeleteProjectMarker(self, proj: Any, markrgnindexnumber: int, isrgn: bool) -> bool:
        markers = self._project(proj).markers
        for marker in markers:
            if (marker.number, marker.is_region) == (markrgnindexnumber, isrgn):
                markers.remove(marker)
                return True
        return False

    def DeleteProjectMarkerByIndex(self, proj: Any, markrgnidx: int) -> bool:
        markers = self._project(proj).markers
        if not 0 <= markrgnidx < len(markers):
            return False
        del markers[markrgnidx]
        return True

    def EnumProjectMarkers3(self, proj: Any, idx: int) -> tuple[int, bool, float, float, str, int, int]:
        markers = self._project(proj).markers
        if not 0 <= idx < len(markers):
            return 0, False, 0.0, 0.0, "", 0, 0
        one = markers[idx]
        return idx + 1, one.is_region, one.position_s, one.end_s or one.position_s, one.name, one.number, one.colour

    def EnumProjects(self, idx: int) -> tuple[Any, str]:
        assert idx == -1, "only the current project is enumerated here"
        return self.front, self.front.path

    def EnumerateFiles(self, path: str, fileindex: int) -> str | None:
        if fileindex == -1:
            self._listing.pop(path, None)
            return None
        if path not in self._listing:
            folder = self.place(path)
            self._listing[path] = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
            self.tick.listings += 1
        names = self._listing[path]
        return names[fileindex] if fileindex < len(names) else None

    def ExecProcess(self, cmdline: str, timeoutmsec: int) -> str:
        assert timeoutmsec == -1, "anything else stops REAPER"
        self.started.append(cmdline)
        self.on_start(cmdline)
        return ""

    def GetAppVersion(self) -> str:
        return "7.60/linux-x86_64"

    def GetCursorPositionEx(self, proj: Any) -> float:
        return self._project(proj).cursor_s

    def GetExtState(self, section: str, key: str) -> str:
        return self.ext_state.get((section, key), "")

    def GetGlobalAutomationOverride(self) -> int:
        return self.automation_override

    def GetMasterTrack(self, proj: Any) -> FakeTrack:
        return self._project(proj).master

    def GetMediaItem(self, proj: Any, itemidx: int) -> FakeItem | None:
        items = self._project(proj).items
        return items[itemidx] if 0 <= itemidx < len(items) else None

    def GetMediaItemInfo_Value(self, item: FakeItem, parmname: str) -> float:
        return {"D_POSITION": item.position_s, "D_LENGTH": item.length_s}[parmname]

    def GetMediaSourceLength(self, source: FakeSource) -> tuple[float, bool]:
        return source.length_s, False

    def GetMediaTrackInfo_Value(self, tr: FakeTrack, parmname: str) -> float:
        if parmname == "IP_TRACKNUMBER":
            project = next(one for one in self.open_projects if tr in one.tracks or tr is one.master)
            return -1.0 if tr is project.master else float(project.tracks.index(tr) + 1)
        return tr.values[parmname]

    def GetOS(self) -> str:
        return "Win64" if self.windows else "macOS-arm64" if self.mac else "Other"

    def GetParentTrack(self, track: FakeTrack) -> FakeTrack | None:
        return track.parent

    def GetPlayPosition2Ex(self, proj: Any) -> float:
        return self._project(proj).position_s

    def GetPlayStateEx(self, proj: Any) -> int:
        project = self._project(proj)
        return int(project.playing) | 4 * int(project.recording)

    def GetProjExtState(self, proj: Any, extname: str, key: str) -> tuple[int, str]:
        text = self._project(proj).state.get((extname, key), "")
        return len(text), text

    def GetProjectLength(self, proj: Any) -> float:
        return self._project(proj).length_s

    def GetProjectStateChangeCount(self, proj: Any) -> int:
        return self._project(proj).changes

    def GetProjectName(self, proj: Any) -> str:
        return self._project(proj).name

    def GetResourcePath(self) -> str:
        return self.named(Path("/home/ada/.config/REAPER"))

    def GetSelectedTrack(self, proj: Any, seltrackidx: int) -> FakeTrack | None:
        selected = [track for track in self._project(proj).tracks if track.selected]
        return selected[seltrackidx] if seltrackidx < len(selected) else None

    def GetSetMediaTrackInfo_String(
        self, tr: FakeTrack, parmname: str, stringNeedBig: str, setNewValue: bool
    ) -> tuple[bool, str]:
        assert parmname.startswith("P_EXT:"), f"the fake knows no {parmname}"
        if setNewValue:
            tr.texts[parmname] = stringNeedBig
        text = tr.texts.get(parmname, "")
        return bool(text) or setNewValue, text

    def GetSetProjectInfo(self, project: Any, desc: str, value: float, is_set: bool) -> float:
        numbers = self._project(project).numbers
        assert desc in numbers, f"{desc} is no number of a project"
        if is_set:
            numbers[desc] = float(value)
            return 0.0
        return numbers[desc]

    def GetSetProjectInfo_String(self, project: Any, desc: str, valuestrNeedBig: str, is_set: bool) -> tuple[bool, str]:
        found = self._project(project)
        if wanted := re.fullmatch(r"MARKER_GUID:(\d+)", desc):
            assert not is_set, "MARKER_GUID is read-only"
            index = int(wanted[1])
            if not self.gives_guids:
                return False, ""
            return (True, found.markers[index].guid) if index < len(found.markers) else (False, "")
        if wanted := re.fullmatch(r"MARKER_INDEX_FROM_GUID:(\{.*\})", desc):
            assert not is_set, "MARKER_INDEX_FROM_GUID is read-only"
            for index, marker in enumerate(found.markers):
                if marker.guid == wanted[1]:
                    return True, str(index)
            return False, ""
        assert desc in found.texts, f"{desc} is no text of a project"
        if is_set:
            found.texts[desc] = valuestrNeedBig
        # Whether there is a text, or whether the name is known: the documentation does not say which.
        return is_set or bool(found.texts[desc]), found.texts[desc]

    def GetSetProjectNotes(self, proj: Any, set: bool, notes: str) -> str:  # noqa: A002
        if set:
            self._project(proj).notes = notes
        return self._project(proj).notes

    def GetSetRepeatEx(self, proj: Any, val: int) -> int:
        project = self._project(proj)
        if val >= 0:
            project.repeat = val if val <= 1 else 1 - project.repeat
        return project.repeat

    def GetSet_LoopTimeRange2(
        self, proj: Any, isSet: bool, isLoop: bool, start: float, end: float, allowautoseek: bool
    ) -> tuple[float, float]:
        project = self._project(proj)
        if isSet and (isLoop or project.linked):
            project.loop_s = (start, end)
        if isSet and (not isLoop or project.linked):
            project.selection_s = (start, end)
        return project.loop_s if isLoop else project.selection_s

    def GetTempoTimeSigMarker(self, proj: Any, ptidx: int) -> tuple[bool, float, int, float, float, int, int, bool]:
        tempo = self._project(proj).tempo
        if not 0 <= ptidx < len(tempo):
            return False, 0.0, 0, 0.0, 0.0, 0, 0, False
        point = tempo[ptidx]
        beats, measure = self._project(proj).grid.position(point.time_s)
        before = tempo[ptidx - 1] if ptidx else None
        changed = before is None or (before.beats, before.denominator) != (point.beats, point.denominator)
        # As in REAPER, a marker that changes no signature holds none.
        signature = (point.beats, point.denominator) if changed else (-1, -1)
        return True, point.time_s, measure, beats, point.quarter_bpm, *signature, point.gradual

    def GetToggleCommandStateEx(self, section_id: int, command_id: int) -> int:
        assert (section_id, command_id) == (0, MASTER_MONO_ACTION)
        return int(self.front.mono)

    def GetTrackNumSends(self, tr: FakeTrack, category: int) -> int:
        assert category == -1, "only receives are known here"
        return len(tr.receives)

    def GetTrackSendInfo_Value(self, tr: FakeTrack, category: int, sendidx: int, parmname: str) -> Any:
        assert category == -1, "only receives are known here"
        one = tr.receives[sendidx]
        # Of a track it gives Lua the track, whatever the signature says.
        return {
            "P_SRCTRACK": one.source, "B_MUTE": float(one.muted), "I_SRCCHAN": float(one.from_channel),
            "I_DSTCHAN": float(one.to_channel),
        }[parmname]  # fmt: skip

    def GetTrack(self, proj: Any, trackidx: int) -> FakeTrack | None:
        tracks = self._project(proj).tracks
        return tracks[trackidx] if 0 <= trackidx < len(tracks) else None

    def GetSetEnvelopeInfo_String(
        self, env: FakeEnvelope, parmname: str, stringNeedBig: str, setNewValue: bool
    ) -> tuple[bool, str]:
        assert (parmname, setNewValue) == ("ACTIVE", False), "the user's envelopes are only looked at"
        return True, str(int(env.active))

    def GetTrackAutomationMode(self, tr: FakeTrack) -> int:
        return tr.automation_mode

    def GetTrackColor(self, track: FakeTrack) -> int:
        return track.colour

    def GetTrackEnvelopeByName(self, track: FakeTrack, envname: str) -> FakeEnvelope | None:
        return track.envelopes.get(envname)

    def GetTrackGUID(self, tr: FakeTrack) -> str:
        return tr.guid

    def GetTrackName(self, track: FakeTrack) -> tuple[bool, str]:
        return True, track.name

    def GetUserFileNameForRead(self, filenameNeed4096: str, title: str, defext: str) -> tuple[bool, str]:
        if isinstance(self.chosen_file, list):
            return (True, self.chosen_file.pop(0)) if self.chosen_file else (False, "")
        picked, self._picked = self._picked, True  # once an action, then the user cancels
        return (True, self.chosen_file) if self.chosen_file is not None and not picked else (False, "")

    def GetUserInputs(self, title: str, num_inputs: int, captions_csv: str, retvals_csv: str) -> tuple[bool, str]:
        self.asked_for = captions_csv
        assert len(retvals_csv.split("\n")) == num_inputs
        return (True, self.answers) if self.answers is not None else (False, "")

    def HasExtState(self, section: str, key: str) -> bool:
        return (section, key) in self.ext_state

    def Help_Set(self, helpstring: str, is_temporary_help: bool) -> None:
        self.help = helpstring

    def IsTrackSelected(self, track: FakeTrack) -> bool:
        return track.selected

    def Main_OnCommandEx(self, command: int, flag: int, proj: Any) -> None:
        self.commands.append(command)
        if command == RENDER_ACTION:
            assert self._project(proj) is self.front, "another project is in front: the render would be its"
            self.stream_out.rendering = True
            try:
                self._render(self._project(proj))
            finally:
                self.stream_out.rendering = False
        elif command == PLAY_STOP_ACTION:
            project = self._project(proj)
            project.playing = not project.playing
            project.position_s = project.cursor_s
        else:
            self.run(self.actions[command])

    def NF_GetSWSTrackNotes(self, track: FakeTrack) -> str:
        return track.sws_notes

    def NF_SetSWSTrackNotes(self, track: FakeTrack, str: str) -> None:  # noqa: A002
        track.sws_notes = str

    def Master_GetPlayRate(self, project: Any) -> float:
        return self._project(project).play_rate

    def Master_GetPlayRateAtTime(self, time_s: float, proj: Any) -> float:
        return self._project(proj).rate_at(time_s)

    def PCM_Source_CreateFromFile(self, filename: str) -> FakeSource | None:
        try:
            return FakeSource(soundfile.info(self.place(filename)).duration)
        except soundfile.LibsndfileError:
            return None

    def PCM_Source_Destroy(self, src: FakeSource) -> None:
        src.length_s = math.nan

    def PreventUIRefresh(self, prevent_count: int) -> None:
        self._refresh_held += prevent_count

    def RecursiveCreateDirectory(self, path: str, ignored: int) -> int:
        self.place(path).mkdir(parents=True, exist_ok=True)
        return 1

    def SetEditCurPos2(self, proj: Any, time: float, moveview: bool, seekplay: bool) -> None:
        project = self._project(proj)
        project.cursor_s = time
        if moveview:
            project.view_s = time
        if seekplay and project.playing:
            project.position_s = time

    def SetExtState(self, section: str, key: str, value: str, persist: bool) -> None:
        self.ext_state[section, key] = value
        if persist:
            assert "\n" not in value, "reaper-extstate.ini keeps one line a value"
            self.kept_ext_state[section, key] = value

    def SetMediaTrackInfo_Value(self, tr: FakeTrack, parmname: str, newvalue: float) -> bool:
        assert parmname in tr.values, f"the fake knows no {parmname}"
        tr.values[parmname] = float(newvalue)
        return True

    def SetProjExtState(self, proj: Any, extname: str, key: str, value: str) -> int:
        state = self._project(proj).state
        if value:
            state[extname, key] = value
        else:
            state.pop((extname, key), None)
        return len(value)

    def SetProjectMarkerByIndex2(
        self, proj: Any, markrgnidx: int, isrgn: bool, pos: float, rgnend: float, IDnumber: int, name: str,
        color: int, flags: int,
    ) -> bool:  # fmt: skip
        project = self._project(proj)
        marker = project.markers[markrgnidx]
        assert marker.is_region == isrgn, "a marker does not become a region"
        marker.position_s, marker.name, marker.number, marker.colour = pos, name, IDnumber, color
        marker.end_s = rgnend if isrgn else None
        project.sort_markers()
        return True

    def SetTrackSelected(self, track: FakeTrack, selected: bool) -> None:
        track.selected = selected

    def ShowConsoleMsg(self, msg: str) -> None:
        if not msg.startswith(UNOPENED):
            self.console_opened += 1
        self.console += msg.removeprefix(UNOPENED)

    def TimeMap2_beatsToTime(self, proj: Any, tpos: float, measuresIn: int | None = None) -> float:
        assert measuresIn is not None
        assert tpos == 0
        return self._project(proj).grid.measure_start_s(measuresIn)

    def TimeMap2_timeToBeats(self, proj: Any, tpos: float) -> tuple[float, int, int, float, int]:
        grid = self._project(proj).grid
        beats, measure = grid.position(tpos)
        point = grid.at(tpos + 1e-9)
        whole = grid.quarters(tpos) if self.counts_quarters else grid.whole_beats(measure) + beats
        return beats, measure, point.beats, whole, point.denominator

    def TimeMap2_timeToQN(self, proj: Any, tpos: float) -> float:
        return self._project(proj).grid.quarters(tpos)

    def TimeMap_GetTimeSigAtTime(self, proj: Any, time: float) -> tuple[int, int, float]:
        point = self._project(proj).grid.at(time)
        return point.beats, point.denominator, point.quarter_bpm

    def TrackFX_AddByName(self, track: FakeTrack, fxname: str, recFX: bool, instantiate: int) -> int:
        assert instantiate == -1, "an effect of the user's own would be changed"
        if fxname in self.missing_effects:
            return -1
        fx = FakeFx(fxname)
        if fxname.startswith("ReaEQ"):
            fx.bands = [FakeBand(kind, hertz, enabled=kind not in (0, 3)) for kind, hertz in EQ_BANDS]
        elif fxname.startswith("ReaLimit"):
            fx.values = {"CEILING": "0", "THRESHOLD": "0", "TRUEPEAK": "0"}
        elif fxname.startswith("ReaStream"):
            fx.values = {"vst_chunk": AS_INSTALLED}
        track.fx.append(fx)
        return len(track.fx) - 1

    def TrackFX_Delete(self, track: FakeTrack, fx: int) -> bool:
        del track.fx[fx]
        return True

    def TrackFX_GetCount(self, track: FakeTrack) -> int:
        return len(track.fx)

    def TrackFX_GetEQParam(self, track: FakeTrack, fxidx: int, paramidx: int) -> tuple[bool, int, int, int, float]:
        bands = track.fx[fxidx].bands
        if not 0 <= paramidx < 3 * len(bands):
            return False, 0, 0, 0, 0.0
        band = bands[paramidx // 3]
        same = [one for one in bands if one.kind == band.kind]
        return True, band.kind, next(n for n, one in enumerate(same) if one is band), paramidx % 3, 0.5

    def TrackFX_GetFXGUID(self, track: FakeTrack, fx: int) -> str:
        return track.fx[fx].guid

    def TrackFX_GetFXName(self, track: FakeTrack, fx: int) -> tuple[bool, str]:
        return True, track.fx[fx].shown_name or f"VST: {track.fx[fx].name}"

    def TrackFX_GetFormattedParamValue(self, track: FakeTrack, fx: int, param: int) -> tuple[bool, str]:
        band = track.fx[fx].bands[param // 3]
        texts = (f"{band.frequency_hz:.1f}", f"{decibels(band.gain):.1f}", f"{band.octaves:.2f}")
        return True, texts[param % 3]

    def TrackFX_GetNamedConfigParm(self, track: FakeTrack, fx: int, parmname: str) -> tuple[bool, str]:
        text = track.fx[fx].values.get(parmname)
        return (True, text) if text is not None else (False, "")

    def TrackFX_SetEQBandEnabled(self, track: FakeTrack, fxidx: int, bandtype: int, bandidx: int, enable: bool) -> bool:
        band = self._band(track, fxidx, bandtype, bandidx)
        if band is not None:
            band.enabled = enable
        return band is not None

    def TrackFX_SetEQParam(
        self, track: FakeTrack, fxidx: int, bandtype: int, bandidx: int, paramtype: int, val: float, isnorm: bool
    ) -> bool:
        assert not isnorm
        band = self._band(track, fxidx, bandtype, bandidx)
        if band is None:
            return False
        # Raw units as public scripts found them: Hz, amplitude (1 is 0 dB), octaves.
        setattr(band, ("frequency_hz", "gain", "octaves")[paramtype], float(val))
        return True

    def TrackFX_SetNamedConfigParm(self, track: FakeTrack, fx: int, parmname: str, value: str) -> bool:
        if parmname == "renamed_name":
            track.fx[fx].shown_name = value
        elif parmname in track.fx[fx].values:
            track.fx[fx].values[parmname] = value
        else:
            return False
        return True

    def TrackFX_Show(self, track: FakeTrack, index: int, showFlag: int) -> None:
        assert showFlag == 3, "only floating windows are known here"
        self.windows_shown.append(track.fx[index].name)

    def Track_GetPeakHoldDB(self, track: FakeTrack, channel: int, clear: bool) -> float:
        return -0.03

    def Track_GetPeakInfo(self, track: FakeTrack, channel: int) -> float:
        return 0.5

    def Undo_BeginBlock2(self, proj: Any) -> None:
        assert self._undo_block is None, "undo blocks do not nest"
        assert self._project(proj) is self.front, "undo works on the project in front"
        self._undo_block = self._project(proj)
        self._keeps_undo = True

    def Undo_CanUndo2(self, proj: Any) -> str | None:
        steps = self._project(proj).undo_steps
        return steps[-1] if steps else None

    def Undo_EndBlock2(self, proj: Any, descchange: str, extraflags: int) -> None:
        assert self._undo_block is self._project(proj), "no undo block of this project is open"
        assert descchange, "an undo step needs a description"
        assert extraflags in (0, -1)
        if extraflags:  # without, REAPER makes no step of what its own functions did
            self._undo_block.add_undo_point(descchange)
        self._undo_block = None

    def UpdateTimeline(self) -> None:  # noqa: B027 - nothing is drawn here
        pass

    def ValidatePtr2(self, proj: Any, pointer: Any, ctypename: str) -> bool:
        if ctypename == "ReaProject*":
            return any(pointer is one for one in self.open_projects)
        assert ctypename == "MediaTrack*"
        project = self._project(proj)
        return any(pointer is one for one in [*project.tracks, project.master])

    def atexit(self, function: Callable[[], None]) -> None:
        self._exits.append(function)

    def defer(self, function: Callable[[], None]) -> None:
        self._keeps_undo = True
        self._deferred.append(function)

    def file_exists(self, path: str) -> bool:
        return self.place(path).is_file()

    def format_timestr_pos(self, tpos: float, buf: str, modeoverride: int) -> str:
        assert modeoverride == 2, "only measures.beats is known here"
        beats, measure = self.front.grid.position(tpos)
        hundredths = int(beats * 100)
        return f"{measure + self.front.first_bar}.{hundredths // 100 + 1}.{hundredths % 100:02d}"

    def genGuid(self, gGUID: str) -> str:
        return new_guid()

    def set_action_options(self, flag: int) -> None:
        assert flag == 3

    def time_precise(self) -> float:
        return self.now_s

    # -- effects and rendering -----------------------------------------------------------------------------------------

    def _band(self, track: FakeTrack, fx: int, kind: int, index: int) -> FakeBand | None:
        same = [band for band in track.fx[fx].bands if band.kind == kind]
        return same[index] if index < len(same) else None

    def _render(self, project: FakeProject) -> None:
        """As action 42230 does: it stops everything until the files are there, and says nothing if they are not."""
        numbers = project.numbers
        for falsifies in ("RENDER_NORMALIZE", "RENDER_DITHER", "RENDER_ADDTOPROJ", "RENDER_SRATE"):
            assert numbers[falsifies] == 0, f"{falsifies} would falsify what is measured"
        header = base64.b64decode(project.texts["RENDER_FORMAT"])
        assert header[:5] == b"evaw\x20", "not a 32-bit float WAV"
        assert project.texts["RENDER_FORMAT2"] == ""
        assert numbers["RENDER_BOUNDSFLAG"] == 0, "other bounds are moved by the user's =START and =END markers"
        start_s, end_s = numbers["RENDER_STARTPOS"], numbers["RENDER_ENDPOS"]
        if end_s < project.sound_s:
            assert numbers["RENDER_TAILFLAG"] == 0, "a passage would get a tail"
        self.during_render()
        folder, pattern = self.place(project.texts["RENDER_FILE"]), project.texts["RENDER_PATTERN"]
        targets: list[tuple[Path, Callable[[], Audio]]]
        if numbers["RENDER_SETTINGS"] == MASTER_MIX:
            targets = [(folder / f"{pattern}.wav", partial(reaper_sound.mix_of, project, start_s, end_s))]
        else:
            assert numbers["RENDER_SETTINGS"] == SELECTED_TRACKS
            targets = [
                (
                    folder / f"{pattern.replace('$tracknumber', f'{number:02d}')}.wav",
                    partial(reaper_sound.track_of, project, track, start_s, end_s),
                )
                for number, track in enumerate(project.tracks, 1)
                if track.selected
            ]
        for target, _ in targets:
            assert not target.exists(), f"REAPER would ask whether to overwrite {target}, and wait for ever"
        if self.render_trouble == "nothing":
            return
        if self.render_trouble == "some":
            targets = targets[:1] if numbers["RENDER_SETTINGS"] == MASTER_MIX else targets[:-1]
        for target, sound in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
            if self.render_trouble == "stub":
                target.write_bytes(b"")
                continue
            frames = reaper_sound.at_play_rate(project, sound(), start_s)
            if self.render_trouble == "cancelled":
                frames = frames[: len(frames) // 2]
            if numbers["RENDER_SETTINGS"] == MASTER_MIX:
                self.stream_out.rendered(project, frames)
            soundfile.write(target, frames.astype("float32"), project.sample_rate_hz, subtype="FLOAT")
            self.rendered.append((target.name, start_s, end_s))
