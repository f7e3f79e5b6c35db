r"""Paths as Windows has them, over the real folders of this machine: ``C:\home\ada`` is ``/home/ada``.

What Windows does otherwise: a folder ends at a backslash, some characters are in no name, C's ``fopen`` reads a name
in the ANSI code page (1252 here: each byte a letter of its own) where REAPER's own functions read UTF-8, and C's
``rename`` refuses a name that is taken.
"""

from __future__ import annotations

import re
from pathlib import Path

DRIVE = "C:"
FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')


def named(path: Path | str) -> str:
    """What Windows calls a path of this machine."""
    return DRIVE + str(path).replace("/", "\\")


def place(name: str) -> Path:
    """Where a path that REAPER was given lies.

    Raises
    ------
    ValueError
        It is not a whole one, or has a character that no name there may have.
    """
    if not name.startswith(f"{DRIVE}\\"):
        raise ValueError(f"expected a whole path of Windows, got {name!r}")
    rest = name.removeprefix(DRIVE)
    if FORBIDDEN.search(rest):
        raise ValueError(f"no name on Windows may be {name!r}")
    return Path(rest.replace("\\", "/"))


IN_LUA = r"""
package.config = "\\\n;\n?\n!\n-\n"

local function place(name)
  local rest = name:match("^C:(\\.*)$")
  if not rest or rest:find('[<>:"|?*%c]') then return nil, name .. ": Invalid argument", 22 end
  return (rest:gsub("\\", "/"):gsub("[\128-\255]", function(letter) return utf8.char(letter:byte()) end))
end

local open, remove, rename = io.open, os.remove, os.rename
function io.open(name, mode)
  local path, why, number = place(name)
  if not path then return nil, why, number end
  return open(path, mode)
end
function os.remove(name)
  local path, why, number = place(name)
  if not path then return nil, why, number end
  return remove(path)
end
function os.rename(from, to)
  local path, target = place(from), place(to)
  if not (path and target) then return nil, from .. ": Invalid argument", 22 end
  local taken = open(target, "rb")
  if taken then
    taken:close()
    return nil, to .. ": File exists", 17
  end
  return rename(path, target)
end

function package.searchpath(name, path)
  for template in path:gmatch("[^;]+") do
    local file = template:gsub("%?", (name:gsub("%.", "\\")))
    local opened = io.open(file, "rb")
    if opened then
      opened:close()
      return file
    end
  end
  return nil, "\n\tno file"
end
package.searchers[2] = function(name)
  local file = package.searchpath(name, package.path)
  if not file then return "\n\tno file" end
  local opened = io.open(file, "rb")
  local text = opened:read("a")
  opened:close()
  return assert(load(text, "@" .. file)), file
end"""
