"""Draw the page of the demo's report for the README: the demo's own mix and stems, as Chromium shows the page.

Run it with ``make report-picture``; it takes ``chromium`` on the path.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.present.html import report_page
from uptrack_analysis.report import ProjectFacts
from uptrack_analysis.settings import Settings, StemFile
from uptrack_daemon.demo import arrangement, song
from uptrack_daemon.demo.play import SEED

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "report.png"
SIZE = (900, 1100)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Synthesise, analyse, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=PICTURE, help="file to draw into")
    target = parser.parse_args().to
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"Expected one of {', '.join(BROWSERS)} on the path, found none: install one.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        page, shot = folder / "report.html", folder / "shot.png"
        page.write_text(demo_page(folder / "demo"), encoding="utf-8")
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",  # which a container refuses, and the page is ours
                "--hide-scrollbars",
                "--disable-gpu",
                f"--user-data-dir={folder / 'profile'}",
                f"--window-size={SIZE[0]},{SIZE[1]}",
                f"--screenshot={shot}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
        with Image.open(shot) as picture:
            # Few colours: a palette holds them all but for some shades at the edges of letters.
            picture.convert("RGB").crop((0, 0, *SIZE)).quantize(128).save(target, optimize=True)


def demo_page(folder: Path) -> str:
    """The page of what ``uptrack demo`` analyses."""
    played = song.render(folder, arrangement.arrange(SEED))
    settings = Settings(
        genre="techno",
        project=ProjectFacts(bpm=played.bpm, beats_per_bar=played.beats_per_bar, key=played.key),
        stems=tuple(StemFile(stem.name, str(stem.path)) for stem in played.stems),
    )
    return report_page(analyze_file(played.mix, settings).report)


if __name__ == "__main__":
    main()
