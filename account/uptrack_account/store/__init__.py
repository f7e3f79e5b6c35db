"""Everything the account keeps in a database, SQLite's or PostgreSQL's."""

from uptrack_account.store.database import Clock, Database, open_database
from uptrack_account.store.line import in_line
from uptrack_account.store.models import ACCOUNT_TABLES, Base, utc_now

__all__ = ["ACCOUNT_TABLES", "Base", "Clock", "Database", "in_line", "open_database", "utc_now"]
