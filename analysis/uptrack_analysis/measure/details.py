"""Figures that need more than one meter's result, made once all lanes are through: the tempo is known only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from uptrack_analysis.errors import NothingToMeasure
from uptrack_analysis.measure.false_stereo import match_channels
from uptrack_analysis.measure.fine_spectrum import FineSpectrum
from uptrack_analysis.measure.level_jumps import level_jumps
from uptrack_analysis.measure.lossy import find_cliff
from uptrack_analysis.measure.pumping import pumping
from uptrack_analysis.measure.resonances import resonances
from uptrack_analysis.measure.results import Details, Envelope, Measured
from uptrack_analysis.measure.transients import ANY_HIT, KICK, transients
from uptrack_analysis.signal import Block

Figure = TypeVar("Figure")

_CLIFF = ("spectrum.cutoff_hz", "spectrum.cutoff_likely")
_CHANNELS = ("stereo.false_stereo", "stereo.channel_difference_db", "stereo.channel_delay_ms", "stereo.polarity")
_PUMPING = (
    "dynamics.pumping_db",
    "dynamics.pumping_lowest_at",
    "dynamics.ducking_db",
    "dynamics.ducked_at",
    "dynamics.ducked_beats",
)


def measure_details(
    measured: Measured, *, fine: FineSpectrum, low_envelope: Envelope, excerpts: list[Block]
) -> tuple[Details, dict[str, str]]:
    """Everything in ``Details``, and the reason for what is missing, by its dotted report name.

    Parameters
    ----------
    measured : Measured
        What the meters found.
    fine, low_envelope : FineSpectrum, Envelope
        Of the band meter.
    excerpts : list of array, shape (2, n_frames)
        Of the stereo curve's meter.
    """
    reasons: dict[str, str] = {}

    def attempt(names: tuple[str, ...], work: Callable[[], Figure]) -> Figure | None:
        try:
            return work()
        except NothingToMeasure as error:
            reasons.update(dict.fromkeys(names, str(error)))
            return None

    envelope = Envelope(measured.loudness.hop_s, measured.loudness.power)
    tempo, rate_hz = measured.tempo, measured.sample_rate_hz
    cliff = attempt(_CLIFF, lambda: find_cliff(fine, rate_hz))
    if cliff is not None and cliff.likely is None:
        reasons["spectrum.cutoff_likely"] = "no encoder setting is known to end there"
    channels = attempt(_CHANNELS, lambda: match_channels(measured.stereo, excerpts, rate_hz))
    if channels is not None and channels.delay_ms is None:
        reasons["stereo.channel_delay_ms"] = "the channels do not differ by a delay alone"
    if channels is not None and channels.inverted is None:
        reasons["stereo.polarity"] = "the channels have too little in common to be in or out of phase"
    pumps = attempt(_PUMPING, lambda: pumping(measured.bands, measured.loudness, tempo.bpm, tempo.grid))
    if pumps is not None and pumps.lowest_at is None:
        reasons |= dict.fromkeys(_PUMPING[1::2], "it is not known where in time the beats lie")
    details = Details(
        resonances=attempt(("spectrum.resonances",), lambda: resonances(fine)),
        cutoff_hz=None if cliff is None else cliff.cutoff_hz,
        cutoff_likely=None if cliff is None else cliff.likely,
        channels=channels,
        transients=attempt(("dynamics.transients",), lambda: transients(envelope, ANY_HIT)),
        kick_transients=attempt(("dynamics.kick_transients",), lambda: transients(low_envelope, KICK)),
        pumping=pumps,
        level_jumps=level_jumps(measured.bands, tempo.bpm),
    )
    return details, reasons
