"""``low.note_uneven``: notes of the bass that come out weaker than the others."""

from dataclasses import replace

import numpy as np
import pytest

from support.mixes import bass_line, clean, silent
from support.verdicts import ask, ask_one, why_unmeasured
from uptrack_analysis.measure.results import BassLine, Measured

NOTES_HZ = (55.0, 65.4, 73.4, 49.0)
NOTE_S = 3.0


def playing(levels_db: tuple[float, ...], notes_hz: tuple[float, ...] = NOTES_HZ) -> Measured:
    """Notes in turn, the low end at these levels while each is held."""
    mix = clean()
    turn = np.floor(mix.bands.times_s / NOTE_S).astype(int) % len(notes_hz)
    gain = 10 ** (np.array(levels_db)[turn] / 10)[:, None]
    low = mix.bands.edges_hz[:-1] < 250.0
    ll, rr = np.where(low, mix.bands.ll * gain, mix.bands.ll), np.where(low, mix.bands.rr * gain, mix.bands.rr)
    return replace(mix, bands=replace(mix.bands, ll=ll, rr=rr), bass=bass_line(60.0, notes_hz, note_s=NOTE_S))


@pytest.mark.parametrize(("drop_db", "least"), [(10.0, 0.5), (13.0, 1.0), (19.0, 2.0)])
def test_one_weak_note_is_named_and_no_more_than_told(drop_db: float, least: float) -> None:
    finding = ask_one("low.note_uneven", playing((0.0, 0.0, -drop_db, 0.0)))
    assert finding.title == "Weak bass note: D"
    assert (finding.severity, finding.excess >= least) == ("info", True)
    assert f"{drop_db:.1f} dB weaker" in finding.advice


def test_one_note_that_jumps_out_is_named_too() -> None:
    finding = ask_one("low.note_uneven", playing((0.0, 12.0, 0.0, 0.0)))
    assert finding.title == "Loud bass note: C"
    assert finding.actions[0].gain_db == -3.0


def test_accents_of_three_db_are_playing() -> None:
    assert ask("low.note_uneven", playing((0.0, -3.0, 0.0, -1.5))) == ()


def test_it_says_when() -> None:
    finding = ask_one("low.note_uneven", playing((0.0, 0.0, -12.0, 0.0)))
    assert finding.start_s == pytest.approx(6.0, abs=0.5)
    assert finding.exposure == pytest.approx(0.25, abs=0.05)


def test_a_glide_holds_no_note_and_a_one_note_bass_has_nothing_to_compare() -> None:
    glide = 55.0 * 2 ** (np.arange(160) % 12 / 12)
    moving = replace(clean(), bass=BassLine(0.3715, glide, np.ones(160)))
    assert "could not be told" in why_unmeasured("low.note_uneven", moving)
    assert "fewer than three" in why_unmeasured("low.note_uneven", playing((0.0,), (55.0,)))


def test_without_a_bass_or_without_sound_it_is_unmeasured() -> None:
    unheard = replace(clean(), bass=BassLine(0.3715, np.empty(0), np.empty(0)))
    assert "not heard" in why_unmeasured("low.note_uneven", unheard)
    assert "next to no bass" in why_unmeasured("low.note_uneven", playing((-40.0, -40.0, -40.0, -40.0)))
    assert "silent" in why_unmeasured("low.note_uneven", silent())
