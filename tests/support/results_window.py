"""REAPER's results window under a Lua of ours: the real scripts, on the canvas of ``gfx_canvas``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from support.gfx_canvas import GfxCanvas

LIB = Path(__file__).parents[2] / "reaper_scripts" / "UpTrack" / "lib"
LUAS = ("lua53", "lua54")


class ResultsWindow:
    """An open window, somebody in front of it, and the state it shows.

    Parameters
    ----------
    version : str
        "lua53" or "lua54": REAPER 6 and before, and 7.
    state : mapping
        What the window shows, after the contract in ``state.lua``, without ``view``.
    view : mapping, optional
        What of the view is to differ from a new window's.
    """

    def __init__(
        self,
        version: str,
        state: Mapping[str, Any],
        size: tuple[int, int] = (900, 600),
        *,
        retina: float = 1.0,
        stretch: float = 1.0,
        view: Mapping[str, Any] | None = None,
    ) -> None:
        self.lua = import_module(f"lupa.{version}").LuaRuntime(unpack_returned_tuples=True, register_eval=False)
        self.lua.globals().package.path = f"{LIB}/?.lua"
        self.gfx = GfxCanvas(self.lua, *size, retina=retina, stretch=stretch)
        self.window = self.module("window")
        self.state = self.module("state").new()
        self.view = self.state.view
        self.show(**state)
        for field, value in (view or {}).items():
            self.view[field] = value
        self.window.open("UpTrack")

    def module(self, name: str) -> Any:
        loaded = self.lua.globals().require(f"results.{name}")
        return loaded[0] if isinstance(loaded, tuple) else loaded  # Lua 5.4 also says where it was found

    def show(self, **fields: Any) -> None:
        """Change the state, as its builder does."""
        for name, value in fields.items():
            self.state[name] = self.table(value)
        self.state.revision += 1

    def table(self, value: Any) -> Any:
        if isinstance(value, dict | list):
            return self.lua.table_from(value, recursive=True)
        return value

    def tick(self) -> list[dict[str, Any]] | None:
        """One round of the script; the intents, or None once the window is closed."""
        intents = self.window.tick(self.state)
        return None if intents is None else [dict(intent.items()) for intent in intents.values()]

    def press(self, *keys: str | int) -> list[dict[str, Any]]:
        """Type keys and let the script hear them; the last frame is drawn alone into the record."""
        self.gfx.press(*keys)
        self.gfx.forget()
        return self.tick() or []

    def frame(self) -> Any:
        """The frame that is on the screen, drawn anew and alone into the record."""
        self.gfx.forget()
        return self.module("view").draw(self.state)

    def hot(self, name: str) -> Any:
        """A hot area of the present frame, by its id."""
        return next(hot for hot in self.frame().hots.values() if hot.id == name)

    def hots(self) -> set[str]:
        return {hot.id for hot in self.frame().hots.values()}

    def click(self, name: str) -> list[dict[str, Any]]:
        """Move to the middle of a hot area, press and let go."""
        box = self.hot(name).box
        self.gfx.mouse = (box.x + box.w / 2, box.y + box.h / 2)
        self.gfx.mouse_cap = 1
        before = self.tick() or []
        self.gfx.mouse_cap = 0
        return before + (self.tick() or [])

    def said(self) -> str:
        """All strings of the present frame, one a line."""
        self.frame()
        return "\n".join(drawn.text for drawn in self.gfx.texts)
