"""Which loudspeaker each channel feeds, in the order of the file.

BS.1770 weighs channels by where they stand: LFE counts nothing, side loudspeakers (60 to 120 degrees: ``Ls``, ``Rs``)
count +1.5 dB, all others 0 dB. Names:

    M mono · L, R front · C centre · LFE low-frequency effects · Ls, Rs side surround · Lrs, Rrs rear surround
    Cs rear centre · Lc, Rc left and right of centre · T… above the listener · ChN unknown, counted from 1
"""

from __future__ import annotations

Speaker = str
"""A name of the list above."""

_BY_COUNT: dict[int, tuple[Speaker, ...]] = {
    1: ("M",),
    2: ("L", "R"),
    3: ("L", "R", "C"),
    4: ("L", "R", "Ls", "Rs"),
    5: ("L", "R", "C", "Ls", "Rs"),
    6: ("L", "R", "C", "LFE", "Ls", "Rs"),
    7: ("L", "R", "C", "LFE", "Cs", "Ls", "Rs"),
    8: ("L", "R", "C", "LFE", "Lrs", "Rrs", "Ls", "Rs"),
}

# Vorbis I specification, section 4.3.9; Opus mapping family 1 (RFC 7845, 5.1.1.2) is the same.
_OGG_BY_COUNT: dict[int, tuple[Speaker, ...]] = {
    3: ("L", "C", "R"),
    5: ("L", "C", "R", "Ls", "Rs"),
    6: ("L", "C", "R", "Ls", "Rs", "LFE"),
    7: ("L", "C", "R", "Ls", "Rs", "Cs", "LFE"),
    8: ("L", "C", "R", "Ls", "Rs", "Lrs", "Rrs", "LFE"),
}

# WAVEFORMATEXTENSIBLE.dwChannelMask, lowest bit first; channels follow the bits that are set.
_MASK_BITS: tuple[Speaker, ...] = (
    "L", "R", "C", "LFE", "Lrs", "Rrs", "Lc", "Rc", "Cs", "Ls", "Rs",
    "Tc", "Tfl", "Tfc", "Tfr", "Trl", "Trc", "Trr",
)  # fmt: skip


def speaker_layout(channels: int, *, mask: int | None = None, ogg_order: bool = False) -> tuple[Speaker, ...]:
    """Name the channels of a file.

    A mask that names exactly ``channels`` loudspeakers wins over the count, except for one and two channels: a
    stereo file with a strange mask is still a stereo file.

    Parameters
    ----------
    channels : int
        At least 1.
    mask : int, optional
        Channel mask of WAVE_EXTENSIBLE, if the file has one.
    ogg_order : bool
        The file keeps Vorbis order (centre second, LFE last).
    """
    if channels > 2 and mask is not None:
        named = tuple(name for bit, name in enumerate(_MASK_BITS) if mask >> bit & 1)
        if len(named) == channels:
            if "Ls" not in named and "Rs" not in named:
                # 5.1 written with "back" bits: with no side pair, these are the surrounds of BS.775.
                named = tuple({"Lrs": "Ls", "Rrs": "Rs"}.get(name, name) for name in named)
            return named
    if ogg_order and channels in _OGG_BY_COUNT:
        return _OGG_BY_COUNT[channels]
    return _BY_COUNT.get(channels) or tuple(f"Ch{number}" for number in range(1, channels + 1))
