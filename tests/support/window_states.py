"""States of REAPER's results window to look at and to test with, after the contract in ``state.lua``."""

from __future__ import annotations

from typing import Any

AREAS = [
    {"area": "low end", "score": 58.0, "coverage": 1.0},
    {"area": "tonal balance", "score": 74.0, "coverage": 1.0},
    {"area": "loudness", "score": 91.0, "coverage": 1.0},
    {"area": "dynamics", "score": 83.0, "coverage": 0.8},
    {"area": "stereo", "score": 46.0, "coverage": 1.0},
    {"area": "integrity", "score": 79.0, "coverage": 1.0},
    {"area": "DJ", "coverage": 0.0},
]

SECTIONS = [
    {"kind": "intro", "start_s": 8.0, "end_s": 38.0, "bar": "5.1"},
    {"kind": "build", "start_s": 38.0, "end_s": 68.0, "bar": "21.1"},
    {"kind": "drop", "start_s": 68.0, "end_s": 128.0, "bar": "37.1"},
    {"kind": "break", "start_s": 128.0, "end_s": 158.0, "bar": "69.1"},
    {"kind": "build", "start_s": 158.0, "end_s": 173.0, "bar": "85.1"},
    {"kind": "drop", "start_s": 173.0, "end_s": 233.0, "bar": "93.1"},
    {"kind": "outro", "start_s": 233.0, "end_s": 263.0, "bar": "125.1"},
]


def finding(
    number: int, title: str, severity: str, area: str, start_s: float, end_s: float, **more: Any
) -> dict[str, Any]:
    """A finding with every field that always is there; the rest by name."""
    whole = {
        "id": f"finding-{number}",
        "rule": "low.mono",
        "area": area,
        "severity": severity,
        "title": title,
        "text": title,
        "advice": "",
        "start_s": start_s,
        "end_s": end_s,
        "confidence": 0.8,
        "points": 1.0,
        "shown": number <= 12,
        "dismissed": False,
        "actions": [],
    }
    return whole | more


FINDINGS = [
    finding(
        1, "Gap in the signal", "blocker", "integrity", 93.4, 93.9, rule="int.dropout", bar="50.3", points=9.2,
        value=14.0, unit="ms", confidence=0.98, text="Gap in the signal: render this passage again",
        advice="Nothing at all for 14 ms, in the middle of a sound. Render this passage again and listen to it before "
        "the file goes out; a plug-in that ran out of time is the usual reason.",
        actions=[{"kind": "NT", "text": "Render this passage again"}],
    ),
    finding(
        2, "Wide low end", "major", "low end", 68.0, 128.0, rule="low.mono", bar="37.1", stem="Bass", track="{0A1B}",
        points=6.4, value=-4.1, unit="dB", confidence=0.87, low_hz=20.0, high_hz=120.0,
        expected_delta="loss in mono 4.1 → under 1 dB",
        text="Wide low end, 20–120 Hz, from Bass: Width 0 % below 120 Hz",
        advice="Below 120 Hz half of the bass is gone when a club adds both channels: −4.1 dB in mono. Nearly all of "
        "it comes from the stem Bass. Make everything below 120 Hz mono there, and leave the width above it as it is.",
        actions=[
            {"kind": "UT", "text": "Width 0 % below 120 Hz", "frequency_hz": 120.0},
            {"kind": "EQ", "text": "Cut the side channel", "gain_db": -12.0, "frequency_hz": 110.0, "q": 0.71},
        ],
        fix={
            "state": "preview",
            "lines": ["Bass: add ReaEQ “UpTrack: mono below 120 Hz”", "Band 1, high-pass on the sides, 120 Hz, Q 0.71"],
            "sentence": "Nothing of yours is changed; taking it back removes this one effect.",
        },
    ),
    finding(
        3, "Channels cancel in mono", "major", "stereo", 68.0, 158.0, rule="ste.corr", bar="37.1", stem="Chords",
        track="{0A1C}", points=5.8, value=-0.62, advice="Flip the polarity of one channel of Chords.",
        actions=[{"kind": "UT", "text": "Flip the polarity of the right channel"}],
        fix={"state": "applied", "lines": ["Chords: right channel flipped"], "sentence": "Analyze again to see."},
    ),
    finding(
        4, "Much sub", "major", "low end", 173.0, 233.0, rule="low.sub_balance", bar="93.1", stem="Sub", points=4.9,
        low_hz=30.0, high_hz=60.0, value=4.4, unit="dB", advice="Sub or bass bus −3.0 dB.",
        actions=[{"kind": "GN", "text": "Sub", "gain_db": -3.0}],
        fix={"state": "remaining", "lines": [], "sentence": "−1.8 dB at 48 Hz: 2.6 dB remain."},
    ),
    finding(
        5, "Too much air", "moderate", "tonal balance", 38.0, 158.0, rule="ton.air", bar="21.1", stem="Hats",
        points=2.8, low_hz=7940.0, high_hz=15800.0, value=3.6, unit="dB", advice="High shelf on hats −2.5 dB.",
        actions=[{"kind": "EQ", "text": "High shelf", "gain_db": -2.5, "frequency_hz": 8000.0, "q": 0.7}],
    ),
    finding(6, "Leans left", "moderate", "stereo", 68.0, 128.0, rule="ste.balance", bar="37.1", points=2.1, value=2.1,
            unit="dB"),
    finding(7, "Tail cut off", "moderate", "integrity", 262.6, 263.0, rule="int.headtail", bar="140.4", points=1.9),
    finding(8, "Kick and bass mask each other", "moderate", "low end", 68.0, 233.0, rule="low.kick_bass_mask",
            bar="37.1", stem="Bass", points=1.7),
    finding(9, "Breathes with the beat", "info", "dynamics", 128.0, 158.0, rule="dyn.pump", bar="69.1", stem="Pads",
            points=0.0, dismissed=True),
    finding(10, "Later drop smaller than the first", "minor", "loudness", 173.0, 233.0, rule="lou.drop2_smaller",
            bar="93.1", points=0.8),
    finding(11, "Clipped peaks", "minor", "integrity", 74.0, 75.0, rule="int.clip", bar="40.1", points=0.7),
    finding(12, "Dark mix", "minor", "tonal balance", 8.0, 38.0, rule="ton.tilt", bar="5.1",
            points=0.5),
    finding(13, "Short outro for a DJ", "info", "DJ", 233.0, 263.0, rule="dj.mixin_out", bar="125.1", points=0.0),
]  # fmt: skip

TRACKS = [
    {"track": "{0A1A}", "name": "Kick", "text": "nothing moderate or worse", "score": 92.0, "loudness_lufs": -14.2,
     "findings": ["finding-8"], "colour": "#c0392b"},
    {"track": "{0A1B}", "name": "Bass", "text": "Wide low end, 20–120 Hz", "score": 54.0, "loudness_lufs": -15.9,
     "findings": ["finding-2", "finding-8"], "colour": "#4f8fd0"},
    {"track": "{0A1D}", "name": "Sub", "text": "Much sub, 30–60 Hz", "score": 61.0, "loudness_lufs": -17.0,
     "findings": ["finding-4"], "colour": "#2e6da4"},
    {"track": "{0A1C}", "name": "Chords", "text": "Channels cancel in mono", "score": 48.0, "loudness_lufs": -19.3,
     "findings": ["finding-3"], "colour": "#8e6bbf"},
    {"track": "{0A1E}", "name": "Hats", "text": "Too much air", "score": 77.0, "loudness_lufs": -23.8,
     "findings": ["finding-5"], "colour": "#e0b040"},
    {"track": "{0A1F}", "name": "Vox chop (bounced, long name)", "text": "left out: silent in this range",
     "findings": []},
]  # fmt: skip

SINCE = {
    "sentence": "fixed 2, new 1, worse 1, better 0, unchanged 9; score 62 → 67; under today's rules",
    "fixed": 2, "new": 1, "worse": 1, "better": 0, "unchanged": 9, "score_before": 62.0, "score_after": 67.0,
    "changes": [
        {"status": "new", "title": "Leans left", "severity": "moderate", "finding": "finding-6", "start_s": 68.0,
         "bar": "37.1"},
        {"status": "worse", "title": "Kick and bass mask each other", "severity": "moderate", "finding": "finding-8",
         "start_s": 68.0, "bar": "37.1", "stem": "Bass"},
        {"status": "fixed", "title": "True peak too high for the target", "severity": "major", "start_s": 96.2,
         "bar": "52.1"},
        {"status": "fixed", "title": "Resonance", "severity": "minor", "stem": "Chords"},
    ],
}  # fmt: skip


def report(**changes: Any) -> dict[str, Any]:
    """The report of a mix with thirteen findings."""
    whole: dict[str, Any] = {
        "status": "67 · techno, club · 1 blocker · 3 major · coverage 94 %",
        "score": 67.0,
        "coverage": 0.94,
        "genre": "techno",
        "target": "club",
        "project": "Warehouse",
        "start_s": 8.0,
        "duration_s": 255.0,
        "areas": AREAS,
        "sections": SECTIONS,
        "since": SINCE,
        "findings": FINDINGS,
        "tracks": TRACKS,
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}


def many_findings(count: int) -> list[dict[str, Any]]:
    """Findings of every severity all over the mix."""
    severities = ("blocker", "major", "moderate", "minor", "info")
    return [
        finding(number, "Resonance", severities[number % 5], "tonal balance", 8.0 + number % 250, 9.0 + number % 250,
                bar=f"{number % 130 + 1}.1", stem="Pads")
        for number in range(1, count + 1)
    ]  # fmt: skip


DONE: dict[str, Any] = {"phase": "done", "report": report()}
EMPTY: dict[str, Any] = {"phase": "empty"}
NO_DAEMON: dict[str, Any] = {"phase": "no daemon"}
FAILED: dict[str, Any] = {
    "phase": "failed",
    "sentence": "The render /music/Warehouse/2026-11-27 mixdown final v7.wav is empty: REAPER was probably cancelled. "
    "Render again, and leave the dialog open until it is done.",
}
ANALYSING: dict[str, Any] = {"phase": "analysing", "progress": {"fraction": 0.62, "stage": "spectrum"}}
WAITING: dict[str, Any] = {"phase": "waiting", "progress": {"fraction": 0.0, "stage": "queued", "queued": 2}}
RENDERING: dict[str, Any] = {"phase": "rendering"}
AGAIN: dict[str, Any] = DONE | ANALYSING
LIVE: dict[str, Any] = DONE | {
    "live": {
        "left_db": -7.3,
        "right_db": 1.2,
        "hold_db": 1.6,
        "note": "Peaks of the master track, as REAPER meters them.",
        "audio": {
            "step": "heard",
            "sentence": "UpTrack hears “default”: 48 kHz, stereo. 1:04 played without a break.",
            "able": True,
        },
    }
}
CLICKS: dict[str, Any] = EMPTY | {"live": LIVE["live"] | {"audio": {"step": "clicks", "sentence": "", "able": False}}}
DEAF: dict[str, Any] = EMPTY | {
    "live": LIVE["live"]
    | {
        "audio": {
            "step": "deaf",
            "sentence": "Expected UDP port 58710 for live audio, but Address already in use: end what else uses it.",
            "able": False,
        }
    }
}
STATES = {
    "empty": EMPTY, "no daemon": NO_DAEMON, "failed": FAILED, "analysing": ANALYSING, "waiting": WAITING,
    "rendering": RENDERING, "done": DONE, "again": AGAIN, "failed again": DONE | FAILED, "live": LIVE,
    "live clicks": CLICKS, "live deaf": DEAF,
    "clean": {"phase": "done", "report": report(findings=[], tracks=[], since=None, score=None, sections=[])},
}  # fmt: skip
