"""The stand-in for REAPER: what it must refuse, so that a passing script says something."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from support.fake_reaper import API, SWS, FakeReaper

SCRIPTS = Path(__file__).parents[2] / "reaper_scripts"


@pytest.fixture(params=["lupa.lua53", "lupa.lua54"])
def lua(request: pytest.FixtureRequest) -> Any:
    return import_module(request.param).LuaRuntime(unpack_returned_tuples=True, register_eval=False)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ("reaper.AddProjectMarker2(0, false, 1.0, 1.0, 'x', -1)", "takes 7 arguments, got 6"),
        ("reaper.AddProjectMarker2(0, 'no', 1.0, 1.0, 'x', -1, 0)", "isrgn must be a boolean"),
        ("reaper.AddProjectMarker2(0, false, '1', 1.0, 'x', -1, 0)", "pos must be a number"),
        ("reaper.ColorToNative(1.5, 0, 0)", "r must be a integer"),
        ("reaper.GetProjectName('x')", "proj must be a ReaProject"),
        ("reaper.defer('look()')", "must be a function"),
        ("reaper.UpdateTimeline(1)", "takes 0 arguments, got 1"),
        ("reaper.BR_GetMediaItemByGUID(0, 'x')", "has no function reaper.BR_GetMediaItemByGUID"),
    ],
)
def test_a_call_that_is_not_as_published_is_refused(lua: Any, tmp_path: Path, call: str, complaint: str) -> None:
    script = tmp_path / "script.lua"
    script.write_text(call)
    with pytest.raises(Exception, match=re.escape(complaint)):
        FakeReaper(lua, chosen_file=None).run(script)


def test_every_function_our_scripts_call_is_in_reapers_table_or_asked_for_first() -> None:
    called = {
        name
        for script in SCRIPTS.rglob("*.lua")
        for name in re.findall(r"\breaper\.([A-Za-z_]\w*)", script.read_text(encoding="utf-8"))
    }
    assert called - set(API["functions"]) == set(SWS), "of an extension, and only behind APIExists"
    assert (API["reaper"], len(API["functions"])) == ("7.60", 722)


def test_no_script_runs_text_it_received() -> None:
    for script in SCRIPTS.rglob("*.lua"):
        code = re.sub(r"--.*", "", script.read_text(encoding="utf-8"))
        assert not re.search(r"\b(load|loadstring|loadfile|dofile|os\.execute|io\.popen)\s*\(", code), script
        # Two may start a program: the command `uptrack install reaper` noted, and the browser with an address of ours.
        assert "ExecProcess" not in code or script.name in ("daemon.lua", "browser.lua")
