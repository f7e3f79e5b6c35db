"""The account on both databases, for promises that both have to keep."""

from support.account_fixtures import (
    browser,
    chromium,
    clock,
    database_url,
    furnished,
    migrated_url,
    postgres,
    s3,
    service,
    sqlite,
)

__all__ = [
    "browser",
    "chromium",
    "clock",
    "database_url",
    "furnished",
    "migrated_url",
    "postgres",
    "s3",
    "service",
    "sqlite",
]
