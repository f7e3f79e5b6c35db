"""Whether a passage by itself can say that a fix has worked: what it says where nothing was fixed.

Around a fix only the place of the finding is rendered and measured, before and after. Here nothing is changed between
the two: each finding's place, with the margin a DAW script takes, is cut out of the very file it was found in. A check
that calls such a finding closed is wrong; "unknown" costs the user an analysis of the whole mix, no more. Beside it:
what would be called closed if the passage after were held against the whole mix, without one before. Songs: the demo's
with its planted faults, and LMMS's own demo projects.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import soundfile

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.lmms import render
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.compare.alignment import placed
from uptrack_analysis.compare.fixes import Fix, check_in_passage
from uptrack_analysis.compare.matching import match
from uptrack_analysis.report import Finding, Report
from uptrack_analysis.settings import Settings
from uptrack_daemon.demo.arrangement import arrange
from uptrack_daemon.demo.song import render as render_demo

MOST_OF_THE_RUN = 0.6
"""A finding about more than that is measured by a whole new version (reaper_scripts/UpTrack/lib/ranges.lua)."""
MARGIN_S, SHORTEST_S = 2.0, 12.0
SONGS = (
    "demos/Alf42red-Mauiwowi.mmpz", "demos/EsoXLB-CPU.mmpz", "demos/Impulslogik-Zen.mmpz",
    "demos/Jousboxx-BuzzerBeater.mmpz", "demos/Momo64-esp.mmpz", "demos/Oglsdl-Dr8v2.mmpz",
    "demos/Saber-FinalStep.mmpz", "demos/Settel-InnerRecreation.mmpz",
    "demos/CapDan/CapDan-TwilightArea-OriginalByAlf42red.mmpz",
    "demos/CapDan/CapDan-ZeroSumGame-OriginalByZakarra.mmpz", "shorties/DirtyLove.mmpz", "shorties/Skiessi-222.mmpz",
    "shorties/Surrender-Main.mmpz",
)  # fmt: skip


def main() -> None:
    count: Counter[str] = Counter()
    without: Counter[str] = Counter()
    by_rule: dict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory(prefix="uptrack-bench-") as folder:
        songs = [render_demo(Path(folder), arrange(1)).mix, *(render(name)[0] for name in SONGS)]
        for song in songs:
            report = analyze_file(song).report
            for finding in report.findings:
                if finding.end_s - finding.start_s <= MOST_OF_THE_RUN * report.source.duration_s:
                    status, alone = _checked(finding, report, song, Path(folder))
                    count[status] += 1
                    without[alone] += 1
                    by_rule[finding.rule][status] += 1
    print(f"  {len(songs)} songs, {count.total()} findings that lie in a passage, nothing fixed:")
    for status in ("remaining", "unknown", "closed"):
        print(f"  {status:9} {count[status]:3}" + ("  (wrong)" if status == "closed" else ""))
    print(f"  without a passage before, {without['closed']} would be called closed")
    for rule, found in sorted(by_rule.items()):
        print(f"    {rule:22} {dict(found)}")


def _checked(finding: Finding, report: Report, song: Path, folder: Path) -> tuple[str, str]:
    more_s = max(MARGIN_S, (SHORTEST_S - (finding.end_s - finding.start_s)) / 2)
    rate_hz = report.source.sample_rate_hz
    first = round(max(finding.start_s - more_s, 0.0) * rate_hz)
    last = round(min(finding.end_s + more_s, report.source.duration_s) * rate_hz)
    frames, _ = soundfile.read(song, start=first, stop=last, always_2d=True, dtype="float32")
    passage = folder / "passage.wav"
    soundfile.write(passage, frames, rate_hz, subtype="FLOAT")
    # As the daemon does: judged as the run was.
    new = analyze_file(passage, Settings(genre=report.context.genre.family)).report
    step = next((action for action in finding.actions if action.kind != "MK"), None)
    fix = Fix(finding.id) if step is None else Fix(finding.id, step.kind, step.gain_db, step.frequency_hz)
    alone = match([finding], new.findings, placed(report, new, first / rate_hz)).pairs
    return check_in_passage(fix, report, new, new, first / rate_hz).status, "remaining" if alone else "closed"


if __name__ == "__main__":
    main()
