--[[
An analysis the results window wants made once more: what of the project, and which tracks, or which file. It leaves the
wish here and starts "Analyze mix", which takes it instead of what is selected; the user's selection is not touched.
]]

local json = require("json")
local project = require("project")
local ranges = require("ranges")
local tracks = require("tracks")

local again = {}

local SECTION, KEY = "UpTrack board", "again"
local FRESH_S = 10

--- Wish for it: `report` is the kept feedback of the run that is to be made again.
function again.wish(proj, report)
  local asked = report.asked or {}
  local guids = json.list()
  for _, note in ipairs(report.tracks or {}) do guids[#guids + 1] = note.track end
  local start_s = report.start_s or 0
  local wish = {
    at_s = reaper.time_precise(), project = project.id(proj), tracks = guids,
    whole = asked.whole ~= false, part = asked.part, file = asked.file, name = asked.name,
    start_s = start_s, end_s = start_s + (report.duration_s or 0),
  }
  reaper.SetExtState(SECTION, KEY, json.encode(wish), false)
end

--- The job that was wished for a moment ago, for this project; nil if there is none. Where the whole project was wished
--- for and is empty by now, nil and a sentence. `spend` may yield.
function again.take(proj, spend)
  local read, wish = pcall(json.decode, reaper.GetExtState(SECTION, KEY))
  reaper.SetExtState(SECTION, KEY, "", false)
  if not read or type(wish) ~= "table" or wish.project ~= project.id(proj) then return nil end
  if reaper.time_precise() - (wish.at_s or 0) > FRESH_S then return nil end
  if wish.file then -- it is measured, whatever the project has become
    return {file = wish.file, start_s = wish.start_s, part = wish.part, name = wish.name, what = wish.name}
  end
  local chosen = {}
  for _, guid in ipairs(wish.tracks) do chosen[#chosen + 1] = tracks.find(proj, guid) end
  local range = {start_s = wish.start_s, end_s = wish.end_s, whole = false, part = wish.part}
  if wish.whole then
    local sentence
    range, sentence = ranges.project(proj, spend)
    if not range then return nil, sentence end
  end
  return {
    range = range,
    tracks = chosen, what = #chosen > 0 and ("the mix and %d tracks"):format(#chosen) or "the mix",
  }
end

return again
