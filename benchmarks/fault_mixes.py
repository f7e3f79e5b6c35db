"""The clean mixes that ``faults.py`` plants faults in: whose they are, how they are cut, what is known of them.

Five sources, taken in turn, so that the first few mixes already come from all of them: the synthesised songs that
structure is judged on and the demo's own song (both with stems), LMMS's demo projects rendered on the spot, the shared
material's tracks and its stem sets where ``UPTRACK_MATERIAL`` names them.

A mix is at most 60 s, the loudest of its song, at 44.1 kHz. A cut song gets 5 ms of fade at its head and a second and a
half at its tail with a moment of silence behind it, so that its own ends are no fault. "Clean" means that nobody
planted anything: several of them are clipped, lean or carry an offset already. That is what the pair is for.

**Halves.** A mix is for tuning if the first byte of the SHA-256 of its song's name is even, else for testing; all
variants of a song share its name.

**Target.** A mix at -13 LUFS or louder is judged as a club master, a quieter one as a premaster: it is one.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import corpus  # noqa: E402
import corpus_lmms  # noqa: E402

import structure_songs  # noqa: E402
from support.arrangements import Arrangement, play  # noqa: E402
from support.lmms import PROJECTS  # noqa: E402
from uptrack_analysis.findings.tonal_average import load_tonal_average  # noqa: E402
from uptrack_analysis.measure.loudness import LoudnessMeter  # noqa: E402
from uptrack_analysis.report import Target  # noqa: E402

RATE_HZ = 44_100
LONGEST_S = 60.0
SHORTEST_S = 20.0
SHORTEST_WITH_STEMS_S = 8.0
"""The shared material's stem sets are that short; only faults of stems are planted in them."""
HEAD_S, TAIL_S, SILENCE_S = 0.005, 1.5, 0.05
CLUB_FROM_LUFS = -13.0

Sound = NDArray[np.float32]
"""Samples at ``RATE_HZ``, shape (channels, frames), full scale 1.0."""
Half = Literal["tune", "test"]


@dataclass(frozen=True)
class Mix:
    """One clean mix; ``stems`` pass through ``master`` and sum to it, where there are any."""

    name: str
    song: str
    sound: Sound
    bpm: float | None = None
    beat_s: float | None = None
    """A moment of the excerpt, near its start, at which a beat falls; ``None`` where nobody knows."""
    genre: str | None = None
    """``None``: the analysis has to guess."""
    stems: dict[str, Sound] = field(default_factory=dict)
    master: Callable[[Sound], Sound] | None = None
    only_stems: bool = False
    lossy: bool = False
    """It came through a codec: one more is not to be found, and a rule that hears the first is right."""

    @property
    def half(self) -> Half:
        return half_of(self.song)

    @cached_property
    def target(self) -> Target:
        level = integrated_lufs(self.sound)
        return "club" if level is not None and level >= CLUB_FROM_LUFS else "premaster"

    @cached_property
    def digest(self) -> str:
        """Of the samples, and of whatever else changes a verdict about them."""
        facts = f"{self.name} {self.bpm} {self.beat_s} {self.genre} {self.target}{' lossy' if self.lossy else ''}"
        whole = hashlib.sha256(facts.encode())
        for sound in (self.sound, *self.stems.values()):
            whole.update(np.ascontiguousarray(sound).tobytes())
        return whole.hexdigest()[:16]


@dataclass(frozen=True)
class Plan:
    """A mix to be: everything known before a sample is made, so that nobody renders what is not asked for."""

    name: str
    song: str
    make: Callable[[], Mix]
    master: Callable[[Sound], Sound] | None = None
    """What turns the sum of its stems into the mix, for a mix that has stems."""
    lossy: bool = False

    @property
    def half(self) -> Half:
        return half_of(self.song)


def half_of(song: str) -> Half:
    return "test" if hashlib.sha256(song.casefold().encode()).digest()[0] % 2 else "tune"


def plans(half: Half | None = None) -> list[Plan]:
    """Every mix there is on this machine, the sources in turn."""
    sources = (_arranged(), _lmms(), _demo(), _material(), _stem_sets())
    in_turn = [plan for row in zip_longest(*sources) for plan in row if plan is not None]
    return [plan for plan in in_turn if half in (None, plan.half)]


def integrated_lufs(sound: Sound) -> float | None:
    meter = LoudnessMeter(RATE_HZ, ("L", "R") if sound.shape[0] == 2 else ("C",))
    meter.push(np.ascontiguousarray(sound))
    return meter.finish().integrated_lufs


# -- cutting -----------------------------------------------------------------------------------------------------------


def loudest(sound: Sound, seconds: float = LONGEST_S) -> slice:
    """The frames of the loudest stretch of at most ``seconds``, found in steps of a quarter of a second."""
    step, length = RATE_HZ // 4, round(seconds * RATE_HZ)
    if sound.shape[1] <= length:
        return slice(0, sound.shape[1])
    power = np.square(sound, dtype=np.float64).sum(axis=0)
    sums = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(0, sound.shape[1] - length + 1, step)
    start = int(starts[np.argmax(sums[starts + length] - sums[starts])])
    return slice(start, start + length)


def faded(sound: Sound) -> Sound:
    """With an end that is none: faded in and out, and a moment of silence."""
    ended = np.pad(sound, ((0, 0), (0, round(SILENCE_S * RATE_HZ))))
    for fade_s, start, order in ((HEAD_S, 0, 1), (TAIL_S, sound.shape[1] - round(TAIL_S * RATE_HZ), -1)):
        count = round(fade_s * RATE_HZ)
        ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / count)).astype(np.float32)
        ended[:, start : start + count] *= ramp[::order]
    return ended


def _first_beat_s(start: int, bpm: float, beat_s: float = 0.0) -> float:
    """The first beat of a cut that begins at frame ``start``, if the whole has one at ``beat_s``."""
    beat = 60.0 / bpm
    return (beat_s - start / RATE_HZ) % beat


# -- sources -----------------------------------------------------------------------------------------------------------


GENRES = {
    "dnb": ("dnb", "drum and bass"),
    "dubstep": ("dubstep", "riddim"),
    "house": ("house", "garage"),
    "trance": ("trance",),
    "techno": ("techno",),
}
"""What a synthesised song calls itself; an electro keeps its genre to itself, and the analysis has to guess."""


def _arranged() -> Iterator[Plan]:
    songs = (
        *structure_songs.TUNE,
        *structure_songs.TEST,
        *structure_songs.RESTLESS,
        *structure_songs.RESTLESS_TEST,
    )
    for song in songs:
        yield Plan(song.name, song.name, partial(_arrangement, song), _shoulder)


def _shoulder(summed: Sound) -> Sound:
    """The limiter's shoulder that ``support.arrangements.play`` ends with; what offset it makes is taken off."""
    bent = 0.95 * np.tanh(1.3 * summed.astype(np.float64))
    return np.asarray(bent - bent.mean(axis=1, keepdims=True), dtype=np.float32)


TONE_SPREAD_DB = 2.0
SUB_OVER_AVERAGE_DB = ((30.0, 8.0), (60.0, 6.0), (120.0, 3.0), (250.0, 0.0))
"""Club music's low end over the pop average's; (frequency, dB)."""


def _with_a_tone(stems: dict[str, Sound], rng: np.random.Generator) -> dict[str, Sound]:
    """One EQ for all stems, as on a master bus, that brings the sum's octaves near the average tone.

    The songs were written to be segmented, and stray from any released music by 15 dB. What a mastering engineer with a
    reference would leave is put in their place: each octave within 2 dB of the average, by the song's own dice.
    """
    total = np.sum(list(stems.values()), axis=0)
    average = load_tonal_average()
    centres = 31.25 * 2.0 ** np.arange(10)
    power = np.square(np.abs(np.fft.rfft(total, axis=1))).sum(axis=0)
    frequencies = np.fft.rfftfreq(total.shape[1], 1 / RATE_HZ)
    edges = np.concatenate([centres / 2**0.5, [frequencies[-1]]])
    own = np.array([power[(frequencies >= low) & (frequencies < high)].sum() for low, high in pairwise(edges)])
    wanted = average.band_power(edges[:-1], edges[1:])
    over, at = zip(*((db, hz) for hz, db in SUB_OVER_AVERAGE_DB), strict=True)
    wanted_db = 10 * np.log10(wanted) + np.interp(np.log(centres), np.log(at), over)
    own_db = 10 * np.log10(np.maximum(own, own.max() * 1e-7))
    move_db = wanted_db - own_db + rng.uniform(-TONE_SPREAD_DB, TONE_SPREAD_DB, centres.size)
    move_db = np.clip(move_db - move_db[4:6].mean(), -24.0, 12.0)
    gain = 10 ** (np.interp(np.log(np.maximum(frequencies, 1.0)), np.log(centres), move_db) / 20)
    loudness_kept = (own.sum() / np.square(np.abs(np.fft.rfft(total, axis=1)) * gain).sum()) ** 0.5
    return {
        name: np.fft.irfft(np.fft.rfft(sound, axis=1) * gain * loudness_kept, total.shape[1]).astype(np.float32)
        for name, sound in stems.items()
    }


CLUB_LUFS = -8.8
"""Inside every family's club window."""


def _at_club_level(stems: dict[str, Sound]) -> dict[str, Sound]:
    """All driven into the shoulder alike, until the mix is as loud as club masters are."""
    total = np.sum(list(stems.values()), axis=0)
    drive_db = 0.0
    for _ in range(4):
        level = integrated_lufs(_shoulder(total * np.float32(10 ** (drive_db / 20))))
        drive_db += CLUB_LUFS - level if level is not None else 0.0
    return {name: sound * np.float32(10 ** (drive_db / 20)) for name, sound in stems.items()}


def _arrangement(song: Arrangement) -> Mix:
    """Every voice played alone, the shoulder undone, one tone for all: the stems whose sum, with it, is the mix."""
    names = sorted({voice.partition("*")[0].partition("%")[0] for part in song.parts for voice in part.voices})
    voices: dict[str, Sound] = {}
    for name in names:
        lines = [
            f"{part.kind} {part.bars}: "
            + " ".join(voice for voice in part.voices if voice.partition("*")[0].partition("%")[0] == name)
            for part in song.parts
        ]
        alone = play(replace(song, sketch="\n".join(lines)), RATE_HZ).astype(np.float64)
        voices[name] = (np.arctanh(np.clip(alone / 0.95, -0.999999, 0.999999)) / 1.3).astype(np.float32)
    cut = loudest(_shoulder(np.sum(list(voices.values()), axis=0)))
    heard = {name: sound[:, cut] for name, sound in voices.items() if np.abs(sound[:, cut]).max() > 1e-4}
    toned = _with_a_tone(heard, np.random.default_rng(song.seed))
    stems = _at_club_level({name: faded(sound) for name, sound in toned.items()})
    genre = next((genre for genre, words in GENRES.items() if any(word in song.name for word in words)), None)
    return Mix(
        song.name,
        song.name,
        _shoulder(np.sum(list(stems.values()), axis=0)),
        song.bpm,
        _first_beat_s(cut.start, song.bpm, song.lead_s),
        genre,
        stems,
        _shoulder,
    )


DEMO_SEEDS = (1, 2)


def _demo() -> Iterator[Plan]:
    from uptrack_daemon.demo import master

    for seed in DEMO_SEEDS:
        yield Plan(f"demo {seed}", "demo", partial(_demo_mix, seed), master.master)


def _demo_mix(seed: int) -> Mix:
    from uptrack_daemon.demo import arrangement, master, timeline

    stems = arrangement.arrange(seed)
    mix = master.master(master.sum_stems(stems.values()))
    return Mix(f"demo {seed}", "demo", mix, timeline.BPM, 0.0, "house", dict(stems), master.master)


def _lmms() -> Iterator[Plan]:
    if not PROJECTS.exists():
        return
    for project in (*corpus_lmms.TUNE, *corpus_lmms.TEST):
        name = Path(project.name).stem
        yield Plan(name, name, partial(_lmms_mix, name, project.name))


def _lmms_mix(name: str, project: str) -> Mix:
    path, bpm = corpus_lmms.render_at(project)
    sound = read_sound(path)
    cut = loudest(sound)
    return Mix(name, name, faded(sound[:, cut]), bpm, _first_beat_s(cut.start, bpm))


def _manifest() -> list[dict[str, object]]:
    path = corpus.MATERIAL / "manifest.json"
    return json.loads(path.read_text())["items"] if path.exists() else []


def _material() -> Iterator[Plan]:
    for item in _manifest():
        name = str(item["id"])
        long_enough = float(str(item["seconds"])) >= SHORTEST_S
        if name.startswith("lmms") or item["kind"] not in ("mix", "loop") or not long_enough:
            continue  # LMMS's songs are rendered here, and longer
        yield Plan(name, name, partial(_track, item, name))


def _track(item: dict[str, object], name: str) -> Mix:
    sound = read_sound(corpus.MATERIAL / str(item["file"]))
    cut = loudest(sound)
    bpm = None if item.get("true_bpm") is None else float(str(item["true_bpm"]))
    return Mix(name, name, faded(sound[:, cut]), bpm)


def _stem_sets() -> Iterator[Plan]:
    sets = sorted({str(item["file"]).split("/")[1] for item in _manifest() if item["kind"] == "stem"})
    for name in sets:
        song = name.removeprefix("lmms_").replace("_", "-")
        yield Plan(f"{name} stems", song, partial(_stem_set, name, song), _as_it_is)


def _stem_set(name: str, song: str) -> Mix:
    folder = corpus.MATERIAL / "stems" / name
    stems = {path.stem: faded(read_sound(path)) for path in sorted(folder.glob("*.flac")) if path.stem != "00_mix"}
    mix = np.asarray(np.sum(list(stems.values()), axis=0), dtype=np.float32)
    bpm = next(float(str(item["true_bpm"])) for item in _manifest() if str(item["id"]).startswith(f"{name}__"))
    # Eight to twelve seconds: too short for what is judged over a passage.
    return Mix(f"{name} stems", song, mix, bpm, None, None, stems, _as_it_is, only_stems=True)


def _as_it_is(summed: Sound) -> Sound:
    return summed


def read_sound(path: Path) -> Sound:
    """The first two channels of a file, at ``RATE_HZ``."""
    interleaved, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    if rate_hz != RATE_HZ:
        interleaved = soxr.resample(interleaved, rate_hz, RATE_HZ)
    return np.ascontiguousarray(interleaved[:, :2].T)
