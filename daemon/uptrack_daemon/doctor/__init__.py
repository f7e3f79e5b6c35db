"""``uptrack doctor``: what keeps UpTrack from working on this machine, one sentence a check, each with what to do.

``check`` is what a check says; ``environment`` looks at Python, packages and the home, ``local_daemon`` at the process
scripts talk to, ``reaper`` at what is installed in each REAPER. Nothing is repaired, and what a check had to write to
find out is gone when it ends.
"""
