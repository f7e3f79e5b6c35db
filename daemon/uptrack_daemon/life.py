"""The daemon's life, as blocks inside blocks: each is opened in order and closed in reverse, whatever fails.

Lock, store, workers, desk, then the wires, and last of all ``bridge.json``: who finds that file finds everything
answering. Stopping takes the file away first, lets a running analysis finish for a while, says goodbye on every wire
and leaves the store whole; what was cut off waits for the next start.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial

from uptrack_analysis import __version__
from uptrack_bridges.discovery import Bridge, new_token, remove_bridge, write_bridge
from uptrack_bridges.mailbox import serve_mailbox
from uptrack_bridges.messages import PROTOCOL
from uptrack_bridges.osc import OscServer, serve_osc
from uptrack_bridges.switchboard import Switchboard
from uptrack_bridges.websocket import BridgeEndpoint
from uptrack_bridges.wire import Session
from uptrack_daemon.account.listening import Listener, keep_listening
from uptrack_daemon.account.standing import standing_of
from uptrack_daemon.account.sync import Pusher, keep_in_step
from uptrack_daemon.desk import Desk
from uptrack_daemon.erase import erase_report
from uptrack_daemon.home import Home
from uptrack_daemon.housekeeping import keep_house
from uptrack_daemon.http.api import Api, page_url
from uptrack_daemon.http.gate import PORT
from uptrack_daemon.http.keys import Keys
from uptrack_daemon.http.pages import Pages
from uptrack_daemon.http.server import serve_http
from uptrack_daemon.instance import only_one
from uptrack_daemon.jobs.queue import Queue
from uptrack_daemon.jobs.supervisor import Supervisor, supervise
from uptrack_daemon.live.capture import Captures
from uptrack_daemon.live.listening import forget_old, listen
from uptrack_daemon.live.recording import sweep_recordings
from uptrack_daemon.live.streams import Streams
from uptrack_daemon.requests import Requests
from uptrack_daemon.retention import Retention
from uptrack_daemon.selfcheck import osc_answers
from uptrack_daemon.settings import DaemonSettings
from uptrack_daemon.store import Deliveries, References, Reports, Store, Watched, open_store
from uptrack_daemon.versions import Versions
from uptrack_daemon.watching import watch_folders

log = logging.getLogger(__name__)


async def live(home: Home, settings: DaemonSettings, *, ready: Callable[[Bridge], None] = lambda _bridge: None) -> None:
    """Run the daemon until SIGTERM, SIGINT or ``/api/stop``.

    Parameters
    ----------
    ready : callable
        Called once every port answers.

    Raises
    ------
    Unavailable
        Another daemon runs, a port is taken, or the home cannot be used.
    """
    stopping = asyncio.Event()
    home.create()
    with only_one(home), _signals(stopping):
        home.bridge_file.unlink(missing_ok=True)  # a daemon that was killed left it: nothing it names answers
        try:
            async with open_store(home.database) as store, _daemon(home, settings, store, stopping) as bridge:
                write_bridge(home.bridge_file, bridge)
                log.info("version %s, process %d, port %d", __version__, bridge.pid, bridge.port)
                try:
                    ready(bridge)
                    await stopping.wait()
                finally:
                    log.info("stopping")
                    remove_bridge(home.bridge_file, bridge)
        except BaseExceptionGroup as group:
            raise _cause(group) from group
    log.info("stopped")


def _cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error a group of tasks ended with, so that it can be said in a sentence; the group if there are more."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


@asynccontextmanager
async def _daemon(home: Home, settings: DaemonSettings, store: Store, stopping: asyncio.Event) -> AsyncIterator[Bridge]:
    """Everything that listens and works while the block runs; what the block is given says where."""
    queue, reports, versions = Queue(store), Reports(store), Versions(store)
    token = new_token()
    keys = Keys(token)

    async def cancel(job_id: str) -> bool:
        # The circle is real: hosts reach the desk, the desk cancels at the supervisor, the supervisor tells the desk.
        return await supervisor.cancel(job_id)

    async def account() -> str:
        return (await standing_of(store)).sentence

    def is_rendering() -> bool:
        return any(session.state == "rendering" for session in switchboard.sessions)

    retention = Retention(home, store, days=settings.retention_days)
    await asyncio.to_thread(sweep_recordings, home.cache)
    streams = Streams(home.cache, is_rendering=is_rendering)
    captures = Captures(streams, retention)
    desk = Desk(
        queue,
        Deliveries(store),
        Requests(queue, versions, References(store), home=home.root, genre=settings.genre, target=settings.target),
        versions,
        captures,
        cancel=cancel,
        page_url=lambda: page_url(app),
        rendered=retention,
        sends_audio=settings.account_audio == "always",
    )
    switchboard = Switchboard(desk, token=token, version=__version__)
    endpoint = BridgeEndpoint(switchboard)
    api = Api(
        version=__version__,
        queue=queue,
        reports=reports,
        erase=partial(erase_report, home, store),
        sessions=lambda: [_described(session) for session in switchboard.sessions],
        stop=stopping.set,
        workers=lambda: supervisor.pids,
        forget_live=streams.close,
        account=account,
        check=lambda: _check(osc, captures, supervisor),
    )
    recovered = await queue.recover()
    if recovered.resumed:
        log.info("%d analyses were cut off and wait again", len(recovered.resumed))
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        sweeping = tasks.create_task(retention.run(), name="retention")
        stack.callback(sweeping.cancel)
        pusher = Pusher(
            home,
            store,
            deletes_here=settings.account_deletes_here,
            sends_audio=settings.account_audio == "always",
        )
        pushing = tasks.create_task(keep_in_step(pusher), name="account")
        stack.callback(pushing.cancel)
        listening = tasks.create_task(keep_listening(Listener(store, pusher)), name="account push")
        stack.callback(listening.cancel)
        tidying = tasks.create_task(keep_house(store), name="housekeeping")
        stack.callback(tidying.cancel)
        routes = [*api.routes(), *Pages(queue, reports, versions).routes(), *endpoint.routes()]
        app = await stack.enter_async_context(serve_http(keys, routes, port=settings.port))
        stack.push_async_callback(endpoint.close)
        mailbox = await stack.enter_async_context(serve_mailbox(home.mailbox, switchboard))
        osc = await stack.enter_async_context(serve_osc(switchboard, port=settings.osc_port))
        await stack.enter_async_context(listen(streams, captures, port=settings.live_port))
        forgetting = tasks.create_task(forget_old(streams), name="live")
        stack.callback(forgetting.cancel)
        stack.push_async_callback(desk.stop)
        # Last to open and first to close: what a running analysis still gives finds every wire open.
        supervisor = await stack.enter_async_context(
            supervise(queue, settings, compose=desk.feedback_for, listener=desk)
        )
        watching = tasks.create_task(watch_folders(settings.watch, Watched(store), desk), name="watch")
        stack.callback(watching.cancel)
        yield Bridge(
            protocol=PROTOCOL,
            version=__version__,
            pid=os.getpid(),
            port=app[PORT][0],
            osc_port=osc.port,
            mailbox=str(mailbox.root),
            audio=str(home.audio),
            token=token,
        )


def _described(session: Session) -> dict[str, str]:
    return {
        "host": session.host,
        "instance": session.instance,
        "transport": session.wire.transport,
        "state": session.state,
    }


async def _check(osc: OscServer, captures: Captures, supervisor: Supervisor) -> dict[str, str]:
    """Each part that could be deaf, and whether it is; HTTP answers by asking this at all."""
    return {
        "http": "ok",
        "osc": "ok" if await osc_answers(osc.port) else f"no answer on UDP port {osc.port}",
        "live": captures.trouble or "ok",
        "workers": supervisor.trouble or "ok",
    }


@contextmanager
def _signals(stopping: asyncio.Event) -> Iterator[None]:
    """Stop in order on SIGTERM and Ctrl-C; a second Ctrl-C ends at once, as people expect."""
    loop = asyncio.get_running_loop()
    caught: list[signal.Signals] = []

    def stop(which: signal.Signals) -> None:
        stopping.set()
        if which is signal.SIGINT:
            loop.remove_signal_handler(which)

    # Windows loops take no handlers: there Ctrl-C raises KeyboardInterrupt, and `daemon stop` asks over HTTP.
    with suppress(NotImplementedError):
        for which in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(which, stop, which)
            caught.append(which)
    try:
        yield
    finally:
        for which in caught:
            loop.remove_signal_handler(which)
