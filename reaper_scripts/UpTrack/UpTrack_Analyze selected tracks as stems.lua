--[[
@description UpTrack: Analyze selected tracks as stems
@version 0.1.0
@author The UpTrack Companion authors
@link https://uptrack.pro
@about
  Renders the mix and each selected track, has the UpTrack daemon on this computer analyse them together, and names the
  track each finding comes from. Renders the time selection if there is one. Nothing leaves the computer.
]]

local folder = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = folder .. "lib/?.lua;" .. package.path

local analysis = require("analysis")
local project = require("project")
local ranges = require("ranges")
local say = require("say")
local settings = require("settings")
local tracks = require("tracks")

local function main()
  local proj, path = project.in_front()
  local chosen, left_out = tracks.selected(proj)
  if #chosen == 0 then return say.line("Select the tracks to be analysed as stems first: nothing is selected.") end
  for _, parent in ipairs(left_out) do
    say.line(("The folder %s is left out, because tracks inside it are selected too."):format(tracks.name(parent)))
  end
  local range = settings.read().range ~= "project" and ranges.selection(proj)
  local sentence
  if not range then range, sentence = ranges.project(proj) end
  if not range then return say.line(sentence) end
  local what = ("the mix and %d tracks"):format(#chosen)
  analysis.run {role = "stems", project = proj, path = path, jobs = {{range = range, tracks = chosen, what = what}}}
end

main()
