"""The account on both databases, for every test here."""

from support.account_fixtures import *  # noqa: F403
