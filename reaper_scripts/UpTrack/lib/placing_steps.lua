--[[
Which of the steps that placed our markers the project still holds.

A marker may be gone because the user deleted it, or because undo took back the step that placed it; scripts are told of
neither. So each such step leaves its name with the master track, in extended state (P_EXT), which undo takes back
together with the markers: where a marker is gone and the name of its step is there, it was deleted by hand.
]]

local placing_steps = {}

-- Keys of public scripts have no space, and what becomes of one with a space in a project file is not documented. What
-- earlier versions have kept under theirs is read, and taken over by the next step.
local FIELD, OLD_FIELD = "P_EXT:UpTrack_steps", "P_EXT:UpTrack steps"
local MOST_KEPT = 100

local function get(proj, field)
  local _, held = reaper.GetSetMediaTrackInfo_String(reaper.GetMasterTrack(proj), field, "", false)
  return held
end

local function set(proj, text)
  local master = reaper.GetMasterTrack(proj)
  reaper.GetSetMediaTrackInfo_String(master, FIELD, text, true)
  if get(proj, OLD_FIELD) ~= "" then reaper.GetSetMediaTrackInfo_String(master, OLD_FIELD, "", true) end
end

local function text_of(proj)
  return get(proj, OLD_FIELD) .. " " .. get(proj, FIELD)
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
  set(proj, table.concat(names, " ", math.max(1, #names - MOST_KEPT + 1)))
end

--- Operations that take the names away: then every marker counts as taken away by us.
function placing_steps.plan_removal(proj)
  if not text_of(proj):find("%S") then return {} end
  return {function() set(proj, "") end}
end

return placing_steps
