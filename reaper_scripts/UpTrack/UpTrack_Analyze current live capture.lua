--[[
@description UpTrack: Analyze current live capture
@version 0.1.0
@author The UpTrack Companion authors
@link https://uptrack.pro
@about
  Has the UpTrack daemon on this computer analyse what was just played, as ReaStream on the master has sent it, without
  rendering: the passage that is playing, or with UpTrack: Results open the one that was played last. Set it up in the
  Live tab of UpTrack: Results. Nothing leaves the computer.
]]

reaper.defer(function() end) -- or REAPER makes an undo step of a run that changes nothing
local folder = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
-- On Windows Lua opens names in the system's own code page, and REAPER writes them in UTF-8: the letters of Western
-- Europe are tried as one byte each.
local plain = folder:gsub("[\xC2\xC3][\x80-\xBF]", function(letter) return string.char(utf8.codepoint(letter)) end)
package.path = folder .. "lib/?.lua;" .. plain .. "lib/?.lua;" .. package.path
if reaper.GetOS():find("^Win") and not package.searchpath("json", package.path) then
  return reaper.ShowConsoleMsg("UpTrack: on Windows scripts can open only what has plain letters in its path, and "
    .. folder .. " has others. Install into a portable REAPER in a folder such as C:\\REAPER (`uptrack install reaper "
    .. "--resource-path C:\\REAPER`), or switch on Windows' own “Use Unicode UTF-8 for worldwide language support”.\n")
end

local analysis = require("analysis")
local part_names = require("part_names")
local project = require("project")

local function main()
  local proj, path = project.in_front()
  analysis.run {role = "live", project = proj, path = path, jobs = {
    {capture = true, part = part_names.LIVE, what = "what was played"},
  }}
end

main()
