"""The daemon's store: one SQLite file with jobs, reports, deliveries and what we remember of files.

``store`` opens it, ``engine`` knows SQLite, ``migrate`` brings it up to date, ``models`` are the tables; ``reports``,
``deliveries``, ``dismissals``, ``fixes``, ``references``, ``artifacts``, ``watched``, ``account_links``, ``outbox`` and
``account_feed`` are what the rest of the daemon talks to. The queue is in ``jobs``.
"""

from uptrack_daemon.store.account_feed import AccountFeed
from uptrack_daemon.store.account_links import AccountLink, AccountLinks
from uptrack_daemon.store.artifacts import Artifact, Artifacts
from uptrack_daemon.store.deliveries import Deliveries, Delivery, NewDelivery
from uptrack_daemon.store.dismissals import Dismissal, Dismissals
from uptrack_daemon.store.fixes import AppliedFix, Fixes
from uptrack_daemon.store.models import new_id, utc_now
from uptrack_daemon.store.outbox import Outbox, OutboxCounts, Outgoing
from uptrack_daemon.store.references import References, StoredReferences
from uptrack_daemon.store.reports import Erased, NewReport, Reports, ReportSummary, StoredReport
from uptrack_daemon.store.store import Clock, Store, open_store
from uptrack_daemon.store.watched import Watched

__all__ = [
    "AccountFeed",
    "AccountLink",
    "AccountLinks",
    "AppliedFix",
    "Artifact",
    "Artifacts",
    "Clock",
    "Deliveries",
    "Delivery",
    "Dismissal",
    "Dismissals",
    "Erased",
    "Fixes",
    "NewDelivery",
    "NewReport",
    "Outbox",
    "OutboxCounts",
    "Outgoing",
    "References",
    "ReportSummary",
    "Reports",
    "Store",
    "StoredReferences",
    "StoredReport",
    "Watched",
    "new_id",
    "open_store",
    "utc_now",
]
