--[[
The passage of a finding as REAPER's time selection, loop points and repeat: set while somebody listens to it, and what
the user had comes back. Whatever of the three was changed by hand meanwhile is the user's, and stays.

What the user had is kept in REAPER's memory (ExtState, not saved), so that another of our scripts can give it back, and
knows what was really selected. One passage at a time is looped, in whatever project.
]]

local json = require("json")
local project = require("project")

local looping = {}

local SECTION, KEY = "UpTrack loop", "held"
local SAME_S = 1e-4
local SELECTION, LOOP = false, true -- which of REAPER's two ranges

local held_in -- the project this script loops a passage of

local function range_of(proj, which)
  local start_s, end_s = reaper.GetSet_LoopTimeRange2(proj, false, which, 0, 0, false)
  return json.list {start_s, end_s}
end

local function set_range(proj, which, range)
  reaper.GetSet_LoopTimeRange2(proj, true, which, range[1], range[2], false)
end

local function same(one, other)
  return math.abs(one[1] - other[1]) <= SAME_S and math.abs(one[2] - other[2]) <= SAME_S
end

local seen, decoded = "", nil

--- What is kept of the passage that is looped in this project; nil if none is.
local function record_of(proj)
  local text = reaper.GetExtState(SECTION, KEY)
  if text ~= seen then
    local read, value = pcall(json.decode, text)
    seen, decoded = text, read and type(value) == "table" and value or nil
  end
  return decoded and decoded.project == project.known_id(proj) and decoded or nil
end

local function keep(record)
  reaper.SetExtState(SECTION, KEY, record and json.encode(record) or "", false)
end

--- What the user has, or had before a passage was looped: {selection, loop, repeats}, and what is kept of that passage.
local function users(proj)
  local now = {
    selection = range_of(proj, SELECTION), loop = range_of(proj, LOOP), repeats = reaper.GetSetRepeatEx(proj, -1),
  }
  local record = record_of(proj)
  if not record then return now end
  return {
    selection = same(now.selection, record.passage) and record.before.selection or now.selection,
    loop = same(now.loop, record.passage) and record.before.loop or now.loop,
    repeats = now.repeats == 1 and record.before.repeats or now.repeats,
  }, record
end

--- The time selection the user has made: start and end, both the same where nothing is selected.
function looping.selection(proj)
  return table.unpack((users(proj)).selection)
end

--- The finding whose passage this script loops in a project; nil where the user has put the loop elsewhere since.
function looping.finding(proj)
  local record = held_in == proj and record_of(proj)
  return record and same(range_of(proj, LOOP), record.passage) and record.finding or nil
end

--- Give the user back what was there before; nothing happens where no passage is looped.
function looping.give_back(proj)
  local before, record = users(proj)
  if not record then return end
  keep(nil)
  -- The selection first: where REAPER links the two, either sets both.
  set_range(proj, SELECTION, before.selection)
  set_range(proj, LOOP, before.loop)
  reaper.GetSetRepeatEx(proj, before.repeats)
end

--- Give it back wherever this script has taken it.
function looping.end_it()
  local proj = held_in
  held_in = nil
  if proj and reaper.ValidatePtr2(0, proj, "ReaProject*") then looping.give_back(proj) end
end

--- Loop a finding's passage until `give_back`.
function looping.hold(proj, finding, start_s, end_s)
  if held_in ~= proj then looping.end_it() end
  local before = users(proj)
  local passage = json.list {start_s, end_s}
  keep {project = project.id(proj), finding = finding, passage = passage, before = before}
  held_in = proj
  set_range(proj, SELECTION, passage)
  set_range(proj, LOOP, passage)
  reaper.GetSetRepeatEx(proj, 1)
end

return looping
