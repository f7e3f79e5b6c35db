--[[
@description UpTrack: Analyze mix
@version 0.1.0
@author The UpTrack Companion authors
@link https://uptrack.pro
@about
  Renders the mix (the project, the time selection or each region: see UpTrack: Settings), has the UpTrack daemon on
  this computer analyse it, and puts what was found on the timeline. Needs no extension. Nothing leaves the computer.
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

local again = require("again")
local analysis = require("analysis")
local project = require("project")
local ranges = require("ranges")
local say = require("say")
local settings = require("settings")
local spread = require("spread")

--- What is to be rendered, as the settings say: a list of jobs; nil and a sentence where there is nothing.
local function jobs_of(proj, spend)
  local wished, why = again.take(proj, spend)
  if wished then return {wished} end
  if why then return nil, why end
  local wanted = settings.read().range
  if wanted == "regions" then
    local regions, sentence = ranges.regions(proj, spend)
    if not regions then return nil, sentence end
    local jobs = {}
    for _, range in ipairs(regions) do jobs[#jobs + 1] = {range = range, what = "the region " .. range.name} end
    return jobs
  end
  local selection = wanted == "selection" and ranges.selection(proj)
  if selection then return {{range = selection, what = "the time selection"}} end
  local whole, sentence = ranges.project(proj, spend)
  if not whole then return nil, sentence end
  return {{range = whole, what = "the mix"}}
end

local function main()
  local proj, path = project.in_front()
  spread.run(proj, function(spend) return jobs_of(proj, spend) end, function(jobs, sentence)
    if not jobs then return say.line(sentence) end
    analysis.run {role = "mix", project = proj, path = path, jobs = jobs}
  end)
end

main()
