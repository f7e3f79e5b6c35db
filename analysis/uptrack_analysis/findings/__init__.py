"""Judgement: rules turn measurements into findings, and findings into a score. Door: ``judge`` in ``judge.py``."""
