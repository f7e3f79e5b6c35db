"""What the findings are worth, measured against faults we plant ourselves.

    .venv/bin/python benchmarks/faults.py                       both halves, twelve mixes each
    .venv/bin/python benchmarks/faults.py --half tune --mixes 4 --kinds "dropout,click"
    .venv/bin/python benchmarks/faults.py --half test --mixes 32 --markdown     what docs/accuracy.md shows
    .venv/bin/python benchmarks/faults.py --packaged --mixes 32       songs of neither half (``packaged_music.py``)
    .venv/bin/python benchmarks/faults.py --json faults.json          every file, every finding

Clean mixes (``fault_mixes.py``) times kinds of fault in three or four amounts (``fault_kinds/``), each at a seeded
place, each beside its own clean copy (``fault_scoring.py`` says what counts). Limits are set by the tune half; a
song's half is a hash of its name. Results are kept in ``.cache/faults``, so that a run after a rule was changed takes a
minute or two (``fault_runs.py``).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import get_args

# Before numpy is loaded: two processes share two cores, and BLAS must not add threads of its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import fault_tables
from fault_kinds import KINDS, Kind
from fault_mixes import Half, Plan, plans
from fault_runs import Job, Outcome, mix_named, run
from fault_scoring import Judged, judge_outcome
from packaged_music import plans as packaged_plans

PROCESSES = 2
MIXES = 12


def main() -> None:
    asked = _arguments()
    kinds = _kinds(asked.kinds)
    with_stems = {kind.name for kind in kinds if kind.stem}
    everything = []
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn"), initializer=_warm) as pool:
        for title, mixes in _sets(asked.half, packaged=asked.packaged).items():
            names = [plan.name for plan in mixes][asked.after :][: asked.mixes]
            outcomes = _outcomes(pool, names, kinds)
            copies = {(one.job.mix, one.target, one.job.stems): one for one in outcomes if one.job.kind is None}
            faulty = [one for one in outcomes if one.job.kind is not None]
            pairs = [(one, copies[one.job.mix, one.target, one.job.kind in with_stems]) for one in faulty]
            judged = [judge_outcome(*pair) for pair in pairs]
            sternly = [judge_outcome(*pair, least="moderate") for pair in pairs]
            clean = [one for one in outcomes if one.job.kind is None and one.job.target is None and not one.job.stems]
            _show(title, judged, sternly, clean, failures=not asked.markdown)
            everything += [{"mixes": title, **asdict(one)} for one in outcomes]
    if asked.json:
        asked.json.write_text(json.dumps(everything, indent=1) + "\n")


def _sets(half: Half | None, *, packaged: bool) -> dict[str, list[Plan]]:
    if packaged:
        return {"Packaged music": packaged_plans()}
    halves: tuple[Half, ...] = (half,) if half else get_args(Half)
    return {f"{name.capitalize()} half": plans(name) for name in halves}


def _show(
    title: str, judged: Sequence[Judged], sternly: Sequence[Judged], clean: Sequence[Outcome], *, failures: bool
) -> None:
    for line in fault_tables.report(title, judged, sternly, clean):
        print(line)
    if failures:
        print("\nFailures by file:\n")
        for line in fault_tables.failures(judged):
            print(f"  {line}")
    print(flush=True)


def _outcomes(pool: ProcessPoolExecutor, names: Sequence[str], kinds: Sequence[Kind]) -> list[Outcome]:
    """All of them, in order; those of one mix follow each other, so that a process loads it once."""
    targets = sorted({kind.target for kind in kinds if kind.target})
    batches = [
        [
            Job(name),
            *(Job(name, target=target) for target in targets),
            *([Job(name, stems=True)] if any(kind.stem for kind in kinds) else []),
            *(Job(name, kind.name, index) for kind in kinds for index in range(len(kind.amounts))),
        ]
        for name in names
    ]
    begun = time.monotonic()
    waiting = {pool.submit(_batch, batch): number for number, batch in enumerate(batches)}
    done: dict[int, list[Outcome]] = {}
    for future in as_completed(waiting):
        number = waiting[future]
        done[number] = future.result()
        took = time.monotonic() - begun
        print(f"  {len(done)} of {len(batches)} mixes, {took:.0f} s: {names[number]}", file=sys.stderr, flush=True)
    return [outcome for number in sorted(done) for outcome in done[number]]


def _batch(jobs: Sequence[Job]) -> list[Outcome]:
    only_stems = mix_named(jobs[0].mix).only_stems
    stem_kinds = {kind.name for kind in KINDS if kind.stem}
    asked = [job for job in jobs if not only_stems or job.kind is None or job.kind in stem_kinds]
    return [outcome for outcome in map(run, asked) if outcome is not None]


def _warm() -> None:
    """Import what an analysis needs before the first one is timed or waited for."""
    import uptrack_analysis.analyze  # noqa: F401


def _kinds(asked: str | None) -> tuple[Kind, ...]:
    if asked is None:
        return KINDS
    wanted = [name.strip() for name in asked.split(",")]
    chosen = tuple(kind for kind in KINDS if any(name in kind.name for name in wanted))
    strangers = [name for name in wanted if not any(name in kind.name for kind in KINDS)]
    if strangers:
        raise SystemExit(f"expected kinds of fault, got {', '.join(strangers)}: {', '.join(k.name for k in KINDS)}")
    return chosen


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Plant faults in clean mixes and count what the analysis finds.")
    parser.add_argument("--kinds", help="comma-separated; a part of a kind's name is enough")
    parser.add_argument("--mixes", type=int, default=MIXES, help="clean mixes of each half, of all sources in turn")
    parser.add_argument(
        "--after", type=int, default=0, help="leave out so many mixes of each half, to run those after them"
    )
    sets = parser.add_mutually_exclusive_group()
    sets.add_argument("--half", choices=get_args(Half), help="only this half")
    sets.add_argument("--packaged", action="store_true", help="only songs of Debian's packages, all for testing")
    parser.add_argument("--json", type=Path, help="write every outcome there")
    parser.add_argument("--markdown", action="store_true", help="only the tables of docs/accuracy.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
