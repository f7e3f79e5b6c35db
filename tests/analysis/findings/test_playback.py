"""What services do to a track's level, row by row."""

from __future__ import annotations

import datetime as dt

import pytest

from uptrack_analysis.findings.playback import load_platforms, playback_change, playback_rows
from uptrack_analysis.report import PlatformPlayback


def sentence(platform: str, lufs: float, dbtp: float) -> str:
    return playback_change(load_platforms()[platform], lufs, dbtp).sentence


def row(platform: str, lufs: float, dbtp: float) -> PlatformPlayback:
    return next(row for row in playback_rows("stream", lufs, dbtp) or () if row.platform == platform)


def test_a_loud_master_plays_lower_on_spotify_by_the_difference() -> None:
    assert sentence("spotify", -9.0, 0.0) == "plays 5.0 dB lower on Spotify"
    assert row("spotify", -9.0, 0.0).plays == "5.0 dB lower"
    assert row("spotify", -9.0, 0.0).low_db == row("spotify", -9.0, 0.0).high_db == -5.0


def test_a_quiet_master_is_raised_only_as_far_as_its_peaks_allow() -> None:
    # Spotify's own example: -20 LUFS with peaks at -5 dBTP plays at -16.
    raised = row("spotify", -20.0, -5.0)
    assert raised.low_db == raised.high_db == pytest.approx(4.0)
    assert (raised.plays, raised.held_by_peak) == ("4.0 dB higher, held by its peaks", True)
    assert not row("spotify", -20.0, -9.0).held_by_peak, "the peaks leave room for all of it"
    assert row("spotify", -20.0, 0.5).plays == "as it is, held by its peaks"
    assert row("spotify_loud", -20.0, -5.0).plays == "9.0 dB higher, through a limiter"


def test_a_service_that_turns_nothing_up_leaves_a_quiet_master_alone() -> None:
    assert sentence("youtube", -20.0, -5.0) == "plays as it is on YouTube, not turned up"
    assert sentence("youtube", -14.0, -5.0) == "plays as it is on YouTube"


def test_contested_rows_are_ranges_and_say_so() -> None:
    contested = [platform for platform in load_platforms().values() if platform.contested]
    assert {"youtube_music", "deezer", "amazon_music", "soundcloud"} == {platform.id for platform in contested}
    assert all("C" in platform.evidence.grade for platform in contested)
    assert sentence("soundcloud", -7.0, 0.0) == "plays 1.0 to 7.0 dB lower on SoundCloud, sources disagree"
    told = row("soundcloud", -7.0, 0.0)
    assert (told.low_db, told.high_db, told.contested) == (-7.0, -1.0, True)
    assert row("youtube_music", -9.0, 0.0).plays == "0.0 to 5.0 dB lower"


def test_where_nobody_knows_whether_a_quiet_track_is_turned_up_it_is_a_range() -> None:
    told = row("deezer", -15.0, -3.0)
    assert (told.low_db, told.high_db) == (-1.0, 1.0)
    assert told.plays == "1.0 dB lower to 1.0 dB higher, if it is turned up at all"
    assert row("amazon_music", -16.0, -3.0).plays == "0.0 to 7.0 dB higher, if it is turned up at all"


def test_every_row_has_its_source_and_the_day_it_was_read_and_none_calls_a_track_wrong() -> None:
    rows = playback_rows("club", -6.0, 1.0)
    assert rows is not None
    assert [row.platform for row in rows] == list(load_platforms())
    assert all(row.source and row.note and dt.date.fromisoformat(row.fetched_at) for row in rows)
    assert "wrong" not in repr(rows)


def test_a_premaster_is_played_by_nobody_and_silence_has_no_level() -> None:
    assert playback_rows("premaster", -18.0, -6.0) == ()
    assert playback_rows("stream", None, None) is None
