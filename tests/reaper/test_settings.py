"""The settings dialog: what is typed is kept for good, and what is no answer changes nothing."""

from __future__ import annotations

from support.studio import SETTINGS, Studio

DEFAULTS = ["", "club", "selection", "yes", "no", "yes", "yes", ""]
SECTION = "UpTrack settings"


def answered(studio: Studio, *answers: str) -> dict[str, str]:
    """What REAPER keeps over a restart after the dialog was answered so."""
    studio.reaper.answers = "\n".join(answers)
    studio.reaper.run(SETTINGS)
    return {name: value for (section, name), value in studio.reaper.kept_ext_state.items() if section == SECTION}


def test_answers_are_kept_over_a_restart_and_shown_the_next_time(studio: Studio) -> None:
    kept = answered(studio, " techno ", "stream", "regions", "no", "yes", "no", "no", "/refs;d'Angelo")
    assert kept == {
        "genre": "techno", "target": "stream", "range": "regions", "regions": "no", "sws_notes": "yes", "window": "no",
        "loop": "no", "references": "/refs;d'Angelo",
    }  # fmt: skip
    studio.reaper.answers = None
    studio.reaper.run(SETTINGS)
    assert studio.reaper.console == ""


def test_a_cancelled_dialog_changes_nothing(studio: Studio) -> None:
    studio.reaper.answers = None
    studio.reaper.run(SETTINGS)
    assert studio.reaper.kept_ext_state == {}
    assert studio.reaper.console == ""


def test_an_answer_that_is_none_is_said_and_nothing_is_kept(studio: Studio) -> None:
    assert answered(studio, "techno", "vinyl", *DEFAULTS[2:]) == {}
    assert "Target: expected club, stream, premaster, got “vinyl”. Nothing was changed." in studio.reaper.console


def test_settings_that_were_damaged_count_as_not_set(studio: Studio) -> None:
    studio.reaper.ext_state[SECTION, "target"] = "nonsense"
    assert answered(studio, *DEFAULTS)["target"] == "club"
