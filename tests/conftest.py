"""What holds for every property test: laws do not depend on a clock, and a slow machine refutes none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laws")


@pytest.fixture
def tests_found_by_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that a test starts finds our modules, which are installed, and what lies among the tests as well."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
