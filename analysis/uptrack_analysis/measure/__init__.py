"""Meters: blocks of audio in, figures out. One file a meter; ``one_pass`` runs them all over one file."""
