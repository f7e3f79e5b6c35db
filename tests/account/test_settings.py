"""How a service is configured, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from uptrack_account.settings import AccountSettings
from uptrack_account.tokens import kept_secret


def test_a_service_of_ones_own_needs_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = AccountSettings()
    assert settings.database_url.startswith("sqlite:///")
    assert settings.origin == "http://localhost:8765"


@pytest.mark.parametrize(
    ("site", "origin"),
    [("https://uptrack.pro/", "https://uptrack.pro"), ("https://uptrack.pro:8443", "https://uptrack.pro:8443")],
)
def test_the_origin_is_written_as_browsers_write_it(site: str, origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPTRACK_ACCOUNT_SITE", site)
    assert AccountSettings().origin == origin


def test_the_wide_world_is_served_over_tls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPTRACK_ACCOUNT_SITE", "http://uptrack.pro")
    with pytest.raises(ValidationError, match=r"expected https in front of uptrack\.pro"):
        AccountSettings()


def test_a_password_is_never_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPTRACK_ACCOUNT_SMTP_PASSWORD", "hush")
    assert "hush" not in repr(AccountSettings())


def billing(monkeypatch: pytest.MonkeyPatch, **settings: str) -> AccountSettings:
    for name, value in settings.items():
        monkeypatch.setenv(f"UPTRACK_ACCOUNT_STRIPE_{name}", value)
    return AccountSettings()


@pytest.mark.parametrize("missing", ["WEBHOOK_SECRET", "PRICE"])
def test_billing_needs_all_of_its_settings(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    given = {"KEY": "sk_x", "WEBHOOK_SECRET": "whsec_x", "PRICE": "price_x"} | {missing: ""}
    with pytest.raises(ValidationError, match="expected STRIPE_WEBHOOK_SECRET and STRIPE_PRICE beside STRIPE_KEY"):
        billing(monkeypatch, **given)


def test_the_key_to_stripe_is_sent_over_tls_alone_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"KEY": "sk_hush", "WEBHOOK_SECRET": "whsec_hush", "PRICE": "price_x"}
    settings = billing(monkeypatch, **given)
    assert "hush" not in repr(settings)
    assert settings.payment_origins == ("https://checkout.stripe.com", "https://billing.stripe.com")
    with pytest.raises(ValidationError, match=r"expected https in front of elsewhere\.example as STRIPE_ADDRESS"):
        billing(monkeypatch, ADDRESS="http://elsewhere.example")
    assert billing(monkeypatch, ADDRESS="http://localhost:12111/").payment_origins == ("http://localhost:12111",)


def test_the_secret_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret"
    assert kept_secret(path) == kept_secret(path)
    assert len(kept_secret(path)) == 32
    assert path.stat().st_mode & 0o077 == 0
    assert [file.name for file in path.parent.iterdir()] == ["secret"]
