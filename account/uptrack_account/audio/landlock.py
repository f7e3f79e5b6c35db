"""Landlock (Linux 5.13): a process gives up every file but a few, for itself and for all that it starts.

No privilege is needed, and nothing of it can be taken back. By the kernel's own numbers (``linux/landlock.h``): ctypes
calls what no library of Python's has.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_OF_VERSION_1 = (1 << 13) - 1
_REFER, _TRUNCATE = 1 << 13, 1 << 14  # since versions 2 and 3
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_READ = _EXECUTE | _READ_FILE | _READ_DIR


def confine(*, read: Iterable[Path], write: Iterable[Path]) -> bool:
    """Keep to what lies at and below these paths; whether the system can do that.

    Has to be called with the right to no new privileges given up (``PR_SET_NO_NEW_PRIVS``).
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    if version < 1:
        return False
    handled = _OF_VERSION_1 | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    asked = struct.pack("=Q", handled)
    ruleset = libc.syscall(_CREATE_RULESET, asked, ctypes.c_size_t(len(asked)), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        for rights, paths in ((_READ, read), (handled, write)):
            for path in paths:
                _allow(libc, ruleset, path, rights & handled)
        restricted: int = libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0))
        return restricted == 0
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    """What is not there need not be allowed."""
    try:
        where = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not path.is_dir():
            rights &= _ON_FILES
        beneath = struct.pack("=Qi", rights, where)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, beneath, ctypes.c_uint32(0))
    finally:
        os.close(where)
