"""Words that the rules share, so that the same thing is said the same way in every finding."""

from __future__ import annotations

from collections.abc import Sequence

from uptrack_analysis.findings.places import TimeSpan


def signed(value: float, decimals: int = 1) -> str:
    """A level with its sign; a real minus, and never "−0.0"."""
    text = f"{value:+.{decimals}f}"
    if not float(text):
        return f"{0:.{decimals}f}"
    return text.replace("-", "−")


def plain(value: float, decimals: int = 1) -> str:
    """A number with a real minus where it is negative."""
    text = f"{value:.{decimals}f}"
    return f"{0:.{decimals}f}" if not float(text) else text.replace("-", "−")


def clock(seconds: float, decimals: int = 0) -> str:
    """Minutes and seconds into the file, as a producer reads them: 2:05."""
    scaled = round(seconds * 10**decimals)
    minutes, rest = divmod(scaled, 60 * 10**decimals)
    width = 2 if not decimals else 3 + decimals
    return f"{minutes}:{rest / 10**decimals:0{width}.{decimals}f}"


def when(spans: Sequence[TimeSpan], at_most: int = 3) -> str:
    """The longest few stretches in order of time: "1:32–1:48, 2:10–2:20 and 4 more"."""
    longest = sorted(sorted(spans, key=lambda span: span[0] - span[1])[:at_most])
    named = [clock(a) if clock(a) == clock(b) else f"{clock(a)}–{clock(b)}" for a, b in longest]
    more = len(spans) - len(longest)
    if more > 0:
        return ", ".join(named) + f" and {more} more"
    return named[0] if len(named) == 1 else ", ".join(named[:-1]) + " and " + named[-1] if named else ""


def hertz(frequency_hz: float) -> str:
    """ "58 Hz", "2.5 kHz"."""
    if frequency_hz >= 1000:
        return f"{frequency_hz / 1000:.3g} kHz"
    return f"{frequency_hz:.0f} Hz" if frequency_hz >= 100 else f"{frequency_hz:.2g} Hz"


def channel_name(channel: int, channels: int) -> str:
    """ "left" and "right" in a stereo file, else a number counted from 1."""
    return ("left", "right")[channel] if channels == 2 else f"channel {channel + 1}"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"
