"""How many threads linear algebra may use: one.

An analysis has two threads of its own. BLAS adds as many as there are processors, which wait for each other in a loop:
on a machine that has something else to do, small products then take many times as long, and in a worker each reserves
address space as well. It reads this when numpy is first imported.
"""

from __future__ import annotations

ONE_BLAS_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""For the environment of a process that is to analyse: a worker's, whatever the user's says, because its address space
is counted; that of a command unless the user has set another."""
