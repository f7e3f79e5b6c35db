"""One analysis of one mix, clean or with a fault, kept under ``.cache/faults`` so that a rerun costs what has changed.

Three layers, each keyed by everything it depends on:

* **mixes**: samples and stems, by name (delete the folder when a source changes);
* **measured**: what the meters found and the truth of the fault, by the mix's samples, the fault's own code, and the
  code that decodes and measures; spectra are kept in single precision, and judged in it, cached or not;
* **judged**: findings, by all of that and the code and data of the rules. A changed rule judges a thousand files anew
  in a minute, because nothing is measured again.

A megabyte and a half a file: a whole run takes about five gigabytes. Faults of stems go through ``analyze_file`` and
are kept as judged only.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import pickle
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import fault_mixes
import numpy as np
import packaged_music
import soundfile
from fault_kinds import KINDS, Kind, Planted
from fault_mixes import RATE_HZ, ROOT, Mix, Plan, Sound

import uptrack_analysis
from uptrack_analysis.analyze import analyze_file
from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.findings.case import Case, Unmeasured
from uptrack_analysis.findings.genre import choose_family
from uptrack_analysis.findings.judge import finding_of, judge
from uptrack_analysis.findings.rule import all_rules
from uptrack_analysis.findings.targets import load_deliveries
from uptrack_analysis.findings.threshold import INFORMING, WARN_EXCESS
from uptrack_analysis.measure.one_pass import measure
from uptrack_analysis.measure.results import Measured
from uptrack_analysis.report import Finding, ProjectFacts, Severity, Target
from uptrack_analysis.settings import Settings, StemFile

CACHE = ROOT / ".cache" / "faults"
PACKAGE = Path(uptrack_analysis.__file__).parent
MEASURING = ("audio", "measure")
OF_A_LOSSY_SOURCE = ("int.format",)
"""Rules that are right about a song that came lossy, fault or no fault: of such a song they are counted neither way."""


@dataclass(frozen=True, slots=True)
class Job:
    """A mix, and the fault to plant in it: ``kind`` is ``None`` for the clean copy."""

    mix: str
    kind: str | None = None
    index: int = 0
    target: Target | None = None
    """Of a clean copy beside a kind that is judged for a delivery of its own."""
    stems: bool = False
    """A clean copy that comes with its stems, beside the faults that do."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What was planted, as it came out."""

    start_s: float
    end_s: float
    amount: float
    low_hz: float | None
    high_hz: float | None
    stem: str | None
    masked: bool = False
    """By the music: nobody hears it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding, as far as it is scored."""

    rule: str
    title: str
    severity: Severity
    capped: bool
    """The rule, or so little belief, allows *info* or *minor* at most, so that any severity counts as seen."""
    excess: float
    value: float | None
    unit: str
    confidence: float
    spans: tuple[tuple[float, float], ...]
    low_hz: float | None
    high_hz: float | None
    points_at_hz: float | None
    """Where its EQ move is."""
    stem: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the file itself measures: several clean mixes are clipped already."""

    lufs: float | None
    dbtp: float
    clipped_runs: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    job: Job
    target: Target
    genre: str
    truth: Truth | None
    figures: Figures
    findings: tuple[Seen, ...]
    within: tuple[Seen, ...] = ()
    """Of a clean copy without stems: what its rules found beyond what is fine, and too little to be told."""


def run(job: Job) -> Outcome | None:
    """Analyse one mix; ``None`` if it cannot carry the fault."""
    outcome = _run(job)
    return but_of_the_source(outcome) if outcome is not None and mix_named(job.mix).lossy else outcome


def but_of_the_source(outcome: Outcome) -> Outcome:
    """Without what is said of a lossy song because it is one."""
    return replace(outcome, findings=tuple(seen for seen in outcome.findings if seen.rule not in OF_A_LOSSY_SOURCE))


def _run(job: Job) -> Outcome | None:
    kind = next((kind for kind in KINDS if kind.name == job.kind), None)
    mix = mix_named(job.mix)
    target = (kind.target if kind else job.target) or mix.target
    planted_key = _digest(mix.digest, *_code_of(kind), job.kind, _wanted(kind, job.index))
    if job.stems:
        planted_key = _digest(planted_key, "with stems")
    judged = CACHE / "judged" / f"{_digest(planted_key, _rules_code(), _own_code(), target)}.json"
    if judged.exists():
        return _read_outcome(job, judged)
    if job.stems or (kind is not None and kind.stem):
        outcome = _run_with_stems(job, kind, mix, target)
    else:
        outcome = _run_mix(
            job, kind, mix, target, CACHE / "measured" / f"{_digest(planted_key, _meters_code())}.pickle"
        )
    _write(judged, json.dumps(None if outcome is None else asdict(outcome)).encode())
    return outcome


# -- a mix alone -------------------------------------------------------------------------------------------------------


def _run_mix(job: Job, kind: Kind | None, mix: Mix, target: Target, kept: Path) -> Outcome | None:
    if kept.exists():
        pair = pickle.loads(kept.read_bytes())  # noqa: S301 written by this module
    else:
        pair = _measured(job, kind, mix)
        _write(kept, pickle.dumps(pair, protocol=5))
    if pair is None:
        return None
    truth, measured = pair
    project = ProjectFacts(bpm=mix.bpm)
    verdict = judge(measured, mix.genre, target, project)
    outcome = _outcome(job, target, verdict.genre.family, truth, measured, verdict.findings)
    return outcome if truth else replace(outcome, within=_within(measured, mix.genre, target, project))


def _within(measured: Measured, genre: str | None, target: Target, project: ProjectFacts) -> tuple[Seen, ...]:
    choice, family = choose_family(genre, measured, project)
    case = Case(measured, family, load_deliveries()[target], choice, project)
    checked = [(rule, case.verdict_of(rule.check)) for rule in all_rules()]
    return tuple(
        _seen(finding_of(rule, draft, case))
        for rule, found in checked
        if not isinstance(found, Unmeasured)
        for draft in found
        if not draft.informs and draft.excess < WARN_EXCESS
    )


def _measured(job: Job, kind: Kind | None, mix: Mix) -> tuple[Truth | None, Measured] | None:
    if kind is None:
        planted = Planted(mix.sound, 0.0, 0.0, 0.0)
    else:
        found = kind.plant(mix, kind.amounts[job.index][0], _random(job))
        if found is None:
            return None
        planted = found
    with tempfile.TemporaryDirectory(prefix="uptrack-faults-") as folder:
        path = Path(folder) / "mix.wav"
        write_audio(path, planted.sound, planted.rate_hz, planted.subtype)
        with open_audio(path) as source:
            measured = measure(source, lambda _fraction, _stage: None)
    return (None if kind is None else _truth(planted)), measured


def _random(job: Job) -> np.random.Generator:
    """The place depends on mix, kind and amount, and on nothing else."""
    seed = hashlib.sha256(f"{job.mix} {job.kind} {job.index}".encode()).digest()[:8]
    return np.random.default_rng(int.from_bytes(seed, "big"))


# -- with stems --------------------------------------------------------------------------------------------------------


def _run_with_stems(job: Job, kind: Kind | None, mix: Mix, target: Target) -> Outcome | None:
    if len(mix.stems) < 2:
        return None
    planted: Planted | None = Planted(mix.sound, 0.0, 0.0, 0.0, stems=mix.stems)
    if kind is not None:
        planted = kind.plant(mix, kind.amounts[job.index][0], _random(job))
    if planted is None:
        return None
    with tempfile.TemporaryDirectory(prefix="uptrack-faults-") as folder:
        path = Path(folder) / "mix.wav"
        write_audio(path, planted.sound, planted.rate_hz, planted.subtype)
        files = tuple(StemFile(name, str(Path(folder) / f"{name}.wav")) for name in planted.stems)
        for stem, sound in zip(files, planted.stems.values(), strict=True):
            write_audio(Path(stem.path), sound, RATE_HZ, "PCM_24")
        report = analyze_file(path, Settings(mix.genre, target, ProjectFacts(bpm=mix.bpm), stems=files)).report
    measurements = report.measurements
    figures = Figures(
        measurements.loudness.integrated_lufs,
        measurements.loudness.true_peak_dbtp or -np.inf,
        measurements.defects.clipped_runs,
        report.source.duration_s,
    )
    seen = tuple(_seen(finding) for finding in report.findings)
    return Outcome(job, target, report.context.genre.family, _truth(planted) if kind else None, figures, seen)


# -- mixes -------------------------------------------------------------------------------------------------------------


@cache
def _plans() -> dict[str, Plan]:
    return {plan.name: plan for plan in (*fault_mixes.plans(), *packaged_music.plans())}


@lru_cache(maxsize=2)
def mix_named(name: str) -> Mix:
    """The mix, rendered at most once."""
    plan = _plans()[name]
    kept = CACHE / "mixes" / f"{_digest(name)}.npz"
    facts_file = kept.with_suffix(".json")
    if not facts_file.exists():
        mix = plan.make()
        kept.parent.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {"mix": mix.sound, **{f"stem {key}": sound for key, sound in mix.stems.items()}}
        np.savez(kept, **arrays)
        facts = {"bpm": mix.bpm, "beat_s": mix.beat_s, "genre": mix.genre, "only_stems": mix.only_stems}
        _write(facts_file, json.dumps(facts).encode())
    facts = json.loads(facts_file.read_text())
    with np.load(kept) as loaded:
        sounds = {key: loaded[key] for key in loaded.files}
    stems = {key.removeprefix("stem "): sound for key, sound in sounds.items() if key != "mix"}
    return Mix(name, plan.song, sounds["mix"], stems=stems, master=plan.master, lossy=plan.lossy, **facts)


# -- records -----------------------------------------------------------------------------------------------------------


def _truth(planted: Planted) -> Truth:
    return Truth(
        planted.start_s,
        planted.end_s,
        planted.amount,
        planted.low_hz,
        planted.high_hz,
        planted.stem,
        planted.masked,
    )


def _outcome(
    job: Job, target: Target, genre: str, truth: Truth | None, measured: Measured, findings: tuple[Finding, ...]
) -> Outcome:
    figures = Figures(
        measured.loudness.integrated_lufs,
        float(np.max(measured.peaks.true_dbtp)),
        measured.defects.clipped_runs,
        measured.duration_s,
    )
    return Outcome(job, target, genre, truth, figures, tuple(_seen(finding) for finding in findings))


@cache
def _capped_rules() -> frozenset[str]:
    return frozenset(rule.id for rule in all_rules() if rule.at_most in ("info", "minor"))


def _seen(finding: Finding) -> Seen:
    return Seen(
        rule=finding.rule,
        title=finding.title,
        severity=finding.severity,
        capped=finding.rule in _capped_rules() or finding.confidence < INFORMING,
        excess=finding.excess,
        value=finding.value,
        unit=finding.unit,
        confidence=finding.confidence,
        spans=tuple((span.start_s, span.end_s) for span in finding.spans),
        low_hz=finding.low_hz,
        high_hz=finding.high_hz,
        points_at_hz=next(
            (action.frequency_hz for action in finding.actions if action.kind in ("EQ", "DQ") and action.frequency_hz),
            None,
        ),
        stem=finding.stem,
    )


def _read_outcome(job: Job, path: Path) -> Outcome | None:
    kept = json.loads(path.read_text())
    if kept is None:
        return None
    truth = None if kept["truth"] is None else Truth(**kept["truth"])
    findings, within = _read_seen(kept["findings"]), _read_seen(kept["within"])
    return Outcome(job, kept["target"], kept["genre"], truth, Figures(**kept["figures"]), findings, within)


def _read_seen(kept: list[dict[str, Any]]) -> tuple[Seen, ...]:
    return tuple(Seen(**{**seen, "spans": tuple((start, end) for start, end in seen["spans"])}) for seen in kept)


# -- keys and files ----------------------------------------------------------------------------------------------------


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:24]


def _wanted(kind: Kind | None, index: int) -> float | None:
    return None if kind is None else kind.amounts[index][0]


def _code_of(kind: Kind | None) -> tuple[str, ...]:
    return () if kind is None else tuple(sorted(_sources(kind.plant, {})))


def _sources(function: Callable[..., object], known: dict[str, str]) -> list[str]:
    """The source of a planter and of all that it uses: what it encloses, constants, our own functions, the demo's."""
    name = f"{function.__module__}.{function.__qualname__}"
    if name in known:
        return list(known.values())
    used = inspect.getclosurevars(function)
    known[name] = inspect.getsource(function) + repr(sorted(used.nonlocals.items()))
    for key, value in used.globals.items():
        if inspect.ismodule(value):
            known[key] = inspect.getsource(value) if value.__name__.startswith("uptrack_daemon.demo") else ""
        elif inspect.isfunction(value) and value.__module__.startswith("fault_"):
            _sources(value, known)
        elif not callable(value):
            known[key] = repr(value)
    return list(known.values())


@cache
def _meters_code() -> str:
    return _digest(*(_code(PACKAGE / room) for room in MEASURING), (PACKAGE / "signal.py").read_text())


@cache
def _rules_code() -> str:
    return _code(PACKAGE)


@cache
def _own_code() -> str:
    return Path(__file__).read_text()


def _code(folder: Path) -> str:
    files = sorted(path for pattern in ("*.py", "*.toml") for path in folder.rglob(pattern))
    return _digest(*(f"{path.relative_to(folder)}\0{path.read_text()}" for path in files))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as partial:
        partial.write(content)
    Path(partial.name).replace(path)


def write_audio(path: Path, sound: Sound, rate_hz: int = RATE_HZ, subtype: str = "PCM_24") -> None:
    soundfile.write(path, np.ascontiguousarray(sound.T), rate_hz, subtype=subtype)
