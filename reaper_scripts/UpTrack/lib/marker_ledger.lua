--[[
What UpTrack has placed on the timeline, kept in the project: a line a marker or region.

  GUID, part, finding, region, start, end, colour, name, and how it came and went: the step that placed it, whether we
  took it away ourselves, the finding's value, and where the user had moved it when we did

An entry stays when its marker is gone, because undo can bring that back.
]]

local kept = require("kept")

local marker_ledger = {}

marker_ledger.KEY = "markers"
marker_ledger.STEPS_AN_ENTRY = 4

local FIELDS = "^({[%x%-]+})\t([^\t]*)\t([^\t]*)\t([01])\t([^\t]*)\t([^\t]*)\t(%d+)\t([^\t]*)\t?([^\t]*)$"
local HISTORY = "^(%S+) ([t-]) (%S+) ?(%S*) ?(%S*)$"

local function entry_of(line)
  local guid, part, id, region, start_s, end_s, colour, name, history = line:match(FIELDS)
  start_s, end_s = tonumber(start_s), tonumber(end_s)
  if not guid or not start_s or not end_s then return nil end
  local step, taken, value, moved_s, moved_end_s = history:match(HISTORY)
  return {
    guid = guid, part = part, id = id, region = region == "1", start_s = start_s, end_s = end_s,
    colour = math.tointeger(tonumber(colour)), name = name, line = line,
    step = step or "-", taken = taken == "t", value = value or "-",
    moved_s = tonumber(moved_s), moved_end_s = tonumber(moved_end_s),
  }
end

--- All entries, oldest first. `spend` is called for each, and may yield. Of two lines about one marker the later one
--- holds: it was added while many were changed.
function marker_ledger.read(proj, spend)
  local text = kept.read(proj, marker_ledger.KEY, spend)
  local ledger, places = {}, {}
  for line in text:gmatch("[^\n]+") do
    local entry = entry_of(line)
    if entry then
      local place = places[entry.guid] or #ledger + 1
      places[entry.guid], ledger[place] = place, entry
      if spend then spend(marker_ledger.STEPS_AN_ENTRY) end
    end
  end
  return ledger
end

--- Seconds with a decimal point whatever a plug-in made of the locale.
local function number(value)
  return (("%.9f"):format(value):gsub(",", "."))
end

--- A finding's value as it is kept, to be told from another only.
function marker_ledger.value_of(value)
  return type(value) == "number" and (("%.6g"):format(value):gsub(",", ".")) or "-"
end

--- Write an entry's line anew; done when the entry changes, so that thousands are not written at once.
function marker_ledger.write(one)
  local history = ("%s %s %s"):format(one.step, one.taken and "t" or "-", one.value)
  if one.moved_s then history = ("%s %s %s"):format(history, number(one.moved_s), number(one.moved_end_s)) end
  one.line = table.concat({
    one.guid, one.part, one.id, one.region and "1" or "0", number(one.start_s), number(one.end_s),
    ("%d"):format(one.colour), one.name, history,
  }, "\t")
end

return marker_ledger
