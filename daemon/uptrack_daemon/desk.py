"""The front desk: what hosts ask becomes jobs, what jobs give becomes messages to the host that asked.

A job remembers its asker (``Origin``) in the store, so that feedback finds its DAW again after either side restarted:
the session may be gone, the ``instance`` a host names itself by is not. The same holds for a request: its id belongs to
the instance, and the store, not the memory, knows which were asked already. Feedback waits in the store until the host
says what it placed; it is sent again whenever that instance says ``hello``, and on wires that lose messages on a timer
too.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from uptrack_analysis.errors import BadInput, Unavailable
from uptrack_analysis.settings import Settings
from uptrack_bridges.export_names import FileFacts
from uptrack_bridges.messages import (
    Analyze,
    Cancel,
    Capture,
    Feedback,
    FeedbackApplied,
    FindingDismiss,
    FindingDismissed,
    FixApplied,
    FixNoted,
    FromDaemon,
    JobFailed,
    JobProgress,
    JobQueued,
    LiveGet,
    Passage,
    State,
)
from uptrack_bridges.wire import Session, ToDesk, WireClosed
from uptrack_daemon.feedback import compose, since_before
from uptrack_daemon.jobs.queue import Enqueued, Job, Queue
from uptrack_daemon.jobs.supervisor import Measure
from uptrack_daemon.live.capture import Captures
from uptrack_daemon.projects import RunProject, project_of
from uptrack_daemon.requests import Origin, Requests, read_origin
from uptrack_daemon.retention import Retention
from uptrack_daemon.store import Deliveries, NewDelivery, NewReport, ReportSummary
from uptrack_daemon.versions import Past, Versions, weigh, with_today

log = logging.getLogger(__name__)

RESEND_AFTER_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Waits between repeats of unacknowledged feedback on a lossy wire; after the last, only the next ``hello`` repeats."""


async def _measured_by_nobody(_path: Path, _settings: Settings) -> str | None:
    return None


class Desk:
    """The daemon's side of every conversation (``uptrack_bridges.wire.Desk``).

    Parameters
    ----------
    queue, deliveries
        Where jobs and unacknowledged feedback live.
    cancel : callable
        Ends a job whatever its state; answers whether it was still active.
    page_url : callable
        The page's address with a fresh one-time code.
    requests
        Looks at what is asked for before it is queued.
    versions, captures
        What projects remember, and what is heard live.
    rendered
        Our own audio folder, into which DAWs render for us: what a job reads of it goes when its time is up.
    sends_audio
        Whether a linked account is to get the audio of what is measured, too.
    """

    def __init__(
        self,
        queue: Queue,
        deliveries: Deliveries,
        requests: Requests,
        versions: Versions,
        captures: Captures,
        *,
        cancel: Callable[[str], Awaitable[bool]],
        page_url: Callable[[], str],
        rendered: Retention | None = None,
        sends_audio: bool = False,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._queue = queue
        self._deliveries = deliveries
        self._cancel_job = cancel
        self._page_url = page_url
        self._requests = requests
        self._versions = versions
        self._captures = captures
        self._rendered = rendered
        self._sends_audio = sends_audio
        self._sleep = sleep
        self._sessions: dict[tuple[str, str], Session] = {}
        """By host and instance: two hosts may have chosen the same name for themselves."""
        self._repeating: dict[str, asyncio.Task[None]] = {}
        self._unannounced: dict[str, asyncio.Event] = {}

    # -- uptrack_bridges.wire.Desk -------------------------------------------------------------------------------------

    def page_url(self) -> str:
        return self._page_url()

    async def opened(self, session: Session) -> None:
        await self.closed(session)  # a hello that is repeated may name another host
        self._sessions[session.host, session.instance] = session
        for other in self._sessions.values():
            # A DAW that renders runs no script, so this one has stopped rendering, or crashed meanwhile.
            if other is not session and other.host == session.host and other.state == "rendering":
                other.state = "idle"
        for delivery in await self._deliveries.pending(session.instance, host=session.host):
            await self._deliver(session, delivery.id, delivery.run_id, delivery.payload)

    async def received(self, session: Session, message: ToDesk) -> None:
        match message:
            case Analyze():
                await self._analyze(session, message)
            case Cancel():
                await self._cancel(session, message)
            case FeedbackApplied():
                await self._deliveries.acknowledge(
                    message.run, session.instance, placed=len(message.placed), skipped=len(message.skipped)
                )
                self._stop_repeating(message.run)
            case Capture():
                await session.wire.send(await self._captures.take(session, message))
            case LiveGet():
                await session.wire.send(self._captures.described(message.id))
            case FindingDismiss():
                await self._dismiss(session, message)
            case FixApplied():
                await self._fix(session, message)
            case State():
                session.state = message.state

    async def closed(self, session: Session) -> None:
        self._sessions = {name: other for name, other in self._sessions.items() if other is not session}

    # -- what jobs give ------------------------------------------------------------------------------------------------

    async def feedback_for(
        self, job: Job, document: str, measure: Measure = _measured_by_nobody
    ) -> tuple[NewReport, list[NewDelivery]]:
        """What is stored when a job ends well: its report, and the feedback its asker has yet to acknowledge.

        Where rules have changed since the version before was judged, ``measure`` is asked for it again.
        """
        origin = read_origin(job)
        said = origin.request.project if origin else None
        passage = origin.request.passage if origin else None
        project = project_of(said, job.path)
        if passage is not None:
            project, past = await _beside(self._versions, passage, project)
        else:
            past = await self._versions.past(project.key, await asyncio.to_thread(_sha256_of, document))
            past = await with_today(past, document, job.path, measure)
        report, deliveries = await asyncio.to_thread(_outcome, job, document, origin, project, past)
        return replace(report, audio=self._sends_audio), deliveries

    async def progressed(self, job: Job, fraction: float, stage: str) -> None:
        await self._tell(job, JobProgress(job=job.id, fraction=min(max(fraction, 0.0), 1.0), stage=stage))

    async def finished(self, job: Job, summary: ReportSummary) -> None:
        await self._done_reading(job)
        session = self._session_of(job)
        if session is None:
            return
        for delivery in await self._deliveries.of_run(summary.run_id):
            if delivery.acknowledged_at is None and delivery.instance == session.instance:
                await self._deliver(session, delivery.id, delivery.run_id, delivery.payload)

    async def failed(self, job: Job, code: str, sentence: str) -> None:
        await self._done_reading(job)
        origin = read_origin(job)
        request = origin.request.id if origin else None
        await self._tell(job, JobFailed(id=request, job=job.id, code=code, sentence=sentence))

    async def _done_reading(self, job: Job) -> None:
        if self._rendered is None:
            return
        try:
            await self._rendered.ended(job.id)
        except Unavailable as error:  # the sweeper comes by
            log.warning("Rendered audio could not be let go yet: %s", error)

    async def stop(self) -> None:
        """End the repeating of feedback; what is unacknowledged stays in the store."""
        repeating = list(self._repeating.values())
        for task in repeating:
            task.cancel()
        await asyncio.gather(*repeating, return_exceptions=True)

    # -- one request ---------------------------------------------------------------------------------------------------

    async def submit(self, request: Analyze, *, watched: Iterable[FileFacts] = ()) -> Enqueued:
        """Examine what a watched folder's ``request`` names; queue it and remember its files in one step.

        Raises
        ------
        BadInput
            The mix cannot be used, or the genre is not known; nothing was queued.
        Unavailable
            The disk does not answer, or the job could not be stored.
        """
        new = await self._requests.examined(request, instance=None, host="watch", key=None)
        return await self._queue.enqueue(new, watched=watched)

    async def _analyze(self, session: Session, request: Analyze) -> None:
        key = _key(session, request.id)
        if key is not None and (known := await self._queue.by_key(key)) is not None:
            await self._repeat_answer(session, request, known)
            return
        new = await self._requests.examined(request, instance=session.instance, host=session.host, key=key)
        # The host must hear its job's id before anything about the job, however quick the worker is.
        announced = self._unannounced[new.id] = asyncio.Event()
        try:
            if self._rendered is not None:
                stems = (Path(stem.path) for stem in new.settings.stems if stem.problem is None)
                await self._rendered.claim([new.path, *stems], new.id)
            queued = await self._queue.enqueue(new)
            await session.wire.send(JobQueued(id=request.id, job=queued.job.id, position=queued.position))
        finally:
            announced.set()
            del self._unannounced[new.id]

    async def _repeat_answer(self, session: Session, request: Analyze, job: Job) -> None:
        """The same request again (a lossy wire repeats, a host reconnects): the same answers, and no second job."""
        origin = read_origin(job)
        if origin is not None and _without_session(origin.request) != _without_session(request):
            raise BadInput(
                f"The id {request.id!r} stands for another request of this host: give every analyze an id of its own.",
                code="analyze.id_used",
            )
        await session.wire.send(JobQueued(id=request.id, job=job.id, position=await self._queue.position(job.id)))
        match job.state:
            case "failed" | "cancelled":
                await self.failed(job, job.code or "job.failed", job.sentence or "The analysis failed.")
            case "done":
                for delivery in await self._deliveries.pending(session.instance, host=session.host):
                    if delivery.job_id == job.id:
                        await self._deliver(session, delivery.id, delivery.run_id, delivery.payload)
            case _:
                pass

    async def _cancel(self, session: Session, message: Cancel) -> None:
        job_id = message.job
        if job_id is None and (key := _key(session, message.request)) is not None:
            known = await self._queue.by_key(key)
            job_id = None if known is None else known.id
        if job_id is None:
            raise BadInput(
                'Expected the "job" to cancel, or the "request" that started it; neither is known.',
                code="job.unknown",
            )
        if not await self._cancel_job(job_id):
            raise BadInput(f"Job {job_id} has ended already; there is nothing to cancel.", code="job.ended")

    async def _dismiss(self, session: Session, message: FindingDismiss) -> None:
        done = await self._versions.dismiss(
            await self._versions.run(message.run),
            message.finding,
            whole_rule=message.scope == "rule",
            undo=message.undo,
        )
        answer = FindingDismissed(
            id=message.id,
            run=message.run,
            finding=done.finding,
            rule=done.rule,
            project=done.project,
            undone=message.undo,
        )
        await session.wire.send(answer)

    async def _fix(self, session: Session, message: FixApplied) -> None:
        run = await self._versions.run(message.run)
        fix = await self._versions.fixed(run, message.finding, message.action)
        await session.wire.send(FixNoted(id=message.id, run=message.run, finding=message.finding, fix=fix))

    # -- messages out --------------------------------------------------------------------------------------------------

    def _session_of(self, job: Job) -> Session | None:
        origin = read_origin(job)
        return self._sessions.get((origin.host, origin.instance)) if origin and origin.instance else None

    async def _tell(self, job: Job, message: FromDaemon) -> None:
        session = self._session_of(job)
        if session is None:
            return
        if (announced := self._unannounced.get(job.id)) is not None:
            await announced.wait()
        try:
            await session.wire.send(message)
        except WireClosed:
            log.info("%s for a host that is gone", message)

    async def _deliver(self, session: Session, delivery_id: str, run: str, payload: str) -> None:
        feedback = Feedback.model_validate_json(payload)
        if (announced := self._unannounced.get(feedback.job)) is not None:
            await announced.wait()
        try:
            await session.wire.send(feedback)
        except WireClosed:
            return  # it waits for the next hello
        await self._count_sending(delivery_id)
        if session.wire.lossy and run not in self._repeating:
            task = asyncio.create_task(self._repeat(session, delivery_id, run, feedback), name=f"repeat {run}")
            self._repeating[run] = task
            task.add_done_callback(lambda _task: self._repeating.pop(run, None))

    async def _repeat(self, session: Session, delivery_id: str, run: str, feedback: Feedback) -> None:
        for wait_s in RESEND_AFTER_S:
            await self._sleep(wait_s)
            if session not in self._sessions.values():
                return
            if not await self._count_sending(delivery_id):
                return
            try:
                await session.wire.send(feedback)
            except WireClosed:
                return

    async def _count_sending(self, delivery_id: str) -> bool:
        """Count one; false when the feedback is not in the store any more: its report was erased."""
        # Only a count: a disk that is full must not turn feedback that was heard into a refusal.
        try:
            return await self._deliveries.sent(delivery_id) > 0
        except Unavailable as error:
            log.warning("A sending could not be counted: %s", error)
            return True

    def _stop_repeating(self, run: str) -> None:
        if (task := self._repeating.get(run)) is not None:
            task.cancel()


async def _beside(versions: Versions, passage: Passage, project: RunProject) -> tuple[RunProject, Past]:
    """The project of a passage's run, whatever the host calls it by now, and what the passage is held against."""
    try:
        run = (await versions.run(passage.run)).summary
        return RunProject(run.project_key, run.project_name or project.name), await versions.past_of_passage(passage)
    except BadInput:  # erased while its passage was measured
        return project, Past()


def _sha256_of(document: str) -> str:
    return str(json.loads(document)["source"]["sha256"])


def _outcome(
    job: Job, document: str, origin: Origin | None, project: RunProject, past: Past
) -> tuple[NewReport, list[NewDelivery]]:
    """The report weighed against its project's past, and worded for who asked."""
    weighed = weigh(document, past)
    said = origin.request.project if origin else None
    report = NewReport(
        document=weighed.document,
        job_id=job.id,
        source_path=job.path,
        project_id=said.id if said else None,
        project_name=project.name,
        project_key=project.key,
        dismissed=weighed.dismissed,
        fixes={result.fix: result.model_dump_json() for result in weighed.fixes},
        passage_of=origin.request.passage.run if origin and origin.request.passage else None,
    )
    if origin is None or origin.instance is None:
        return report, []
    since = None
    if weighed.comparison is not None and past.before is not None:
        since = since_before(weighed.comparison, past.before.summary.id, said)
    message = compose(
        weighed.report,
        origin.request,
        job=job.id,
        run=report.run_id,
        report_id=report.id,
        project_name=project.name,
        since=since,
        fixes=weighed.fixes,
    )
    return report, [NewDelivery(origin.instance, origin.host, message.model_dump_json())]


def _key(session: Session, request_id: str | None) -> str | None:
    """What a request is known by for as long as its job is: the same after the same host has connected again."""
    if not request_id:
        return None
    named = json.dumps([session.host, session.instance, request_id])  # no character of a name can pass for a border
    return hashlib.sha256(named.encode()).hexdigest()


def _without_session(request: Analyze) -> Analyze:
    return request.model_copy(update={"session": None})
