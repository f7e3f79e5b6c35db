"""How a figure is written for people, so that findings, pages and markers say the same thing the same way."""

from __future__ import annotations

MINUS = "−"


def digits(value: float, decimals: int = 1) -> str:
    """A figure with a fixed number of decimals, a real minus and no minus zero."""
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if not float(text) else text.replace("-", MINUS)


def signed(value: float, decimals: int = 1) -> str:
    """Like ``digits``, with its sign always shown."""
    text = digits(value, decimals)
    return text if text.startswith(MINUS) or not float(text) else f"+{text}"


def clock(time_s: float, decimals: int = 0) -> str:
    """A time as m:ss.mmm, or h:mm:ss.mmm from an hour on; ``decimals`` says how fine."""
    scale = 10**decimals
    seconds, fraction = divmod(round(abs(time_s) * scale), scale)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    sign = MINUS if time_s < 0 else ""
    whole = f"{sign}{hours}:{minutes:02}:{seconds:02}" if hours else f"{sign}{minutes}:{seconds:02}"
    return f"{whole}.{fraction:0{decimals}}" if decimals else whole


def frequency(frequency_hz: float) -> str:
    """A frequency the way an equaliser writes it: "58 Hz", "6.3 kHz"."""
    return f"{frequency_hz / 1000:.3g} kHz" if frequency_hz >= 999.5 else f"{frequency_hz:.3g} Hz"


def percent(share: float) -> str:
    """A share of 1 in whole percent."""
    return f"{100 * share:.0f} %"


def channel_name(channel: int, channels: int) -> str:
    """What people call a channel counted from 0: "mono", "left", "right"; by its number where there are more."""
    if channels == 1:
        return "mono"
    return ("left", "right")[channel] if channels == 2 else f"channel {channel + 1}"
