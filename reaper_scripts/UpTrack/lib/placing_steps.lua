--[[
Which of the steps that placed our markers the project still holds.

A marker may be gone because the user deleted it, or because undo took back the step that placed it; scripts are told of
neither. So each such step leaves its name with the master track, in extended state (P_EXT), which undo takes back
together with the markers: where a marker is gone and the name of its step is there, it was deleted by hand.
]]

local placing_steps = {}

local FIELD = "P_EXT:UpTrack steps"
local MOST_KEPT = 100

local function text_of(proj, text)
  local master = reaper.GetMasterTrack(proj)
  local _, held = reaper.GetSetMediaTrackInfo_String(master, FIELD, text or "", text ~= nil)
  return held
end

--- A set of the steps' names.
function placing_steps.held(proj)
  local held = {}
  for name in text_of(proj):gmatch("%S+") do held[name] = true end
  return held
end

--- A name no other step has.
function placing_steps.new()
  return reaper.genGuid(""):sub(2, 9)
end

--- Note a step, inside it.
function placing_steps.note(proj, name)
  local names = {}
  for held in text_of(proj):gmatch("%S+") do names[#names + 1] = held end
  names[#names + 1] = name
  text_of(proj, table.concat(names, " ", math.max(1, #names - MOST_KEPT + 1)))
end

--- Operations that take the names away: then every marker counts as taken away by us.
function placing_steps.plan_removal(proj)
  if text_of(proj) == "" then return {} end
  return {function() text_of(proj, "") end}
end

return placing_steps
