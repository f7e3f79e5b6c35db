"""Wires: every way something talks to UpTrack, and the one vocabulary they all carry."""
