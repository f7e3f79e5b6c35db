"""A stem measured as the program does it, from samples instead of a file."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

import soundfile

from uptrack_analysis.audio.source import open_audio
from uptrack_analysis.measure.breaks import Kind
from uptrack_analysis.signal import Block
from uptrack_analysis.stems.results import StemMeasured
from uptrack_analysis.stems.stem_pass import measure_stem


def measured_stem(samples: Block, rate_hz: int = 44_100, *, breaks: Collection[Kind] = ()) -> StemMeasured:
    """Through a file of floats, which changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stem.wav"
        soundfile.write(path, samples.T, rate_hz, subtype="FLOAT")
        with open_audio(path) as source:
            return measure_stem(source, breaks=breaks)
