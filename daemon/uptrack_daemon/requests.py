"""What a host asks for, looked at before it is queued: its files, its references, and what it is to be judged by.

A mix that cannot be used refuses the request; a stem or a reference that cannot costs a sentence in the report.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from uptrack_analysis.audio.files import display_name
from uptrack_analysis.errors import BadInput
from uptrack_analysis.findings.families import find_family
from uptrack_analysis.reference_track import ReferenceTrack
from uptrack_analysis.report import ProjectFacts, Target
from uptrack_analysis.settings import Settings, StemFile, unused_name
from uptrack_bridges.messages import Analyze, Passage, Project, Stem
from uptrack_daemon.intake import examine, in_a_thread
from uptrack_daemon.jobs.queue import Job, NewJob, Queue
from uptrack_daemon.references import files_named_by_a_host, with_profiles
from uptrack_daemon.store import References
from uptrack_daemon.versions import Versions


class Origin(BaseModel):
    """Who asked for a job, kept with it."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    instance: str | None
    """``None`` for a watched folder: nobody waits for an answer, the page and the list show it."""
    host: str
    request: Analyze


class Requests:
    """Examines what hosts ask for.

    Parameters
    ----------
    home : Path
        UpTrack's own folder, whose files no host may name.
    genre, target
        What a request is judged by when it does not say.
    versions, references
        What projects remember, and the reference profiles that were stored.
    """

    def __init__(
        self,
        queue: Queue,
        versions: Versions,
        references: References,
        *,
        home: Path,
        genre: str | None = None,
        target: Target = "club",
    ) -> None:
        self._queue = queue
        self._home = home
        self._genre = genre
        self._target: Target = target
        self._versions = versions
        self._references = references

    async def examined(self, request: Analyze, *, instance: str | None, host: str, key: str | None) -> NewJob:
        if request.mix is None:
            raise BadInput(
                "Expected the path of a mix in analyze; only stems came: render the master and send it as mix.",
                code="analyze.no_mix",
            )
        genre = request.genre or self._genre
        if genre is not None:
            find_family(genre)  # one that nobody knows is refused now, not by the worker
        as_its_run = None if request.passage is None else await self._settings_of(request.passage)
        accepted = await examine(request.mix.path, home=self._home)
        stems, stem_lengths_s = await self._stem_files(request.stems)
        references = await self._references_of(request)
        lengths_s = [accepted.duration_s, *stem_lengths_s, *references.lengths_s]
        settings = Settings(
            genre=genre,
            target=request.target or self._target,
            references=references.tracks,
            reference_files=references.files,
            reference_notes=references.notes,
        )
        facts = project_facts(request.project, accepted.duration_s)
        return NewJob(
            path=accepted.path,
            settings=replace(as_its_run or settings, project=facts, stems=stems),
            # Stems and references take their time, too.
            duration_s=sum(length for length in lengths_s if length is not None) if all(lengths_s) else None,
            origin=Origin(instance=instance, host=host, request=request).model_dump_json(),
            key=key,
        )

    async def _settings_of(self, passage: Passage) -> Settings:
        """What a passage's run was judged by: by other limits nothing could be compared.

        Raises
        ------
        BadInput
            Nobody knows the run, or the run of the passage before.
        """
        run = (await self._versions.run(passage.run)).summary
        if passage.before is not None:
            before = (await self._versions.run(passage.before)).summary
            if before.passage_of != passage.run:
                raise BadInput(
                    "Expected in passage.before the run of the same passage before the fix; that run is none of it.",
                    code="passage.before",
                )
        try:
            settings = (await self._queue.get(run.job_id)).settings
        except BadInput:  # jobs are kept for a month, reports until they are erased
            settings = Settings(target=next(known for known in get_args(Target) if known == run.target))
        # A passage is too short to guess a genre from.
        return replace(settings, genre=run.genre)

    async def _stem_files(self, stems: Iterable[Stem]) -> tuple[tuple[StemFile, ...], list[float | None]]:
        """As they were found to be, and their lengths; one that cannot be used is told in the report."""
        files: list[StemFile] = []
        lengths_s: list[float | None] = []
        taken: set[str] = set()
        for place, stem in enumerate(stems, 1):
            name = unused_name(stem.name or Path(stem.path).stem or f"stem {place}", taken)
            taken.add(name)
            try:
                accepted = await examine(stem.path, home=self._home)
            except BadInput as error:
                files.append(StemFile(name, stem.path, stem.track, error.sentence))
            else:
                files.append(StemFile(name, str(accepted.path), stem.track))
                lengths_s.append(accepted.duration_s)
        return tuple(files), lengths_s

    async def _references_of(self, request: Analyze) -> _References:
        """What a request names as references, each file looked at like a mix; a bad one costs a sentence."""
        if not request.references:
            return _References()
        looked = await in_a_thread(lambda: files_named_by_a_host(request.references), "A folder of references")
        named = await with_profiles(looked, self._references)
        files: list[str] = []
        notes = list(named.notes)
        lengths_s: list[float | None] = []
        for path in named.files:
            try:
                accepted = await examine(str(path), home=self._home)
            except BadInput as error:
                notes.append(f"The reference {display_name(path)} was left out: {error.sentence}")
            else:
                files.append(str(accepted.path))
                lengths_s.append(accepted.duration_s)
        return _References(named.tracks, tuple(files), tuple(notes), tuple(lengths_s))


@dataclass(frozen=True, slots=True)
class _References:
    """The references of one request."""

    tracks: tuple[ReferenceTrack, ...] = ()
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lengths_s: tuple[float | None, ...] = ()


def read_origin(job: Job) -> Origin | None:
    """Who asked for ``job``; ``None`` for one the daemon started itself."""
    try:
        return Origin.model_validate_json(job.origin)
    except ValidationError:
        return None


def project_facts(project: Project | None, duration_s: float | None) -> ProjectFacts:
    """What a host's tempo map and key say about the file; a tempo only if one tempo holds for all of it."""
    if project is None:
        return ProjectFacts()
    end_s = float("inf") if duration_s is None else project.start_s + duration_s
    points = sorted(project.tempo_map, key=lambda point: point.time_s)
    before = [point for point in points if point.time_s <= project.start_s][-1:] or points[:1]
    heard = before + [point for point in points if project.start_s < point.time_s < end_s and point not in before]
    tempi = {point.bpm for point in heard}
    signatures = {point.beats_per_bar for point in heard}
    return ProjectFacts(
        bpm=tempi.pop() if len(tempi) == 1 else None,
        key=project.key or None,
        beats_per_bar=signatures.pop() if len(signatures) == 1 else None,
    )
