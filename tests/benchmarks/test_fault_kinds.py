"""What is planted is what the truth says: amounts, bands and places of faults, without asking any rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fault_filters import LIMITER, band_db, bell, low_end
from fault_kinds import KINDS, Kind, Planted
from fault_mixes import RATE_HZ, Mix, Sound, faded, half_of, integrated_lufs, loudest
from fault_places import mean_db, moment, stretch

from uptrack_analysis.measure.peaks import PeakMeter

SECONDS = 25
BPM = 120.0


def kind(name: str) -> Kind:
    return next(kind for kind in KINDS if kind.name == name)


def noise(seconds: float = SECONDS, seed: int = 1) -> Sound:
    """Pink, mono below 200 Hz and wide above, at -18 dBFS."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(rng.standard_normal((2, count)), axis=1)
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / RATE_HZ), 20.0))
    sound = np.fft.irfft(spectrum, count).astype(np.float32)
    low = low_end(sound, 200.0)
    sound = sound - low + low.mean(axis=0)
    return np.asarray(sound * (10 ** (-18 / 20) / sound.std()), dtype=np.float32)


@pytest.fixture(scope="module")
def mix() -> Mix:
    sound = faded(noise())
    stems = {"kick": _hits(), "bass": noise(seed=2) * np.float32(0.1), "pad": noise(seed=3) * np.float32(0.3)}
    return Mix("test", "test", sound, BPM, 0.0, "house", stems, master=lambda summed: summed)


def _hits() -> Sound:
    time_s = np.arange(SECONDS * RATE_HZ) / RATE_HZ % (60 / BPM)
    hit = 0.5 * np.sin(2 * np.pi * 60 * time_s) * np.exp(-time_s / 0.1)
    return np.tile(hit.astype(np.float32), (2, 1))


def plant(name: str, mix: Mix, amount: float, seed: int = 1) -> Planted:
    planted = kind(name).plant(mix, amount, np.random.default_rng(seed))
    assert planted is not None
    return planted


def frames(planted: Planted) -> slice:
    return slice(round(planted.start_s * RATE_HZ), round(planted.end_s * RATE_HZ))


def side_over_mid_db(sound: Sound) -> float:
    mid, side = (sound[0] + sound[1]) / 2, (sound[0] - sound[1]) / 2
    return mean_db(side[np.newaxis]) - mean_db(mid[np.newaxis])


@pytest.mark.parametrize("gain_db", [-12.0, 6.0])
def test_a_bell_moves_its_centre_by_its_gain_and_nothing_four_octaves_away(mix: Mix, gain_db: float) -> None:
    after = bell(mix.sound, 1_000.0, gain_db, 1.0)
    moved = [band_db(after, low, high) - band_db(mix.sound, low, high) for low, high in ((980, 1_020), (40, 62))]
    assert moved == pytest.approx([gain_db, 0.0], abs=0.1)


@pytest.mark.parametrize("name", ["bell 250 Hz", "bell 3–5 kHz"])
def test_a_bell_leans_the_way_the_mix_leans(mix: Mix, name: str) -> None:
    centre_hz = 250.0 if "250" in name else 4_000.0
    for own_db in (-8.0, 8.0):
        leaning = Mix("leaning", "test", bell(mix.sound, centre_hz, own_db, 1.0))
        planted = plant(name, leaning, 9.0)
        assert planted.low_hz
        assert planted.high_hz
        centre = (planted.low_hz * planted.high_hz) ** 0.5
        # Turned down as a whole where it would peak higher: so it is compared with what lies far away.
        far = (12_000, 15_000) if centre < 1_000 else (60, 100)
        near = (centre / 1.02, centre * 1.02)
        moved = [band_db(planted.sound, *band) - band_db(leaning.sound, *band) for band in (near, far)]
        assert moved[0] - moved[1] == pytest.approx(np.sign(own_db) * 9.0, abs=0.4)


@pytest.mark.parametrize(("name", "sign"), [("sub shelf up", 1.0), ("sub shelf down", -1.0)])
def test_a_sub_shelf_moves_the_sub_by_its_amount_and_leaves_the_mids(mix: Mix, name: str, sign: float) -> None:
    planted = plant(name, mix, 6.0)
    sub, mids = (band_db(planted.sound, *band) - band_db(mix.sound, *band) for band in ((30.0, 45.0), (500.0, 2_000.0)))
    assert sub - mids == pytest.approx(sign * 6.0, abs=1.0)


@pytest.mark.parametrize(("name", "low_hz"), [("bell 250 Hz, a passage", 240.0), ("sub shelf down, a passage", 35.0)])
def test_a_passage_is_damaged_and_the_rest_of_the_mix_is_not(mix: Mix, name: str, low_hz: float) -> None:
    planted = plant(name, mix, 9.0)
    inside = frames(planted)
    turned = planted.sound[0, 10_000] / mix.sound[0, 10_000]
    assert np.allclose(
        planted.sound[:, : inside.start - 1_000], turned * mix.sound[:, : inside.start - 1_000], atol=1e-6
    )
    before, after = (band_db(sound[:, inside], low_hz, 1.1 * low_hz) for sound in (turned * mix.sound, planted.sound))
    assert abs(after - before) == pytest.approx(8.5, abs=1.0)


def test_side_in_the_low_end_has_its_level_there_and_no_business_elsewhere(mix: Mix) -> None:
    planted = plant("side in the low end", mix, -5.0)
    inside, before = frames(planted), slice(0, frames(planted).start)
    assert side_over_mid_db(low_end(planted.sound[:, inside], 60.0)) == pytest.approx(-5.0, abs=0.7)
    assert side_over_mid_db(low_end(planted.sound[:, before], 60.0)) < -30
    high = planted.sound - low_end(planted.sound, 400.0)
    assert side_over_mid_db(high) == pytest.approx(side_over_mid_db(mix.sound - low_end(mix.sound, 400.0)), abs=0.2)


@pytest.mark.parametrize("loss_db", [4.0, 8.0, 20.0])
def test_an_antiphase_low_end_loses_its_amount_in_mono_and_none_of_its_power(mix: Mix, loss_db: float) -> None:
    planted = plant("antiphase low end", mix, loss_db)
    inside = frames(planted)
    gain = np.abs(planted.sound[:, : inside.start]).max() / np.abs(mix.sound[:, : inside.start]).max()
    before, after = (low_end(sound[:, inside], 60.0) for sound in (mix.sound * gain, planted.sound))
    mono = [mean_db(sound.mean(axis=0, keepdims=True)) for sound in (before, after)]
    # The ramps at both ends lie inside the stretch by half.
    assert mono[0] - mono[1] == pytest.approx(loss_db, abs=0.5)
    assert mean_db(after) == pytest.approx(mean_db(before), abs=0.3)


def test_a_lost_side_is_turned_down_by_its_amount_and_a_mono_mix_has_none_to_lose(mix: Mix) -> None:
    planted = plant("side lost", mix, -40.0)
    assert side_over_mid_db(planted.sound) == pytest.approx(side_over_mid_db(mix.sound) - 40.0, abs=0.1)
    mono = replace(mix, sound=np.repeat(mix.sound.mean(axis=0, keepdims=True), 2, axis=0))
    assert kind("side lost").plant(mono, -40.0, np.random.default_rng(1)) is None
    assert kind("width by delay").plant(mono, 1.0, np.random.default_rng(1)) is None


def test_width_by_delay_is_one_signal_twice(mix: Mix) -> None:
    planted = plant("width by delay", mix, 10.0)
    frames_late = round(0.01 * RATE_HZ)
    first, second = planted.sound if np.allclose(planted.sound[1, :frames_late], 0.0) else planted.sound[::-1]
    assert np.allclose(second[frames_late:], first[:-frames_late])


def test_a_sub_alone_is_as_loud_as_the_low_end_it_replaces(mix: Mix) -> None:
    planted = plant("sub alone", mix, 18.0)
    low, sub, mids = (
        band_db(planted.sound, *band) - band_db(mix.sound, *band)
        for band in ((60.0, 200.0), (20.0, 45.0), (500.0, 2_000.0))
    )
    assert low - mids == pytest.approx(-18.0, abs=2.0)  # the skirts of the split leave some at both ends
    assert band_db(planted.sound, 20.0, 45.0) > band_db(planted.sound, 45.0, 100.0) + 6
    assert sub > mids


def test_a_second_drop_is_turned_down_to_the_end_and_a_mix_of_one_drop_has_none(mix: Mix) -> None:
    rests = np.ones(70 * RATE_HZ, dtype=np.float32)
    rests[30 * RATE_HZ : 40 * RATE_HZ] = 0.2
    two = replace(mix, sound=noise(70) * rests)
    planted = plant("second drop", two, 6.0)
    assert planted.start_s == pytest.approx(40.0, abs=2.0)
    late, early = slice(45 * RATE_HZ, 65 * RATE_HZ), slice(0, 30 * RATE_HZ)
    assert mean_db(planted.sound[:, late]) - mean_db(two.sound[:, late]) == pytest.approx(-6.0, abs=0.1)
    assert np.array_equal(planted.sound[:, early], two.sound[:, early])
    assert kind("second drop").plant(mix, 6.0, np.random.default_rng(1)) is None


def test_an_inverted_channel_is_inverted_where_it_says_and_nowhere_else(mix: Mix) -> None:
    planted = plant("one channel inverted", mix, 12.0)
    inside = frames(planted)
    changed = [np.allclose(planted.sound[row, inside], -mix.sound[row, inside], atol=1e-6) for row in (0, 1)]
    assert sorted(changed) == [False, True]
    assert np.array_equal(planted.sound[:, inside.stop + 1_000 :], mix.sound[:, inside.stop + 1_000 :])
    assert planted.amount == pytest.approx(12.0, abs=0.3)


def test_balance_turns_the_quieter_side_down_further(mix: Mix) -> None:
    leaning = Mix("leaning", "test", mix.sound * np.array([[1.0], [0.9]], dtype=np.float32))
    planted = plant("balance", leaning, 3.0)
    assert mean_db(planted.sound[:1]) - mean_db(planted.sound[1:]) == pytest.approx(3.0 + 0.92, abs=0.1)


def test_hard_clipping_is_flat_where_it_says_and_leaves_the_rest_alone(mix: Mix) -> None:
    planted = plant("hard clip", mix, 6.0)
    inside = frames(planted)
    assert np.mean(np.abs(planted.sound[:, inside]) >= 1.0 - 2.0**-22) > 1e-4
    assert np.array_equal(planted.sound[:, : inside.start - 1_000], mix.sound[:, : inside.start - 1_000])


def test_over_limiting_reaches_the_plr_it_says(mix: Mix) -> None:
    planted = plant("over-limiting", mix, 5.0)
    loudness = integrated_lufs(planted.sound)
    assert loudness is not None
    peak_db = 20 * np.log10(np.abs(planted.sound).max())
    assert peak_db == pytest.approx(LIMITER.ceiling_db, abs=0.05)
    assert peak_db - loudness == pytest.approx(planted.amount, abs=0.01)
    assert planted.amount == pytest.approx(5.0, abs=0.4)


def test_a_dropout_is_silence_of_its_length_and_nothing_more(mix: Mix) -> None:
    planted = plant("dropout", mix, 20.0)
    gone = np.flatnonzero((planted.sound == 0).all(axis=0) & (mix.sound != 0).any(axis=0))
    assert gone.size == pytest.approx(0.02 * RATE_HZ, abs=1)
    assert gone[0] / RATE_HZ == pytest.approx(planted.start_s, abs=1 / RATE_HZ)
    rest = np.delete(planted.sound - mix.sound, gone, axis=1)
    assert not rest.any()


@pytest.mark.parametrize("seed", range(6))
def test_a_click_is_as_large_as_it_says_and_fits_under_full_scale(mix: Mix, seed: int) -> None:
    planted = plant("click", mix, 12.0, seed)
    added = np.abs(planted.sound - mix.sound).max(axis=0)
    places = np.flatnonzero(added)
    assert places[0] >= round(planted.start_s * RATE_HZ)
    assert places[-1] < planted.end_s * RATE_HZ
    around = mix.sound[:, places[0] - 441 : places[0] + 441]
    # A burst of noise rarely reaches its own peak; the 10 ms are those of a grid.
    assert 20 * np.log10(added.max()) - mean_db(around) == pytest.approx(12.0, abs=3.0)
    assert np.abs(planted.sound).max() <= 1.0


def test_an_offset_is_a_mean_of_its_size(mix: Mix) -> None:
    planted = plant("DC offset", mix, 1.5)
    own = mix.sound.mean(axis=1)
    assert np.abs(planted.sound.mean(axis=1) - own) == pytest.approx(0.015, abs=0.0003)


def test_hum_has_its_level_at_the_mains(mix: Mix) -> None:
    planted = plant("hum", mix, -40.0)
    hum = planted.sound - mix.sound
    assert planted.low_hz
    assert min(abs(planted.low_hz - mains_hz) for mains_hz in (50.0, 60.0)) < 0.03
    # Without a window a line leaks a few per cent of its power out of the band.
    fundamental = mean_db(hum) + band_db(hum, 45, 65) - band_db(hum, 0, RATE_HZ / 2)
    assert fundamental == pytest.approx(-40.0, abs=0.2)


@pytest.mark.parametrize("peak_dbtp", [1.8, 4.5])
def test_overs_after_resampling_read_as_a_meter_reads_them(mix: Mix, peak_dbtp: float) -> None:
    planted = plant("overs after resampling", mix, peak_dbtp)
    meter = PeakMeter(planted.rate_hz, 2)
    meter.push(planted.sound)
    peaks = meter.finish()
    assert peaks.true_dbtp.max() == pytest.approx(peak_dbtp, abs=0.2)


def test_pumping_is_deepest_on_the_beat_and_over_before_the_next(mix: Mix) -> None:
    planted = plant("tempo-synced pumping", mix, 10.0)
    gain_db = 20 * np.log10(np.abs(planted.sound[0] / np.where(mix.sound[0] == 0, np.nan, mix.sound[0])))
    beat = round(60 / BPM * RATE_HZ)
    assert gain_db[20 * beat + 200] == pytest.approx(-10.0, abs=0.2)
    assert gain_db[21 * beat - 200] == pytest.approx(0.0, abs=0.01)


def test_a_bass_over_the_kick_is_that_much_over_it_at_the_hits(mix: Mix) -> None:
    planted = plant("bass over kick", mix, 4.0)
    assert planted.stem == "bass"
    low = {
        name: low_end(sound, 120.0) - low_end(low_end(sound, 120.0), 40.0)
        for name, sound in planted.stems.items()
        if name != "pad"
    }
    beat = round(60 / BPM * RATE_HZ)
    hits = [slice(k * beat, k * beat + round(0.04 * RATE_HZ)) for k in range(2, 40)]
    power = {name: sum(float(np.square(sound[:, hit]).sum()) for hit in hits) for name, sound in low.items()}
    assert 10 * np.log10(power["bass"] / power["kick"]) == pytest.approx(4.0, abs=1.0)


def test_a_kick_in_layers_is_all_of_them_together(mix: Mix) -> None:
    half = np.asarray(mix.stems["kick"] / 2, dtype=np.float32)
    layered = replace(mix, stems={"kick i": half, "kick ii": half, "bass": mix.stems["bass"], "pad": mix.stems["pad"]})
    alike = plant("bass over kick", mix, 4.0), plant("bass over kick", layered, 4.0)
    assert np.allclose(alike[0].stems["bass"], alike[1].stems["bass"], atol=1e-5)


def test_a_muted_stem_is_missing_from_the_mix_and_still_among_the_stems(mix: Mix) -> None:
    wanted = mean_db(sum(mix.stems.values(), np.zeros_like(mix.stems["kick"]))) - mean_db(mix.stems["pad"])
    planted = plant("stem muted", mix, wanted)
    assert planted.stem == "pad"
    assert np.allclose(planted.sound, mix.stems["kick"] + mix.stems["bass"], atol=1e-6)
    assert np.array_equal(planted.stems["pad"], mix.stems["pad"])


def test_a_delayed_stem_is_late_in_the_mix_and_on_time_as_a_file(mix: Mix) -> None:
    planted = plant("stem delayed", mix, 15.0)
    assert planted.stem is not None
    others = sum((sound for name, sound in mix.stems.items() if name != planted.stem), np.zeros_like(mix.stems["pad"]))
    late, delay = planted.sound - others, round(0.015 * RATE_HZ)
    assert np.allclose(late[:, delay:], mix.stems[planted.stem][:, :-delay], atol=1e-5)


def test_a_stem_left_out_is_heard_in_the_mix_and_no_file_has_it(mix: Mix) -> None:
    summed = sum(mix.stems.values(), np.zeros_like(mix.stems["kick"]))
    planted = plant("stem left out", mix, mean_db(summed) - mean_db(mix.stems["pad"]))
    assert set(planted.stems) == {"kick", "bass"}
    assert np.allclose(planted.sound, summed, atol=1e-6)


def test_needless_low_end_has_its_level_under_the_mix_s_and_lies_in_the_stem_that_is_named(mix: Mix) -> None:
    pad = mix.stems["pad"] - low_end(mix.stems["pad"], 300.0)
    high = replace(mix, stems={**mix.stems, "pad": pad})
    planted = plant("needless low end in a stem", high, 12.0)
    summed = sum(high.stems.values(), np.zeros_like(pad))
    added = planted.stems["pad"] - pad
    inside = slice(2 * RATE_HZ, -3 * RATE_HZ)
    assert planted.stem == "pad"
    assert mean_db(added[:, inside]) - mean_db(low_end(summed, 120.0)) == pytest.approx(-12.0, abs=0.5)
    assert mean_db(added - low_end(added, 150.0)) < mean_db(added) - 40
    deep = replace(mix, stems={"bass": pad})
    assert kind("needless low end in a stem").plant(deep, 12.0, np.random.default_rng(1)) is None


def test_a_return_brings_its_part_of_the_low_end_and_is_wide(mix: Mix) -> None:
    planted = plant("reverb in the low end", mix, 12.0)
    assert planted.stem is not None
    low = low_end(planted.stems[planted.stem], 250.0)
    summed = sum(mix.stems.values(), np.zeros_like(mix.stems["kick"]))
    assert mean_db(low) - mean_db(low_end(summed, 250.0)) == pytest.approx(-12.0, abs=0.2)
    assert side_over_mid_db(low) == pytest.approx(0.0, abs=2.0)


def test_two_stems_crowd_the_low_mids_by_their_amount(mix: Mix) -> None:
    before = band_db(np.sum(list(mix.stems.values()), axis=0), 224.0, 447.0)
    planted = plant("crowded low mids", mix, 6.0)
    after = band_db(np.sum(list(planted.stems.values()), axis=0), 224.0, 447.0)
    assert after - before == pytest.approx(6.0, abs=0.3)
    assert {name for name in mix.stems if not np.array_equal(planted.stems[name], mix.stems[name])} == {"bass", "pad"}


def test_another_speed_is_shorter_by_its_amount_and_as_much_higher(mix: Mix) -> None:
    tone = Mix("tone", "test", np.tile(np.sin(2 * np.pi * 1_000 * np.arange(RATE_HZ) / RATE_HZ), (2, 4)), BPM)
    planted = plant("another speed", tone, 2.5)
    assert planted.sound.shape[1] == pytest.approx(tone.sound.shape[1] / 1.025, abs=2)
    assert band_db(planted.sound, 1_024.0, 1_026.0) > band_db(planted.sound, 20.0, 20_000.0) - 0.5
    assert kind("another speed").plant(replace(mix, bpm=None), 2.5, np.random.default_rng(1)) is None


def test_a_lossy_way_takes_the_top_and_leaves_the_rest(mix: Mix) -> None:
    planted = plant("lossy on the way", mix, 128.0)
    top, rest = (
        band_db(planted.sound, *band) - band_db(mix.sound, *band) for band in ((18_000.0, 20_000.0), (100.0, 8_000.0))
    )
    assert top < -40
    assert rest == pytest.approx(0.0, abs=1.0)
    dull = replace(mix, sound=low_end(mix.sound, 5_000.0))
    assert kind("lossy on the way").plant(dull, 128.0, np.random.default_rng(1)) is None


def test_faults_lie_in_music_and_never_in_silence(mix: Mix) -> None:
    half = mix.sound.copy()
    half[:, : half.shape[1] // 2] *= np.float32(0.001)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        at, long = moment(half, rng), stretch(half, 8.0, rng)
        assert at is not None
        assert long is not None
        assert min(at, long[0]) > half.shape[1] // 2 - RATE_HZ


def test_a_mix_without_music_long_enough_carries_no_such_fault(mix: Mix) -> None:
    short = Mix("short", "test", mix.sound[:, : 5 * RATE_HZ])
    mono = Mix("mono", "test", mix.sound[:1])
    assert kind("hard clip").plant(short, 6.0, np.random.default_rng(1)) is None
    assert kind("balance").plant(mono, 6.0, np.random.default_rng(1)) is None
    assert kind("tempo-synced pumping").plant(short, 6.0, np.random.default_rng(1)) is None


@pytest.mark.parametrize("fault", KINDS, ids=lambda fault: fault.name)
def test_amounts_grow_from_harmless_to_worst(fault: Kind) -> None:
    amounts = [amount for amount, _ in fault.amounts]
    truths = ["info", "minor", "moderate", "major", "blocker"]
    ranks = [truths.index(truth) for _, truth in fault.amounts]
    assert amounts in (sorted(amounts), sorted(amounts, reverse=True))
    assert ranks == sorted(ranks)
    assert fault.counts(len(amounts) - 1, "club")


def test_a_song_and_its_variants_fall_into_one_half() -> None:
    assert half_of("EsoXLB-CPU") == half_of("esoxlb-cpu")
    assert {half_of(f"song {k}") for k in range(20)} == {"tune", "test"}


def test_a_mix_is_cut_where_its_song_is_loudest_and_ends_in_silence() -> None:
    quiet, loud = noise(20) * np.float32(0.1), noise(15)
    cut = loudest(np.concatenate([quiet, loud, quiet], axis=1), 15.0)
    assert cut.start / RATE_HZ == pytest.approx(20.0, abs=0.25)
    ended = faded(loud)
    assert not ended[:, -100:].any()
    assert np.abs(ended[:, :10]).max() < 0.01
