"""Analyses waiting their turn (``queue``), the process that does one (``worker``), and who looks after it
(``supervisor``, ``worker_process``)."""
