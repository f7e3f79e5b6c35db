"""Putting UpTrack's scripts into a DAW, and taking them out again, with nothing of the user's lost on the way.

``reaper`` plans what ``uptrack install reaper`` does; ``reaper_places`` finds REAPER, ``reaper_startup`` writes what
registers our actions. What any DAW needs stands apart: where our own scripts lie (``shipped``), how a script starts the
daemon (``launch``), what says that a folder is ours (``stamp``), a folder replaced as a whole (``folder``), lines of
ours in a file of the user's (``marked_block``), and a plan that can be read before it is carried out (``steps``).
"""
