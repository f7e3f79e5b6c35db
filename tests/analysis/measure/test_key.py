from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support.lmms import PROJECTS
from support.needs import need_program
from support.signals import cut, tone
from uptrack_analysis.measure.chroma import Chroma, ChromaMeter
from uptrack_analysis.measure.key import KeyMeter, camelot, estimate_key, key_name, listen
from uptrack_analysis.measure.key_evidence import KINDS, Heard, bass_notes, evidence, hear, phrase_roots, pitch_classes
from uptrack_analysis.measure.results import BeatGrid, KeyEstimate
from uptrack_analysis.signal import Block

RATE_HZ = 8_000
C3_HZ = 440.0 * 2 ** (-21 / 12)

# Degrees of the triads' roots; the last chord of each loop leads back to the first.
MINOR_LOOP = ((0, 3, 7), (8, 0, 3), (5, 8, 0), (7, 10, 2))  # i VI iv v
MAJOR_LOOP = ((0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7))  # I IV V I


def chroma_of(signal: Block, rate_hz: int = RATE_HZ) -> Chroma:
    meter = ChromaMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    return meter.finish()


def measured(signal: Block, rate_hz: int = RATE_HZ) -> tuple[KeyEstimate, dict[str, str]]:
    meter = KeyMeter(rate_hz, signal.shape[0])
    meter.push(signal)
    meter.finish()
    return meter.estimate(None), meter.unmeasured


def saw(semitone: float, time_s: np.ndarray[tuple[int], np.dtype[np.float64]], cents: float) -> Block:
    hz = 440.0 * 2 ** ((semitone - 9 + cents / 100) / 12)
    wave = sum(np.sin(2 * np.pi * hz * k * time_s + k) / k for k in range(1, 7))
    return np.asarray(wave, dtype=np.float32)


def song(tonic: int, minor: bool, *, cents: float = 0.0, drums: float = 0.0, rate_hz: int = RATE_HZ) -> Block:
    """Two rounds of a four-chord loop over its roots, a second a chord; ``drums`` adds an untuned kick and noise."""
    rng = np.random.default_rng(tonic)
    time_s = np.arange(rate_hz) / rate_hz
    bars = []
    for chord in (MINOR_LOOP if minor else MAJOR_LOOP) * 2:
        bar = 0.5 * saw(tonic + chord[0] - 24, time_s, cents)
        for degree in chord:
            bar = bar + 0.2 * saw(tonic + degree, time_s, cents)
        beat = time_s % 0.5
        kick = np.sin(2 * np.pi * (47 * beat + 6 * (1 - np.exp(-beat * 30)))) * np.exp(-beat * 10)
        hat = 0.2 * rng.standard_normal(rate_hz) * np.exp(-((time_s + 0.25) % 0.5) * 30)
        bars.append(bar + drums * (kick + hat))
    whole = np.concatenate(bars)
    return np.asarray((0.4 * whole / np.abs(whole).max())[None], dtype=np.float32)


@pytest.mark.parametrize("minor", [True, False])
@pytest.mark.parametrize("tonic", range(12))
def test_a_chord_loop_is_in_its_key(tonic: int, minor: bool) -> None:
    found, unmeasured = measured(song(tonic, minor))
    assert (found.tonic, found.minor) == (tonic, minor)
    assert found.confidence > 0.5
    assert not unmeasured


@pytest.mark.parametrize("tonic", [1, 6, 10])
def test_drums_louder_than_the_music_do_not_move_the_key(tonic: int) -> None:
    found, _ = measured(song(tonic, True, drums=2.0))
    assert (found.tonic, found.minor) == (tonic, True)


@pytest.mark.parametrize("minor", [True, False])
@pytest.mark.parametrize("cents", [-45, -30, -3, 0, 12, 30, 45])
def test_a_detuned_track_keeps_its_key_and_its_tuning_is_told_to_3_cents(cents: int, minor: bool) -> None:
    found, _ = measured(song(4, minor, cents=cents))
    assert (found.tonic, found.minor) == (4, minor)
    assert found.tuning_cents == pytest.approx(cents, abs=3)


def sub_drone(pitch_class: int, seconds: int, *, level: float) -> Block:
    """A sine under the bass, as a sub oscillator left on."""
    time_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    hz = 440.0 * 2 ** ((24 + pitch_class % 12 - 69) / 12)
    return np.asarray((level * np.sin(2 * np.pi * hz * time_s))[None], dtype=np.float32)


@pytest.mark.parametrize("off_the_tonic", [1, 6, 11])
@pytest.mark.parametrize(("tonic", "minor"), [(9, True), (2, False)])
def test_a_kick_and_a_sub_on_a_foreign_note_do_not_change_the_key(tonic: int, minor: bool, off_the_tonic: int) -> None:
    alone = song(tonic, minor)
    under = drums(alone.shape[1] // RATE_HZ) + sub_drone(tonic + off_the_tonic, alone.shape[1] // RATE_HZ, level=0.4)
    found, _ = measured(alone + under)
    assert (found.tonic, found.minor) == (tonic, minor)


@settings(max_examples=5)
@given(tonic=st.integers(0, 11), minor=st.booleans(), semitones=st.integers(1, 11))
def test_transposing_by_n_semitones_moves_the_tonic_by_n(tonic: int, minor: bool, semitones: int) -> None:
    here, _ = measured(song(tonic, minor))
    # Within the register of a bass: over 180 Hz none is looked for.
    there, _ = measured(song((tonic + semitones) % 12, minor))
    assert here.tonic is not None
    assert (there.tonic, there.minor) == ((here.tonic + semitones) % 12, here.minor)


@settings(max_examples=4)
@given(gain_db=st.floats(-40, 0), inverted=st.booleans())
def test_neither_gain_nor_polarity_matters(gain_db: float, inverted: bool) -> None:
    signal = song(5, False)
    changed = (signal * (10 ** (gain_db / 20)) * (-1 if inverted else 1)).astype(np.float32)
    here, there = measured(signal)[0], measured(changed)[0]
    assert (here.tonic, here.minor) == (there.tonic, there.minor) == (5, False)
    # Rounding to 32 bit moves a peak's place by less than this.
    assert here.confidence == pytest.approx(there.confidence, abs=1e-3)
    assert here.tuning_cents == pytest.approx(there.tuning_cents, abs=0.01)


def test_fifth_harmonics_do_not_turn_a_minor_chord_into_a_major_one() -> None:
    time_s = np.arange(10 * RATE_HZ) / RATE_HZ
    # The third is soft; the fifth harmonic of the root, 14 cents under E, is loud.
    third = 0.15 * np.sin(2 * np.pi * C3_HZ * 2 ** (15 / 12) * time_s)
    wave = saw(-12, time_s, 0) + 0.5 * np.sin(2 * np.pi * 5 * C3_HZ * time_s) + third + saw(7, time_s, 0)
    classes = pitch_classes(chroma_of(np.asarray((0.2 * wave)[None], dtype=np.float32)))
    assert classes[3] > classes[4]


def test_a_tone_is_heard_in_every_frame_that_has_one_on_either_side() -> None:
    chroma = chroma_of(tone(RATE_HZ, 30, -10, frequency_hz=440))
    heard = np.flatnonzero(chroma.salience.any(axis=1))
    frames = chroma.salience.shape[0]
    # The first frame starts before the file and the last ends after it.
    assert set(range(2, frames - 2)) <= set(heard.tolist()) <= set(range(1, frames - 1))


def test_a_quiet_note_that_stays_is_heard_over_a_loud_one_that_is_struck() -> None:
    time_s = np.arange(20 * RATE_HZ) / RATE_HZ
    struck = np.sin(2 * np.pi * 440 * time_s) * np.exp(-(time_s % 2.0) * 40)
    stays = 0.001 * np.sin(2 * np.pi * 440 * 2 ** (6 / 12) * time_s)
    classes = pitch_classes(chroma_of(np.asarray((struck + stays)[None], dtype=np.float32)))
    assert classes[3] > 3 * classes[9]


def test_a_bass_is_heard_by_its_harmonics_where_its_fundamental_is_missing() -> None:
    time_s = np.arange(10 * RATE_HZ) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * C3_HZ / 2 * k * time_s + k) / k for k in range(2, 7))
    bass, beginning = bass_notes(hear(chroma_of(np.asarray((0.2 * np.asarray(wave))[None], dtype=np.float32))))
    assert bass[0] > 0.9
    assert beginning[0] > 0.9


def test_a_sub_without_harmonics_yields_to_a_bass_that_has_them() -> None:
    time_s = np.arange(10 * RATE_HZ) / RATE_HZ
    root_hz = C3_HZ / 2 * 2 ** (3 / 12)
    wave = sum(np.sin(2 * np.pi * root_hz * k * time_s + k) / k for k in range(2, 7))
    signal = np.asarray((0.1 * np.asarray(wave))[None], dtype=np.float32) + sub_drone(8, 10, level=0.4)
    bass, _ = bass_notes(hear(chroma_of(signal)))
    assert int(np.argmax(bass)) == 3
    assert bass[3] > 0.9


def test_a_hollow_bass_is_heard_under_a_chord_with_more_harmonics() -> None:
    time_s = np.arange(10 * RATE_HZ) / RATE_HZ
    # The odd harmonics of D2, as a square has them, under a fifth of saws on A.
    hollow = sum(np.sin(2 * np.pi * C3_HZ / 2 * 2 ** (2 / 12) * k * time_s + k) / k for k in (1, 3, 5))
    wave = 0.3 * np.asarray(hollow) + 0.1 * (saw(-3, time_s, 0) + saw(4, time_s, 0))
    bass, _ = bass_notes(hear(chroma_of(np.asarray(wave[None], dtype=np.float32))))
    assert bass[2] > 0.9


BEAT_S = 0.5
GRID = BeatGrid(BEAT_S, 0.0, 0.0, 4, 0.9, 0.0)


def bass_line(roots: list[int], *, strength: list[float] | None = None, late_s: float = 0.0) -> Heard:
    """A note a bar of two seconds, one frame every 0.25 s, nothing else; ``late_s`` of silence before the first."""
    wait = round(late_s / 0.25)
    notes = np.concatenate([np.zeros(wait), np.repeat(roots, 8)]).astype(np.intp)
    loud = np.concatenate([np.zeros(wait), np.repeat(strength or [1.0] * len(roots), 8)])
    return Heard(np.full(12, 1 / 12), 0.25, notes, loud)


def test_phrases_of_four_bars_begin_with_the_note_of_their_first_bar() -> None:
    roots = phrase_roots(bass_line([9, 5, 0, 7] * 3 + [2, 5, 0, 7]), GRID)
    assert roots is not None
    assert (roots[9], roots[2]) == (0.75, 0.25)


def test_phrases_are_counted_from_the_first_downbeat() -> None:
    grid = BeatGrid(BEAT_S, 1.0, 1.0, 4, 0.9, 0.0)
    roots = phrase_roots(bass_line([9, 5, 0, 7] * 2, late_s=1.0), grid)
    assert roots is not None
    assert roots[9] == 1.0


def test_a_phrase_that_begins_without_a_bass_has_no_vote() -> None:
    roots = phrase_roots(bass_line([3, 0, 0, 0, 9, 5, 0, 7], strength=[0.1, 0.1, 0.1, 0.1, 1, 1, 1, 1]), GRID)
    assert roots is not None
    assert roots[9] == 1.0


def test_one_loud_note_in_a_bar_is_not_its_root() -> None:
    heard = bass_line([9, 5, 0, 7])
    heard.bass[0] = 4
    heard.bass_strength[0] = 2.0
    roots = phrase_roots(heard, GRID)
    assert roots is not None
    assert roots[9] == 1.0


@pytest.mark.parametrize(
    "grid", [None, BeatGrid(BEAT_S, 0.0, None, 4, 0.1, 0.0), BeatGrid(BEAT_S, 90.0, 90.0, 4, 1, 0)]
)
def test_where_bars_are_not_known_the_beginning_stands_for_all_phrases(grid: BeatGrid | None) -> None:
    heard = bass_line([9, 5, 0, 7] * 2)
    assert phrase_roots(heard, grid) is None
    columns = evidence(heard, grid)[:, [KINDS.index("beginning"), KINDS.index("phrases")]]
    np.testing.assert_array_equal(columns[:, 0], columns[:, 1])


def test_a_loop_with_a_pickup_is_in_the_key_that_its_phrases_begin_with() -> None:
    # Chords of A minor, C major and F major; the bar of F stands before the loop, so no phrase begins with it.
    time_s = np.arange(2 * RATE_HZ) / RATE_HZ
    chords = [(5, 9, 0), *((9, 0, 4), (5, 9, 0), (0, 4, 7), (7, 11, 2)) * 3]
    bars = [0.5 * saw(root - 24, time_s, 0) + sum(0.2 * saw(note, time_s, 0) for note in (root, *rest))
            for root, *rest in chords]  # fmt: skip
    meter = KeyMeter(RATE_HZ, 1)
    meter.push(np.asarray(0.2 * np.concatenate(bars)[None], dtype=np.float32))
    meter.finish()
    with_bars, without = meter.estimate(BeatGrid(BEAT_S, 2.0, 2.0, 4, 0.9, 0.0)), meter.estimate(None)
    assert (with_bars.tonic, with_bars.minor) == (9, True)
    assert (without.tonic, without.minor) == (5, False)


@pytest.mark.parametrize("rate_hz", [11_025, 44_100, 48_000, 96_000])
def test_the_rate_of_the_file_does_not_matter(rate_hz: int) -> None:
    found, _ = measured(song(9, True, rate_hz=rate_hz), rate_hz)
    assert (found.tonic, found.minor) == (9, True)


@settings(max_examples=10)
@given(hz=st.floats(110, 1_900), level=st.floats(0.001, 1.0))
def test_a_sine_sounds_on_the_pitch_class_that_librosa_names(hz: float, level: float) -> None:
    from librosa.core.convert import hz_to_midi, hz_to_note, note_to_midi

    midi = float(hz_to_midi(hz))
    assume(abs(midi - round(midi)) < 0.4)  # between two notes, which one is a matter of tuning
    time_s = np.arange(2 * RATE_HZ) / RATE_HZ
    chroma = chroma_of((level * np.sin(2 * np.pi * hz * time_s))[None].astype(np.float32))
    offset_cents = 100 * (midi - round(midi))
    sounding = key_name(int(np.argmax(pitch_classes(chroma, offset_cents))), minor=False).split()[0]
    named = str(hz_to_note(hz, octave=False, unicode=False))
    assert note_to_midi(sounding) % 12 == note_to_midi(named) % 12


def test_three_alternatives_follow_in_order_without_the_winner() -> None:
    found, _ = measured(song(9, True))
    odds = [confidence for _, _, confidence in found.alternatives]
    assert len(odds) == 3
    assert [found.confidence, *odds] == sorted([found.confidence, *odds], reverse=True)
    assert found.confidence + sum(odds) <= 1 + 1e-9
    assert (9, True) not in {(tonic, minor) for tonic, minor, _ in found.alternatives}


def drums(seconds: int) -> Block:
    """An untuned kick on the beat and noise between: it rings, but on no note."""
    time_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    beat = time_s % 0.5
    kick = np.sin(2 * np.pi * (47 * beat + 6 * (1 - np.exp(-beat * 30)))) * np.exp(-beat * 10)
    noise = np.random.default_rng(2).standard_normal(time_s.size) * np.exp(-((time_s + 0.25) % 0.5) * 30)
    return np.asarray((0.3 * kick + 0.1 * noise)[None], dtype=np.float32)


def sweep(seconds: int) -> Block:
    """A riser of eight seconds, over and over."""
    time_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    hz = 80 * 2 ** (4 * (time_s % 8) / 8)
    return np.asarray((0.4 * np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ))[None], dtype=np.float32)


def noise(seconds: int) -> Block:
    return (0.1 * np.random.default_rng(1).standard_normal((1, seconds * RATE_HZ))).astype(np.float32)


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        pytest.param(sweep(20), "too few steady tones", id="sweep"),
        pytest.param(np.zeros((2, 6 * RATE_HZ), dtype=np.float32), "too few steady tones", id="silence"),
        pytest.param(noise(6), "too few steady tones", id="noise"),
        pytest.param(drums(8), "too few steady tones", id="drums"),
        pytest.param(tone(RATE_HZ, 6, -10, frequency_hz=220), "too few steady tones", id="one sine"),
        pytest.param(song(0, True)[:, : 2 * RATE_HZ], "at least 3 s", id="two seconds"),
        pytest.param(np.zeros((1, 0), dtype=np.float32), "at least 3 s", id="nothing"),
    ],
)
def test_no_key_where_there_is_none_and_why(signal: Block, words: str) -> None:
    found, unmeasured = measured(signal)
    assert (found.tonic, found.minor, found.confidence, found.alternatives) == (None, None, 0.0, ())
    assert words in unmeasured["key.name"]
    assert (found.tuning_cents is None) == ("key.tuning_cents" in unmeasured)


@pytest.mark.parametrize("loop", ["break01", "break02", "break03", "electro_beat01"])
def test_a_real_drum_loop_rings_at_many_pitches_and_has_no_key(loop: str) -> None:
    need_program("lmms")  # which brings them
    samples, rate_hz = soundfile.read(PROJECTS.parent / "samples" / "beats" / f"{loop}.ogg", always_2d=True)
    again = np.tile(samples.T, 1 + 12 * rate_hz // len(samples)).astype(np.float32)
    found, unmeasured = measured(again, rate_hz)
    assert found.tonic is None
    assert "key.name" in unmeasured


def test_one_tone_has_a_tuning_but_no_key_and_noise_has_neither() -> None:
    found, unmeasured = measured(tone(RATE_HZ, 6, -10, frequency_hz=220 * 2 ** (20 / 1200)))
    assert found.tonic is None
    assert found.tuning_cents == pytest.approx(20, abs=0.5)
    found, unmeasured = measured(noise(6))
    assert found.tuning_cents is None
    assert "tun" in unmeasured["key.tuning_cents"]


def test_tones_that_lie_anywhere_between_the_notes_have_no_tuning() -> None:
    salience = np.ones((20, 240), dtype=np.float32)
    listened = listen(Chroma(0.37, salience, np.zeros(20), np.zeros(20), 500))
    found, unmeasured = estimate_key(listened), listened.unmeasured
    assert found.tuning_cents is None
    assert "agree on no tuning" in unmeasured["key.tuning_cents"]


def test_one_ringing_note_belongs_to_many_keys() -> None:
    salience = np.zeros((20, 240), dtype=np.float32)
    salience[:, 60] = 1.0
    listened = listen(Chroma(0.37, salience, np.full(20, -21.0), np.ones(20), 500))
    found, unmeasured = estimate_key(listened), listened.unmeasured
    assert found.tonic is None
    assert "one or two notes" in unmeasured["key.name"]


def test_every_semitone_equally_strong_fits_no_key() -> None:
    salience = np.zeros((20, 240), dtype=np.float32)
    salience[:, ::20] = 1.0
    listened = listen(Chroma(0.37, salience, np.zeros(20), np.zeros(20), 500))
    found, unmeasured = estimate_key(listened), listened.unmeasured
    assert found.tonic is None
    assert "no major or minor key" in unmeasured["key.name"]


@settings(max_examples=8)
@given(st.lists(st.integers(1, 30_000), max_size=10))
def test_block_size_never_shows_in_the_result(sizes: list[int]) -> None:
    signal = np.concatenate([song(2, False), song(7, True)])
    whole = chroma_of(signal)
    meter = ChromaMeter(RATE_HZ, 2)
    for block in cut(signal, sizes):
        meter.push(block)
    pieced = meter.finish()
    np.testing.assert_array_equal(pieced.salience, whole.salience)
    np.testing.assert_array_equal(pieced.bass_semitones, whole.bass_semitones)
    np.testing.assert_array_equal(pieced.bass_strength, whole.bass_strength)
    assert pieced.peaks == whole.peaks


@pytest.mark.parametrize(
    ("tonic", "minor", "name", "place"),
    [
        (9, True, "A minor", "8A"),
        (0, False, "C major", "8B"),
        (6, True, "F# minor", "11A"),
        (10, True, "Bb minor", "3A"),
        (8, True, "G# minor", "1A"),
        (8, False, "Ab major", "4B"),
        (6, False, "F# major", "2B"),
        (5, True, "F minor", "4A"),
        (1, True, "C# minor", "12A"),
        (11, False, "B major", "1B"),
    ],
)
def test_keys_are_named_as_dj_software_names_them(tonic: int, minor: bool, name: str, place: str) -> None:
    assert key_name(tonic, minor) == name
    assert camelot(tonic, minor) == place


def test_the_wheel_goes_up_by_fifths_and_relative_keys_share_an_hour() -> None:
    for tonic in range(12):
        hour = int(camelot(tonic, True)[:-1])
        assert int(camelot((tonic + 7) % 12, True)[:-1]) == hour % 12 + 1
        assert camelot((tonic + 3) % 12, False) == f"{hour}B"
    assert len({camelot(tonic, minor) for tonic in range(12) for minor in (True, False)}) == 24


def test_the_bass_line_is_there_for_who_asks_with_its_notes_in_hertz() -> None:
    meter = KeyMeter(RATE_HZ, 1)
    meter.push(song(0, False))
    meter.finish()
    played = meter.bass.frequency_hz[meter.bass.strength > 0.5 * meter.bass.strength.max()]
    # Roots C, F, G, C; in which octave is what the meter does not promise.
    semitones = np.round(12 * np.log2(played / C3_HZ)) % 12
    assert {int(semitone) for semitone in semitones} >= {0, 5, 7}
    assert np.isin(semitones, (0, 5, 7)).mean() > 0.8
