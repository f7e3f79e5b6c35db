--[[
UpTrack's markers on the timeline: placing them, finding them again, and never touching anybody else's.

Every marker's name begins with the tag. What we placed is remembered by GUID in the project's extended state, which is
saved in the .rpp; only markers on that list are ever removed. The list keeps earlier runs' GUIDs too, because undo can
bring those markers back. One run is one undo step.
]]

local markers = {}

markers.TAG = "[UpTrack]"

local SECTION, KEY = "UpTrack", "markers"
local MOST_REMEMBERED = 2000
local CUSTOM_COLOUR = 0x1000000
local WHOLE_STATE = -1

local function guid_of(project, index)
  local found, guid = reaper.GetSetProjectInfo_String(project, "MARKER_GUID:" .. index, "", false)
  return found and guid:match("^{[%x%-]+}$") or nil
end

local function remembered(project)
  local _, text = reaper.GetProjExtState(project, SECTION, KEY)
  local guids, known = {}, {}
  for guid in text:gmatch("{[%x%-]+}") do
    if not known[guid] then
      known[guid] = true
      guids[#guids + 1] = guid
    end
  end
  return guids, known
end

local function remember(project, guids)
  local from = math.max(1, #guids - MOST_REMEMBERED + 1)
  reaper.SetProjExtState(project, SECTION, KEY, table.concat(guids, "", from))
end

local function count(project)
  return (reaper.CountProjectMarkers(project))
end

--- Remove every marker on our list; from the end, because removing renumbers what follows.
local function remove_ours(project, known)
  for index = count(project) - 1, 0, -1 do
    local guid = guid_of(project, index)
    if guid and known[guid] then reaper.DeleteProjectMarkerByIndex(project, index) end
  end
end

local function colour_of(text)
  local red, green, blue = tostring(text):match("^#(%x%x)(%x%x)(%x%x)$")
  if not red then return 0 end
  return reaper.ColorToNative(tonumber(red, 16), tonumber(green, 16), tonumber(blue, 16)) | CUSTOM_COLOUR
end

--- A marker's name: one line, whatever the text holds.
local function name_of(marker)
  local text = ("%s %s: %s"):format(markers.TAG, marker.severity or "info", marker.text or marker.rule or "")
  return (text:gsub("%c+", " "))
end

--- GUID of the marker that has just been added under this number.
local function guid_of_number(project, number, name)
  for index = count(project) - 1, 0, -1 do
    local _, region, _, _, found_name, found_number = reaper.EnumProjectMarkers3(project, index)
    if not region and found_number == number and found_name == name then return guid_of(project, index) end
  end
  return nil
end

local function add(project, marker)
  if type(marker.start_s) ~= "number" then return nil end
  local name, colour = name_of(marker), colour_of(marker.colour)
  local number = reaper.AddProjectMarker2(project, false, marker.start_s, marker.start_s, name, -1, colour)
  if number < 0 then return nil end
  return guid_of_number(project, number, name)
end

--- Put a run's markers in place of the last run's; returns the ids that are placed and those that are not.
function markers.place(project, wanted)
  local placed, skipped = {}, {}
  reaper.Undo_BeginBlock2(project)
  reaper.PreventUIRefresh(1)
  local done, problem = pcall(function()
    local guids, known = remembered(project)
    remove_ours(project, known)
    for _, marker in ipairs(wanted) do
      local guid = add(project, marker)
      if guid then guids[#guids + 1] = guid end
      local list = guid and placed or skipped
      list[#list + 1] = marker.id
    end
    remember(project, guids)
  end)
  -- Whatever happened: REAPER must get its screen and its undo block back.
  reaper.PreventUIRefresh(-1)
  reaper.Undo_EndBlock2(project, ("UpTrack: place %d markers"):format(#placed), WHOLE_STATE)
  reaper.UpdateTimeline()
  if not done then error(problem, 0) end
  return placed, skipped
end

return markers
