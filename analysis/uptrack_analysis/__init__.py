"""Numbers: audio in; measurements, findings, score and report out. Knows no DAW, no network and no database."""

__version__ = "0.1.0"
