--[[
What part of a project is rendered: all of it, the time selection, or each region. A range is
{start_s, end_s, whole, is_ended, part, name}; `is_ended` says that the user has said where it ends, `part` names it
where it is not the project, so that versions of it are compared with it, and `name` is what the user calls a region.
]]

local looping = require("looping")
local markers = require("markers")
local part_names = require("part_names")

local ranges = {}

local SHORTEST_S = 1
local STEPS_A_MARKER = 2
local STEPS_AN_ITEM = 3 -- five calls
local MOST_LOOKS = 4 -- somebody who drags a fader changes the project in every round
local MOST = 0.6 -- of a run: what is longer is about all of it

--- Where the last media item ends. What REAPER calls the project's length counts markers, regions and tempo markers as
--- well: a region of ideas behind the song would be rendered as silence.
local function end_of_items(proj, spend)
  local end_s, index = 0, 0
  while index < reaper.CountMediaItems(proj) do
    local item = reaper.GetMediaItem(proj, index) -- and not held while `spend` yields: it may be deleted by then
    if item then
      local start_s = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
      end_s = math.max(end_s, start_s + reaper.GetMediaItemInfo_Value(item, "D_LENGTH"))
    end
    index = index + 1
    spend(STEPS_AN_ITEM)
  end
  return end_s
end

--- Where the user's own =START and =END markers stand, which REAPER's render of the entire project goes by (User Guide,
--- 21.3); nil for one that is not there.
local function users_bounds(proj, spend)
  local found, index = {}, 0
  while index < reaper.CountProjectMarkers(proj) do
    local _, region, at_s, _, name = reaper.EnumProjectMarkers3(proj, index)
    if not region and (name == "=START" or name == "=END") then found[name] = found[name] or at_s end
    index = index + 1
    spend(STEPS_A_MARKER)
  end
  return found["=START"], found["=END"]
end

--- All of it: up to the end of the last item, or as the user's =START and =END say. `spend` may yield.
function ranges.project(proj, spend)
  local start_s, end_s = users_bounds(proj, spend)
  local last_s = end_of_items(proj, spend)
  local is_ended = end_s ~= nil
  start_s, end_s = start_s or 0, end_s or last_s
  if last_s < SHORTEST_S then return nil, "The project is empty: there is nothing to render." end
  if end_s - start_s < SHORTEST_S then
    return nil, "There is less than a second to render: look at the project's =START and =END markers."
  end
  return {start_s = start_s, end_s = end_s, whole = true, is_ended = is_ended}
end

--- What the user has selected, also while the window loops a passage over it; nil if nothing.
function ranges.selection(proj)
  local start_s, end_s = looping.selection(proj)
  if end_s - start_s < SHORTEST_S then return nil end
  return {start_s = start_s, end_s = end_s, part = part_names.selection(start_s, end_s)}
end

local function regions_once(proj, is_ours, spend)
  local list, of_a_name = {}, {}
  local count = reaper.CountProjectMarkers(proj)
  for index = 0, count - 1 do
    local _, region, start_s, end_s, name, number = reaper.EnumProjectMarkers3(proj, index)
    if region and end_s - start_s >= SHORTEST_S and not is_ours(index) then
      local called = name ~= "" and name or ("region %d"):format(number)
      of_a_name[called] = (of_a_name[called] or 0) + 1
      local part = part_names.region(markers.guid_of(proj, index), called, of_a_name[called])
      list[#list + 1] = {start_s = start_s, end_s = end_s, part = part, name = called}
    end
    spend(STEPS_A_MARKER)
  end
  return list
end

--- The project's regions that are not ours, in order. `spend` is called for each, and may yield.
function ranges.regions(proj, spend)
  local is_ours = markers.ours(proj, spend)
  local list
  for _ = 1, MOST_LOOKS do
    local changes = reaper.GetProjectStateChangeCount(proj)
    list = regions_once(proj, is_ours, spend)
    -- Markers move to another number where one was added or deleted meanwhile.
    if reaper.GetProjectStateChangeCount(proj) == changes then break end
  end
  if #list == 0 then return nil, "The project has no region of a second or longer to render." end
  return list
end

--- Whether a finding is about most of its run.
function ranges.is_most(finding, report)
  local start_s = math.max(finding.start_s, report.start_s)
  local end_s = math.min(finding.end_s, report.start_s + report.duration_s)
  return end_s - start_s > MOST * report.duration_s
end

--- The passage to render again after a fix: the finding's place with a little around it, never longer than the run.
--- Nil where the finding is about most of the run: then all of it has to be measured again.
function ranges.around(finding, report)
  local from_s, to_s = report.start_s, report.start_s + report.duration_s
  local start_s, end_s = math.max(finding.start_s, from_s), math.min(finding.end_s, to_s)
  if ranges.is_most(finding, report) then return nil end
  local more_s = math.max(2, (12 - (end_s - start_s)) / 2)
  start_s, end_s = math.max(start_s - more_s, from_s), math.min(end_s + more_s, to_s)
  return {start_s = start_s, end_s = end_s}
end

return ranges
