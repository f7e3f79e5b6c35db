"""Everything that can go wrong in UpTrack, as one small tree that branches where a caller would act differently.

* UpTrackError               a sentence a user can act on; ``code`` is its stable name on every wire
  - BadInput                   the user's file or request cannot be used (exit code 3)
    · NotAudio                   the file is there and readable, but is not audio we decode
    · TooLarge                   audio, but over a cap that protects the machine
  - NothingToMeasure           valid audio, but no question about it has an answer (exit code 1)
  - InvalidSignal              the caller's array is not audio (a programming slip, also a ``ValueError``)
  - Unavailable                something outside is not there: daemon, port, disk (exit code 4)

The tree lives in the lowest package so that every other one can branch from it without importing upwards.
"""

from __future__ import annotations


class UpTrackError(Exception):
    """What was expected, what came and what to try, in one sentence.

    Parameters
    ----------
    sentence : str
        Shown to the user as it stands.
    code : str, optional
        Stable, lower-case, dotted name for machines; each class has a default.
    """

    default_code = "error"

    def __init__(self, sentence: str, *, code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code or self.default_code


class BadInput(UpTrackError):
    """The user's file or request cannot be used as it is."""

    default_code = "input.bad"


class NotAudio(BadInput):
    """A readable file that does not decode as audio."""

    default_code = "input.not_audio"


class TooLarge(BadInput):
    """Audio over one of the caps that protect the machine."""

    default_code = "input.too_large"


class NothingToMeasure(UpTrackError):
    """Valid audio in which the question has no answer, such as the loudness of silence."""

    default_code = "measure.nothing"


class InvalidSignal(UpTrackError, ValueError):
    """An array that is not audio: wrong shape, or NaN where samples were promised."""

    default_code = "signal.invalid"


class Unavailable(UpTrackError):
    """Something outside this process is not there, or did not answer; trying again may help."""

    default_code = "unavailable"
