--[[
@description UpTrack: Analyze selected tracks as stems
@version 0.1.0
@author The UpTrack Companion authors
@link https://uptrack.pro
@about
  Renders the mix and each selected track, has the UpTrack daemon on this computer analyse them together, and names the
  track each finding comes from. Renders the time selection if there is one. Nothing leaves the computer.
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
local project = require("project")
local ranges = require("ranges")
local say = require("say")
local settings = require("settings")
local spread = require("spread")
local tracks = require("tracks")

local function main()
  local proj, path = project.in_front()
  local chosen, left_out = tracks.selected(proj)
  if #chosen == 0 then return say.line("Select the tracks to be analysed as stems first: nothing is selected.") end
  for _, parent in ipairs(left_out) do
    say.line(("The folder %s is left out, because tracks inside it are selected too."):format(tracks.name(parent)))
  end
  for _, fed in ipairs(tracks.fed_by_others(chosen)) do
    local first, more = tracks.name(fed.sources[1]), #fed.sources - 1
    say.line(("%s is selected with what is sent to it (%s%s): what it passes on of that counts twice among the stems.")
      :format(tracks.name(fed.bus), first, more > 0 and (" and %d more"):format(more) or ""))
  end
  spread.run(proj, function(spend)
    local selection = settings.read().range ~= "project" and ranges.selection(proj)
    if selection then return selection end
    return ranges.project(proj, spend)
  end, function(range, sentence)
    if not range then return say.line(sentence) end
    local what = ("the mix and %d tracks"):format(#chosen)
    analysis.run {role = "stems", project = proj, path = path, jobs = {{range = range, tracks = chosen, what = what}}}
  end)
end

main()
