--[[
@description UpTrack: Analyze existing files
@version 0.1.0
@author The UpTrack Companion authors
@link https://uptrack.pro
@about
  Asks for rendered mixes, one after the other until the dialog is cancelled, and has the UpTrack daemon on this
  computer analyse them. A file's first sample is taken to lie at the edit cursor. Each file is a song of its own: it is
  compared with what lay under its name before, never with the project. Renders nothing. Nothing leaves the computer.
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

local MOST_FILES = 32

local function main()
  local proj, path = project.in_front()
  local start_s = reaper.GetCursorPositionEx(proj)
  local jobs, before = {}, ""
  while #jobs < MOST_FILES do
    local title = #jobs == 0 and "UpTrack: choose a rendered mix" or "UpTrack: choose another one, or cancel to start"
    local chosen, file = reaper.GetUserFileNameForRead(before, title, "wav")
    if not chosen then break end
    local name = part_names.file_name(file)
    -- Nobody can tell whether it is a render of this project.
    jobs[#jobs + 1] = {file = file, start_s = start_s, part = part_names.file(file), name = name, what = name}
    before = file
  end
  if #jobs > 0 then analysis.run {role = "files", project = proj, path = path, jobs = jobs} end
end

main()
