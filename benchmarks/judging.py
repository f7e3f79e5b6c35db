"""What all rules add to a measurement: judging over measuring, one right after the other in one warm process.

``make bench`` prints this for the 4:30 track of ``speed.py``: decoded, measured and fingerprinted as ``uptrack
analyze`` does it, then judged with the project's tempo, and the report put together. Without stems, a crate, encoders
or references, so some rules have nothing to judge. Judging may add 15 % to the measurement.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

# Before numpy is loaded: as in a worker, where BLAS must not add threads of its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from speed import RUNS, share_of_a_core, show

from track import SECONDS, tempo_bpm, track
from uptrack_analysis.assemble import assemble
from uptrack_analysis.audio.described import describe_mix
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.findings.judge import judge
from uptrack_analysis.findings.rule import all_rules
from uptrack_analysis.measure.one_pass import measure
from uptrack_analysis.report import ProjectFacts, Report

MOST_PERCENT = 15.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds on the wall's clock, and of all processors together."""

    wall_s: float
    processor_s: float

    @classmethod
    def now(cls) -> Moment:
        return cls(time.perf_counter(), time.process_time())

    def since(self, before: Moment) -> Moment:
        return Moment(self.wall_s - before.wall_s, self.processor_s - before.processor_s)


@dataclass(frozen=True, slots=True)
class Took:
    """One analysis, stage by stage."""

    measuring: Moment
    judging: Moment
    report: Moment


def analysed(project: ProjectFacts) -> tuple[Took, Report]:
    path = track()
    started = Moment.now()
    with open_audio(path, fingerprint=True) as source:
        measured = measure(source, lambda _fraction, _stage: None)
        file = describe_mix(path.name, source)
    measured_at = Moment.now()
    judgement = judge(measured, None, "club", project)
    judged_at = Moment.now()
    report = assemble(file, measured, judgement, target="club", project=project)
    took = Took(measured_at.since(started), judged_at.since(measured_at), Moment.now().since(judged_at))
    return took, report


def main() -> None:
    project = ProjectFacts(bpm=tempo_bpm())
    before = share_of_a_core()
    analysed(project)  # data files are read and modules imported once in a worker's life
    runs = [analysed(project) for _ in range(RUNS)]
    times, report = [took for took, _ in runs], runs[-1][1]
    judged = len(all_rules()) - len(report.score.unmeasured_rules)
    print(f"judging beside measuring, one file of {SECONDS // 60}:{SECONDS % 60:02d}, {RUNS} pairs: median [min … max]")
    print(f"  {judged} of {len(all_rules())} rules had something to judge, and found {len(report.findings)}")
    show("measuring: decode to figures", [took.measuring.wall_s for took in times])
    show("judging: all rules and the score", [1000 * took.judging.wall_s for took in times], "ms")
    show("the report made of it", [1000 * took.report.wall_s for took in times], "ms")
    show(
        f"judging / measuring (at most {MOST_PERCENT:g})",
        [100 * took.judging.wall_s / took.measuring.wall_s for took in times],
        "%",
    )
    show(
        "the same of processors' time, which neighbours change less",
        [100 * took.judging.processor_s / took.measuring.processor_s for took in times],
        "%",
    )
    print(f"share of a processor this machine gave, before and after: {before:.0%}, {share_of_a_core():.0%}")


if __name__ == "__main__":
    main()
