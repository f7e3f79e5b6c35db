"""The vocabulary between a DAW and the daemon, the same on every transport.

A message is one JSON object ``{"type": "...", "id": "...", ...}``. Models are strict (``"1"`` is no number, ``false``
no loudness), unknown fields are ignored so that a newer script can talk to an older daemon, and optional fields may be
absent or null. Times named ``*_s`` are seconds; those of a marker and a tempo map are project seconds, the report's
are file seconds. ``read_from_host`` and ``read_from_daemon`` are the only doors in; ``write`` is the only door out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from uptrack_analysis.errors import BadInput

PROTOCOL = 1
MAX_STEMS = 256

Identifier = Annotated[str, Field(min_length=1, max_length=200)]
Path = Annotated[str, Field(min_length=1, max_length=32_768)]
Name = Annotated[str, Field(max_length=1_000)]
Seconds = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
Severity = Literal["info", "minor", "moderate", "major", "blocker"]


class Message(BaseModel):
    """What every message shares."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class FromHost(Message):
    id: Identifier | None = None
    session: Identifier | None = None
    """Needed where the wire itself does not remember who speaks (OSC)."""


# -- what a DAW says ---------------------------------------------------------------------------------------------------


class TempoPoint(Message):
    """From ``time_s`` on, this tempo and signature; ``bar`` is the bar number that starts there, if it does."""

    time_s: Seconds
    bpm: Annotated[float, Field(ge=0.01, le=2_000, allow_inf_nan=False)]
    beats_per_bar: Annotated[int, Field(ge=1, le=64)] = 4
    bar: Annotated[int, Field(ge=-100_000, le=1_000_000)] | None = None


class Project(Message):
    """The project as the DAW knows it; ``start_s`` is where the file's first sample lies on the timeline."""

    id: Identifier | None = None
    name: Name | None = None
    path: Path | None = None
    start_s: Seconds = 0.0
    tempo_map: Annotated[list[TempoPoint], Field(max_length=10_000)] = []
    key: Annotated[str, Field(max_length=40)] | None = None


class Hello(FromHost):
    type: Literal["hello"] = "hello"
    protocol: int
    token: Annotated[str, Field(max_length=200)]
    host: Annotated[str, Field(min_length=1, max_length=40)]
    host_version: Annotated[str, Field(max_length=80)] | None = None
    script_version: Annotated[str, Field(max_length=80)] | None = None
    instance: Identifier | None = None
    """Stays the same when the same DAW reconnects: what it has not acknowledged is then sent again."""
    capabilities: Annotated[list[Name], Field(max_length=100)] = []
    project: Project | None = None


class AudioFile(Message):
    path: Path


Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class Stem(Message):
    path: Path
    name: Name | None = None
    track: Annotated[str, Field(max_length=200)] | None = None
    colour: Colour | None = None
    """The track's, given back with its note."""


class Passage(Message):
    """Part of an earlier run's mix, rendered by itself: once before something is done about it, and once after."""

    run: Identifier
    start_s: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
    """Where its first sample lies in that run's file."""
    before: Identifier | None = None
    """The run of the same passage before; ``None`` for that one itself."""


class Analyze(FromHost):
    type: Literal["analyze"] = "analyze"
    mix: AudioFile | None = None
    stems: Annotated[list[Stem], Field(max_length=MAX_STEMS)] = []
    genre: Annotated[str, Field(max_length=40)] | None = None
    target: Literal["club", "stream", "premaster"] | None = None
    references: Annotated[list[Path], Field(max_length=64)] = []
    project: Project | None = None
    passage: Passage | None = None
    """The mix is a passage: fixes of its run are checked in it, and it is no version of the project."""


class Cancel(FromHost):
    """Cancel one job by its ``job`` id, or the ``analyze`` whose id is ``request``."""

    type: Literal["cancel"] = "cancel"
    job: Identifier | None = None
    request: Identifier | None = None


class Ping(FromHost):
    type: Literal["ping"] = "ping"


class State(FromHost):
    type: Literal["state"] = "state"
    state: Literal["idle", "playing", "recording", "rendering"]


class FeedbackApplied(FromHost):
    """What the DAW really holds of a run's markers; until it is said, the feedback is sent again."""

    type: Literal["feedback.applied"] = "feedback.applied"
    run: Identifier
    placed: Annotated[list[Identifier], Field(max_length=100_000)] = []
    skipped: Annotated[list[Identifier], Field(max_length=100_000)] = []


class LiveGet(FromHost):
    """Ask what live audio is coming in; answered with ``live.streams``."""

    type: Literal["live.get"] = "live.get"


class Capture(FromHost):
    """Write what has just been heard live into a file; answered with ``capture.taken``, whose path can be analysed."""

    type: Literal["capture"] = "capture"
    seconds: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
    """At most this much, up to ``ago_s``."""
    ago_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 0.0
    """How long before this message the wanted audio ended."""
    stream: Annotated[str, Field(max_length=40)] | None = None
    """Which one, where several come in."""


class FindingDismiss(FromHost):
    """A finding of a run is meant, or everything its rule finds in this project is; later runs leave it out."""

    type: Literal["finding.dismiss"] = "finding.dismiss"
    run: Identifier
    finding: Identifier
    scope: Literal["finding", "rule"] = "finding"
    undo: bool = False
    """Take it back."""


class AppliedAction(Message):
    """What was done, how much, and where."""

    kind: Annotated[str, Field(max_length=10)] = ""
    text: Name = ""
    gain_db: Annotated[float, Field(ge=-200, le=200, allow_inf_nan=False)] | None = None
    frequency_hz: Annotated[float, Field(gt=0, le=200_000, allow_inf_nan=False)] | None = None
    q: Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False)] | None = None
    track: Annotated[str, Field(max_length=200)] | None = None
    start_s: Seconds | None = None
    end_s: Seconds | None = None


class FixApplied(FromHost):
    """Something was done about a finding; the project's next version is measured at its place, and says what of it."""

    type: Literal["fix.applied"] = "fix.applied"
    run: Identifier
    finding: Identifier
    action: AppliedAction = AppliedAction()


class Part(Message):
    """One slice of a message too large for its wire; joined in order, ``data`` is the whole message's JSON text."""

    type: Literal["part"] = "part"
    id: Identifier
    session: Identifier | None = None
    part: Annotated[int, Field(ge=1)]
    parts: Annotated[int, Field(ge=1, le=4_096)]
    data: str


AnyFromHost = (
    Hello | Analyze | Cancel | Ping | State | FeedbackApplied | FindingDismiss | FixApplied | LiveGet | Capture | Part
)
HostMessage = Annotated[AnyFromHost, Field(discriminator="type")]


# -- what the daemon says ----------------------------------------------------------------------------------------------


class FromDaemon(Message):
    id: Identifier | None = None
    """The ``id`` of the message this answers, if it answers one."""


class Welcome(FromDaemon):
    type: Literal["welcome"] = "welcome"
    protocol: int = PROTOCOL
    session: Identifier
    version: str
    url: str
    """The page's address; holds a one-time code that becomes the page's cookie."""


class Refused(FromDaemon):
    type: Literal["refused"] = "refused"
    code: str
    sentence: str
    retry: bool = False
    """Nothing is wrong with what was asked: the same may be taken later (a full disk, a busy store)."""


class Pong(FromDaemon):
    type: Literal["pong"] = "pong"


class JobQueued(FromDaemon):
    type: Literal["job.queued"] = "job.queued"
    job: Identifier
    position: int
    """Jobs before this one; 0 starts now."""


class JobProgress(FromDaemon):
    type: Literal["job.progress"] = "job.progress"
    job: Identifier
    fraction: Annotated[float, Field(ge=0, le=1)]
    stage: str


class JobFailed(FromDaemon):
    type: Literal["job.failed"] = "job.failed"
    job: Identifier
    code: str
    sentence: str


class Step(Message):
    """One thing to do about a finding; all but ``track`` as in the report's actions."""

    kind: str
    text: str
    gain_db: float | None = None
    frequency_hz: float | None = None
    q: float | None = None
    tool: str | None = None
    amount: float | None = None
    on_mix: bool = False
    track: str | None = None
    """Where to do it: the host's own name for the track, ``None`` where no stem is known."""


class Marker(Message):
    """One finding; the first twelve are for the timeline, the rest for a host that lists them all."""

    id: Identifier
    rule: str
    severity: Severity
    start_s: Annotated[float, Field(allow_inf_nan=False)]
    end_s: Annotated[float, Field(allow_inf_nan=False)]
    bar: str | None = None
    """"bar.beat" of ``start_s``, when the host sent a tempo map."""
    text: str
    colour: Colour
    stem: str | None = None
    track: str | None = None
    area: str = ""
    title: str = ""
    advice: str = ""
    value: float | None = None
    unit: str = ""
    confidence: float | None = None
    points: float = 0.0
    """What mending it alone regains."""
    low_hz: float | None = None
    high_hz: float | None = None
    expected_delta: str = ""
    actions: list[Step] = []
    dismissed: bool = False
    dismissed_as: Severity | None = None
    """How bad what was dismissed was, where this has grown worse and is told again; ``advice`` says it in words."""


class TrackNote(Message):
    track: str
    text: str
    score: float | None = None
    """What the mix would score if the findings that name this track were all there is."""
    name: str = ""
    loudness_lufs: float | None = None
    findings: list[Identifier] = []
    colour: Colour | None = None


class Area(Message):
    """One part of the score; ``score`` is 0 to 100."""

    area: str
    score: float
    coverage: float


class SectionMark(Message):
    """A part of the arrangement, in project seconds."""

    kind: str | None
    start_s: float
    end_s: float
    bar: str | None = None


class FixResult(Message):
    """What the new version shows of a fix: the finding's value before and after, and the level where it was made."""

    fix: Identifier
    finding: Identifier
    status: Literal["closed", "remaining", "unknown"]
    sentence: str
    before: float | None
    after: float | None
    """``None`` where it is not found any more."""
    unit: str
    change_db: float | None
    at_hz: float | None


class ChangedFinding(Message):
    """One finding that is not what it was in the version before."""

    status: Literal["fixed", "new", "worse", "better"]
    title: str
    severity: Severity
    """In this version; of a fixed one in the version before."""
    finding: Identifier | None = None
    """Its id in this version; ``None`` for a fixed one."""
    start_s: float | None = None
    """Project seconds; ``None`` where its place has been taken out."""
    bar: str | None = None
    """"bar.beat" of ``start_s``, when the host sent a tempo map."""
    stem: str | None = None


class SinceBefore(Message):
    """What became of the findings of the project's version before; scores are over the rules that could be compared."""

    report: Identifier
    """The older report's id."""
    sentence: str
    fixed: int
    new: int
    worse: int
    better: int
    unchanged: int
    score_before: float | None
    score_after: float | None
    changes: list[ChangedFinding] = []
    """Worst news first: new and worse, then fixed and better; what is unchanged is not among them."""
    notes: list[str] = []
    """What a reader must know to judge the comparison: rules that were not compared and why, say."""


class Feedback(FromDaemon):
    type: Literal["feedback"] = "feedback"
    job: Identifier
    run: Identifier
    report: Identifier
    status: str
    score: float | None
    markers: list[Marker]
    tracks: list[TrackNote] = []
    project: str | None = None
    """Name of the project the run belongs to."""
    since: SinceBefore | None = None
    """``None`` for a project's first version."""
    fixes: list[FixResult] = []
    """What this version shows of the fixes that were applied to the ones before."""
    passage: bool = False
    """The run is of a passage: only ``fixes`` says something about the project."""
    more: list[Marker] = []
    """Findings beyond the markers, most valuable first, those that are dismissed among them."""
    coverage: float | None = None
    genre: str = ""
    target: str = ""
    start_s: float = 0.0
    """Project seconds of the file's first sample."""
    duration_s: float | None = None
    areas: list[Area] = []
    sections: list[SectionMark] = []


class FindingDismissed(FromDaemon):
    """What is remembered now, or not any more."""

    type: Literal["finding.dismissed"] = "finding.dismissed"
    run: Identifier
    finding: str | None
    """``None`` for the whole rule."""
    rule: str
    project: str
    undone: bool


class FixNoted(FromDaemon):
    """It waits for the project's next version."""

    type: Literal["fix.noted"] = "fix.noted"
    run: Identifier
    finding: Identifier
    fix: Identifier


class LiveStream(Message):
    """One live stream, as the daemon has heard it."""

    stream: str
    """The name its sender gave it."""
    rate_hz: int
    channels: int
    seconds: float
    """Heard without a break, and kept."""
    silent_s: float
    """Since the last of it came."""
    missing_s: float
    """What was lost on the way, in all that is kept."""


class LiveStreams(FromDaemon):
    type: Literal["live.streams"] = "live.streams"
    port: int | None
    """UDP port that ReaStream has to send to, at 127.0.0.1; ``None`` while nobody listens."""
    streams: list[LiveStream]
    problem: str = ""
    """Why nothing is heard, where that is known."""


class CaptureTaken(FromDaemon):
    type: Literal["capture.taken"] = "capture.taken"
    path: str
    """A file in the folder that ``bridge.json`` calls ``audio``, deleted like a render."""
    stream: str
    seconds: float
    """From the first sample to the moment that was asked for."""
    missing_s: float
    """What of it was lost on the way: the file is so much shorter."""


AnyFromDaemon = (
    Welcome
    | Refused
    | Pong
    | JobQueued
    | JobProgress
    | JobFailed
    | Feedback
    | FindingDismissed
    | FixNoted
    | LiveStreams
    | CaptureTaken
    | Part
)
DaemonMessage = Annotated[AnyFromDaemon, Field(discriminator="type")]

_FROM_HOST: TypeAdapter[AnyFromHost] = TypeAdapter(HostMessage)
_FROM_DAEMON: TypeAdapter[AnyFromDaemon] = TypeAdapter(DaemonMessage)


class BadMessage(BadInput):
    """Text on a wire that is no message of this vocabulary."""

    default_code = "message.bad"


def read_from_host(text: str | bytes) -> AnyFromHost:
    """Read one message a DAW sent.

    Raises
    ------
    BadMessage
        Not JSON, not an object, an unknown type, or a field of the wrong type; code ``message.unknown_type`` for a
        type this version does not know.
    """
    try:
        return _FROM_HOST.validate_json(text)
    except ValidationError as error:
        raise _explain(error) from None


def read_from_daemon(text: str | bytes) -> AnyFromDaemon:
    """Read one message the daemon sent; raises ``BadMessage`` like ``read_from_host``."""
    try:
        return _FROM_DAEMON.validate_json(text)
    except ValidationError as error:
        raise _explain(error) from None


def write(message: Message) -> str:
    """One message as JSON text, null fields left out of what a host says and kept in what the daemon says."""
    return message.model_dump_json(exclude_none=isinstance(message, FromHost))


def _explain(error: ValidationError) -> BadMessage:
    first: Any = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "message"
    match first["type"]:
        case "json_invalid":
            return BadMessage("Expected one JSON object; what came does not parse as JSON.", code="message.not_json")
        case "union_tag_invalid":
            # Which types are known depends on the door: pydantic lists them, quoted.
            known = first["ctx"]["expected_tags"].replace("'", "")
            return BadMessage(
                f"This version does not know the message type {str(first['ctx']['tag'])[:60]!r}; it knows {known}.",
                code="message.unknown_type",
            )
        case "union_tag_not_found":
            return BadMessage('Expected a message with a "type"; none came.', code="message.no_type")
        case _:
            return BadMessage(f"Field {where}: {first['msg'][:1].lower()}{first['msg'][1:]}.")
