"""The demo: a song made here with faults planted in it, so that there is something real to find."""
