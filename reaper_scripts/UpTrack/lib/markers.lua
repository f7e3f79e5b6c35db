--[[
UpTrack's markers and regions: placing them, finding them again, and never touching anybody else's.

Every name begins with the tag. What we placed is written into a ledger in the project's extended state, which is saved
in the .rpp: GUID, finding, place and name of each. Only what the ledger holds is ever changed or removed, and of that
only what still is as we left it:

- one that was moved stays where the user put it, for as long as its finding is there;
- one that was renamed is the user's note from then on: it is never changed and never removed by a later run;
- one that is gone stays in the ledger, because undo can bring it back.

`plan` says what there is to do as a list of functions, so that nothing to do means no undo step, and much to do can be
spread over ticks. A finding with a length becomes a region, unless it is about most of the run.
]]

local markers = {}

markers.TAG = "[UpTrack]"

local SECTION, KEY = "UpTrack", "markers"
local MOST_REMEMBERED = 2000
local CUSTOM_COLOUR = 0x1000000
local SHORTEST_REGION_S = 1
local LONGEST_REGION = 0.6 -- of the run
local SAME_S = 1e-4

-- the ledger ----------------------------------------------------------------------------------------------------------

local function read_ledger(proj)
  local _, text = reaper.GetProjExtState(proj, SECTION, KEY)
  local ledger = {}
  for line in text:gmatch("[^\n]+") do
    local guid, id, region, start_s, end_s, colour, name =
      line:match("^({[%x%-]+})\t([^\t]*)\t([01])\t([^\t]*)\t([^\t]*)\t(%d+)\t(.*)$")
    if guid and tonumber(start_s) and tonumber(end_s) then
      ledger[#ledger + 1] = {
        guid = guid, id = id, region = region == "1", start_s = tonumber(start_s), end_s = tonumber(end_s),
        colour = math.tointeger(tonumber(colour)), name = name,
      }
    end
  end
  return ledger
end

--- Seconds with a decimal point whatever a plug-in made of the locale.
local function number(value)
  return (("%.9f"):format(value):gsub(",", "."))
end

local function write_ledger(proj, ledger)
  local lines = {}
  for index = math.max(1, #ledger - MOST_REMEMBERED + 1), #ledger do
    local one = ledger[index]
    lines[#lines + 1] = table.concat({
      one.guid, one.id, one.region and "1" or "0", number(one.start_s), number(one.end_s), ("%d"):format(one.colour),
      one.name,
    }, "\t")
  end
  local text = table.concat(lines, "\n")
  local _, before = reaper.GetProjExtState(proj, SECTION, KEY)
  if text ~= before then reaper.SetProjExtState(proj, SECTION, KEY, text) end
end

-- what is there -------------------------------------------------------------------------------------------------------

local function guid_of(proj, index)
  local found, guid = reaper.GetSetProjectInfo_String(proj, "MARKER_GUID:" .. index, "", false)
  return found and guid:match("^{[%x%-]+}$") or nil
end

local function index_of(proj, guid)
  local found, index = reaper.GetSetProjectInfo_String(proj, "MARKER_INDEX_FROM_GUID:" .. guid, "", false)
  return found and math.tointeger(tonumber(index)) or nil
end

local function at(proj, index)
  local found, region, start_s, end_s, name, shown_number, colour = reaper.EnumProjectMarkers3(proj, index)
  if found == 0 then return nil end
  return {region = region, start_s = start_s, end_s = end_s, name = name, number = shown_number, colour = colour}
end

--- The ledger's entry as it is on the timeline now; nil if it is gone.
local function there(proj, entry)
  local index = index_of(proj, entry.guid)
  -- The index is asked again: a wrong answer here would cost somebody else's marker.
  if not index or index < 0 or guid_of(proj, index) ~= entry.guid then return nil end
  local now = at(proj, index)
  if now then now.index = index end
  return now
end

local function renamed(entry, now)
  return now.name ~= entry.name
end

local function moved(entry, now)
  return math.abs(now.start_s - entry.start_s) > SAME_S
    or entry.region and math.abs(now.end_s - entry.end_s) > SAME_S
end

--- Whether the marker at an index is on the ledger.
function markers.ours(proj)
  local known = {}
  for _, entry in ipairs(read_ledger(proj)) do known[entry.guid] = true end
  return function(index) return known[guid_of(proj, index) or ""] or false end
end

-- what is wanted ------------------------------------------------------------------------------------------------------

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

local function entry_for(marker, options)
  if type(marker.start_s) ~= "number" then return nil end
  local end_s = type(marker.end_s) == "number" and marker.end_s or marker.start_s
  local length_s = end_s - marker.start_s
  local region = options.regions and length_s >= SHORTEST_REGION_S and length_s <= LONGEST_REGION * options.run_s
  return {
    id = (tostring(marker.id):gsub("%c", " ")),
    region = region,
    start_s = marker.start_s,
    end_s = region and end_s or marker.start_s,
    colour = colour_of(marker.colour),
    name = name_of(marker),
  }
end

local function same(entry, wanted)
  return entry.name == wanted.name and entry.colour == wanted.colour and entry.region == wanted.region
    and not moved(entry, wanted)
end

-- doing it ------------------------------------------------------------------------------------------------------------

--- GUID of what has just been added under this number.
local function guid_of_number(proj, added, wanted)
  for index = reaper.CountProjectMarkers(proj) - 1, 0, -1 do
    local now = at(proj, index)
    if now and now.region == wanted.region and now.number == added and now.name == wanted.name then
      return guid_of(proj, index)
    end
  end
  return nil
end

local function add(proj, wanted)
  local added = reaper.AddProjectMarker2(
    proj, wanted.region, wanted.start_s, wanted.end_s, wanted.name, -1, wanted.colour
  )
  return added >= 0 and guid_of_number(proj, added, wanted) or nil
end

local function delete(proj, entry)
  local now = there(proj, entry)
  if now then reaper.DeleteProjectMarkerByIndex(proj, now.index) end
end

local function change(proj, entry, wanted)
  local now = there(proj, entry)
  if not now then return end
  reaper.SetProjectMarkerByIndex2(
    proj, now.index, wanted.region, wanted.start_s, wanted.end_s, now.number, wanted.name, wanted.colour, 0
  )
end

--- Which entry stands for a finding: of several (undo brought one back) the one that was placed last.
local function holders(proj, ledger)
  local by_id, states = {}, {}
  for index = #ledger, 1, -1 do
    local entry = ledger[index]
    local now = there(proj, entry)
    if now then
      states[entry] = now
      if not by_id[entry.id] then by_id[entry.id] = entry end
    end
  end
  return by_id, states
end

--- What has to be done so that the timeline shows `wanted` (markers of a feedback).
---   options.regions  findings with a length become regions
---   options.run_s    length of the run in seconds
---   options.from_s, options.to_s  only this part was measured: what lies outside it stays
--- Returns {operations, placed, skipped, finish}: run all operations, then `finish`, which writes the ledger.
function markers.plan(proj, wanted, options)
  local ledger = read_ledger(proj)
  local by_id, states = holders(proj, ledger)
  local plan = {operations = {}, placed = {}, skipped = {}}
  local is_wanted = {}
  local function later(operation) plan.operations[#plan.operations + 1] = operation end

  for _, marker in ipairs(wanted) do
    local entry, goal = by_id[marker.id], entry_for(marker, options)
    is_wanted[marker.id] = true
    if not goal then
      plan.skipped[#plan.skipped + 1] = marker.id
    elseif entry and (renamed(entry, states[entry]) or moved(entry, states[entry])) then
      plan.placed[#plan.placed + 1] = marker.id -- the user's hand was on it
    elseif entry and entry.region == goal.region then
      plan.placed[#plan.placed + 1] = marker.id
      if not same(entry, goal) then
        later(function()
          change(proj, entry, goal)
          entry.start_s, entry.end_s, entry.name, entry.colour = goal.start_s, goal.end_s, goal.name, goal.colour
        end)
      end
    else
      later(function()
        if entry then delete(proj, entry) end
        goal.guid = add(proj, goal)
        if goal.guid then ledger[#ledger + 1] = goal end
        local list = goal.guid and plan.placed or plan.skipped
        list[#list + 1] = marker.id
      end)
    end
  end

  local function measured(entry)
    return not options.from_s or entry.start_s >= options.from_s - SAME_S and entry.start_s <= options.to_s + SAME_S
  end
  local released = {}
  for entry, now in pairs(states) do
    local stands = is_wanted[entry.id] and by_id[entry.id] == entry
    if not stands and measured(entry) then
      if renamed(entry, now) then
        released[entry.guid] = true
      else
        later(function() delete(proj, entry) end)
      end
    end
  end

  function plan.finish()
    local kept = {}
    for _, entry in ipairs(ledger) do
      if not released[entry.guid] then kept[#kept + 1] = entry end
    end
    write_ledger(proj, kept)
  end
  return plan
end

--- What has to be done so that no marker of a finding, or with no id of any, is left; also what the user has renamed.
function markers.plan_removal(proj, id)
  local ledger, kept = read_ledger(proj), {}
  local plan = {operations = {}}
  for _, entry in ipairs(ledger) do
    if id and entry.id ~= id then
      kept[#kept + 1] = entry
    elseif there(proj, entry) then
      plan.operations[#plan.operations + 1] = function() delete(proj, entry) end
      if id then kept[#kept + 1] = entry end
    elseif id then
      kept[#kept + 1] = entry
    end
  end
  -- Even where all of them go the ledger stays: undo can bring them back, and they are ours then, too.
  if not id then kept = ledger end
  function plan.finish() write_ledger(proj, kept) end
  return plan
end

return markers
