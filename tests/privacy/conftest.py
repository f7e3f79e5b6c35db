"""The account on both databases, for promises that both have to keep."""

from support.account_fixtures import *  # noqa: F403
