"""Stems beside their mix: measured, laid over it, summed against it, and asked which of them a finding comes from."""
