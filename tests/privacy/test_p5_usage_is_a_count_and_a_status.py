"""P5: of use, how many analyses in which month; of paying, how the subscription stands. Nothing else."""

from __future__ import annotations

from uptrack_account.store.models import SubscriptionRow, UsageRow


def test_usage_is_a_number_by_account_and_month() -> None:
    assert set(UsageRow.__table__.columns.keys()) == {"account_id", "month", "analyses"}


def test_of_a_subscription_its_status_its_dates_and_stripes_numbers_are_kept() -> None:
    begun = {"customer_key", "checkout_attempt", "checkout_id", "checkout_ends_at"}
    said = {"status", "price", "period_start", "period_end", "cancel_at_period_end", "ends_at", "refund"}
    numbers = {"account_id", "customer_id", "subscription_id", "fetched_at", "edition"}
    assert set(SubscriptionRow.__table__.columns.keys()) == begun | said | numbers
