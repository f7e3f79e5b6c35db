"""Draw REAPER's results window as pictures for the documentation: the real scripts, on a stand-in for REAPER's canvas.

Run it with ``make pictures``. Letters differ from REAPER's, places and colours do not.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.results_window import ResultsWindow
from support.window_states import ANALYSING, CLICKS, DONE, LIVE, NO_DAEMON

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SECOND: dict[str, Any] = {"selected": 2, "selected_id": "finding-2"}


@dataclass(frozen=True)
class Picture:
    state: Mapping[str, Any]
    size: tuple[int, int] = (900, 600)
    retina: float = 1.0
    view: Mapping[str, Any] = field(default_factory=dict[str, Any])


PICTURES = {
    "window": Picture(DONE, retina=2.0, view=SECOND),
    "window-large": Picture(DONE, (1600, 1000), view=SECOND),
    "window-docked": Picture(DONE, (420, 300), view=SECOND),
    "window-docked-detail": Picture(DONE, (420, 300), view=SECOND | {"detail": True}),
    "window-smallest": Picture(DONE, (320, 200)),
    "window-stems": Picture(DONE, view={"tab": "stems"}),
    "window-versions": Picture(DONE, view={"tab": "versions"}),
    "window-live": Picture(LIVE, view={"tab": "live"}),
    "window-live-setup": Picture(CLICKS, (620, 400), view={"tab": "live"}),
    "window-keys": Picture(DONE, (620, 600), view={"help": True}),
    "window-analyzing": Picture(ANALYSING, (620, 400)),
    "window-no-daemon": Picture(NO_DAEMON, (620, 400)),
}


def main() -> None:
    """Draw all pictures, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PICTURES, []], help="pictures to draw; all of them without any")
    parser.add_argument("--to", type=Path, default=IMAGES, help="folder to draw into")
    arguments = parser.parse_args()
    for name in arguments.names or PICTURES:
        picture = PICTURES[name]
        window = ResultsWindow("lua54", picture.state, picture.size, retina=picture.retina, view=picture.view)
        window.tick()
        # A window has few colours: a palette holds them all but for some shades at the edges of letters.
        window.gfx.image().quantize(256).save(arguments.to / f"reaper-{name}.png", optimize=True)


if __name__ == "__main__":
    main()
