"""Who may talk to a server on 127.0.0.1."""

from __future__ import annotations

import pytest

from uptrack_bridges.loopback import fetch_site_allowed, host_allowed, origin_allowed


@pytest.mark.parametrize("host", ["127.0.0.1:49721", "localhost:49721", "LocalHost:49721", "[::1]:49721"])
def test_a_loopback_name_with_our_port_is_our_host(host: str) -> None:
    assert host_allowed(host, 49721)


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example:49721",
        "127.0.0.1",
        "127.0.0.1:80",
        "localhost:49722",
        "localhost.:49721",
        "127.0.0.1:49721@evil.example",
        "127.0.0.1.evil.example:49721",
        "0.0.0.0:49721",
        "localhost:49721, evil.example",
    ],
)
def test_any_other_host_is_refused(host: str | None) -> None:
    assert not host_allowed(host, 49721)


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:49721", "http://localhost:49721", "http://[::1]:49721"])
def test_no_origin_and_our_own_are_allowed(origin: str | None) -> None:
    assert origin_allowed(origin, 49721)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "https://127.0.0.1:49721",
        "http://127.0.0.1:3000",
        "http://127.0.0.1",
        "http://127.0.0.1:49721.evil.example",
        "file://",
    ],
)
def test_a_foreign_origin_and_null_are_refused(origin: str) -> None:
    assert not origin_allowed(origin, 49721)


@pytest.mark.parametrize(
    ("site", "allowed"),
    [(None, True), ("same-origin", True), ("none", True), ("cross-site", False), ("same-site", False), ("", False)],
)
def test_requests_from_other_sites_and_other_ports_are_refused(site: str | None, allowed: bool) -> None:
    assert fetch_site_allowed(site) is allowed
