"""Two reports of one project: which passage is which (``alignment``), which finding is which (``matching``), and what
became of them (``versions``). Only reports are read; no audio, no meter and no rule."""
