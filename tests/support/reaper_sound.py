"""What a project of the stand-in sounds like: fader, polarity, width, offset and effects of each track, then the mix's.

Effects are the textbook ones (Bristow-Johnson's cookbook for ReaEQ's bands, a plain ceiling for ReaLimit): near enough
to REAPER's for a fix to be heard and measured, and not claimed to be more.
"""

from __future__ import annotations

import math

import numpy as np

from support.reaper_project import Audio, FakeBand, FakeFx, FakeProject, FakeTrack

STEREO_PAN = 5
HIGH_PASS, LOW_SHELF, BELL, NOTCH, HIGH_SHELF = range(5)


def mix_of(project: FakeProject, start_s: float, end_s: float) -> Audio:
    """The master mix between two project times, shape (n_frames, 2)."""
    whole = np.zeros((_frame(project, max(project.sound_s, end_s)), 2))
    for track in project.tracks:
        sound = _whole_track(project, track)
        whole[: len(sound)] += sound[: len(whole)]
    mix = _through(project, project.master, whole)
    if project.mono:
        mix = np.repeat(mix.mean(axis=1, keepdims=True), 2, axis=1)
    return _cut(project, mix, start_s, end_s)


def track_of(project: FakeProject, track: FakeTrack, start_s: float, end_s: float) -> Audio:
    """One track by itself, with everything of its own and nothing of the master's."""
    return _cut(project, _whole_track(project, track), start_s, end_s)


def at_play_rate(project: FakeProject, sound: Audio, start_s: float) -> Audio:
    """A render of ``sound``, which begins at ``start_s``: as long as playing it takes, preserving no pitch."""
    if project.play_rate == 1 and not project.rate_envelope:
        return sound
    times_s = start_s + np.arange(len(sound)) / project.sample_rate_hz
    taken = np.cumsum(
        [1 / project.rate_at(time_s) for time_s in times_s]
    )  # frames of the render, by frames of the sound
    return sound[np.searchsorted(taken, np.arange(int(taken[-1])))]


def _frame(project: FakeProject, time_s: float) -> int:
    return round(time_s * project.sample_rate_hz)


def _cut(project: FakeProject, sound: Audio, start_s: float, end_s: float) -> Audio:
    first, last = _frame(project, start_s), _frame(project, end_s)
    found = sound[first:last]
    return np.pad(found, ((0, last - first - len(found)), (0, 0)))


def _whole_track(project: FakeProject, track: FakeTrack) -> Audio:
    if track.audio is None or track.values["B_MUTE"]:
        return np.zeros((0, 2))
    # Flag 1 switches the offset off; flag 2 would make it samples, which nobody here asks for.
    is_on = not track.values["I_PLAY_OFFSET_FLAG"]
    offset = round(track.values["D_PLAY_OFFSET"] * project.sample_rate_hz) if is_on else 0
    sound = np.pad(track.audio, ((offset, 0), (0, 0))) if offset > 0 else track.audio[-offset:]
    return _through(project, track, sound)


def _through(project: FakeProject, track: FakeTrack, sound: Audio) -> Audio:
    for fx in track.fx:
        sound = _effect(fx, sound, project.sample_rate_hz)
    width = track.values["D_WIDTH"] if track.values["I_PANMODE"] == STEREO_PAN else 1.0
    middle, side = sound.mean(axis=1), (sound[:, 0] - sound[:, 1]) / 2 * width
    polarity = -1.0 if track.values["B_PHASE"] else 1.0
    return polarity * track.values["D_VOL"] * np.column_stack([middle + side, middle - side])


def _effect(fx: FakeFx, sound: Audio, rate_hz: int) -> Audio:
    if fx.name.startswith("ReaLimit"):
        return np.clip(sound, *(np.array([-1, 1]) * 10 ** (float(fx.values["CEILING"]) / 20)))
    if fx.name.startswith("ReaStream"):
        return sound  # lets everything through
    from scipy import signal  # costs a second and a half, and most of the stand-ins never have an equaliser

    for band in fx.bands:
        if band.enabled and (band.gain != 1.0 or band.kind in (HIGH_PASS, NOTCH)):
            b, a = _biquad(band, rate_hz)
            sound = signal.lfilter(b, a, sound, axis=0)
    return sound


def _biquad(band: FakeBand, rate_hz: int) -> tuple[list[float], list[float]]:
    w = 2 * math.pi * band.frequency_hz / rate_hz
    c, s, root = math.cos(w), math.sin(w), math.sqrt(band.gain)
    alpha = s * math.sinh(math.log(2) / 2 * band.octaves * w / s)
    if band.kind == BELL:
        return [1 + alpha * root, -2 * c, 1 - alpha * root], [1 + alpha / root, -2 * c, 1 - alpha / root]
    if band.kind == NOTCH:
        return [1, -2 * c, 1], [1 + alpha, -2 * c, 1 - alpha]
    if band.kind == HIGH_PASS:
        alpha = s / math.sqrt(2)
        return [(1 + c) / 2, -(1 + c), (1 + c) / 2], [1 + alpha, -2 * c, 1 - alpha]
    slope = 2 * math.sqrt(root) * s / math.sqrt(2)
    sign = 1 if band.kind == LOW_SHELF else -1
    return (
        [
            root * ((root + 1) - sign * (root - 1) * c + slope),
            sign * 2 * root * ((root - 1) - sign * (root + 1) * c),
            root * ((root + 1) - sign * (root - 1) * c - slope),
        ],
        [
            (root + 1) + sign * (root - 1) * c + slope,
            -sign * 2 * ((root - 1) + sign * (root + 1) * c),
            (root + 1) + sign * (root - 1) * c - slope,
        ],
    )
