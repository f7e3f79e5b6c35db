--[[
The passage of a finding as REAPER's time selection, loop points and repeat: set while somebody listens to it, and what
the user had comes back. Whatever of the three was changed by hand meanwhile is the user's, and stays.

What the user had is kept in the project, so that another of our scripts can give it back, and so can we where a project
was saved and closed meanwhile: the passage is then what REAPER has saved as its selection.

While something is recorded nothing is changed, because a loop that moves cuts the take: it is given back once that has
ended.
]]

local project = require("project")

local looping = {}

local SECTION, KEY = "UpTrack", "loop"
local MEMORY = "UpTrack loop" -- a section of REAPER's memory, which undo takes nothing away from
local SAME_S = 1e-4
local SELECTION, LOOP = false, true -- which of REAPER's two ranges

local RECORDING = 4 -- of GetPlayStateEx

local waiting = {} -- projects that get back what they had once their take has ended
local held_in, held_song -- the project this script loops a passage of, and what song that is

local function range_of(proj, which)
  local start_s, end_s = reaper.GetSet_LoopTimeRange2(proj, false, which, 0, 0, false)
  return {start_s, end_s}
end

local function set_range(proj, which, range)
  reaper.GetSet_LoopTimeRange2(proj, true, which, range[1], range[2], false)
end

local function same(one, other)
  return math.abs(one[1] - other[1]) <= SAME_S and math.abs(one[2] - other[2]) <= SAME_S
end

-- Numbers and the finding's id, between spaces: without the characters that REAPER may lose when it saves a project.
local FORM = "%.17g %.17g %.17g %.17g %.17g %.17g %d"

local function keep(proj, record)
  local text = ""
  if record then
    local before = record.before
    -- With decimal points whatever a plug-in made of the locale.
    text = FORM:format(
      record.passage[1], record.passage[2], before.selection[1], before.selection[2], before.loop[1], before.loop[2],
      before.repeats
    ):gsub(",", ".") .. " " .. record.finding
  end
  reaper.SetProjExtState(proj, SECTION, KEY, text)
  reaper.SetExtState(MEMORY, project.known_id(proj) or held_song or "", text, false)
end

local seen, parsed = "", nil

local function read(text)
  local values = {}
  for value in text:gmatch("%S+") do values[#values + 1] = value end
  if #values ~= 8 then return nil end
  for index = 1, 7 do
    values[index] = tonumber(values[index])
    if not values[index] then return nil end
  end
  return {
    passage = {values[1], values[2]}, finding = values[8],
    before = {selection = {values[3], values[4]}, loop = {values[5], values[6]}, repeats = math.floor(values[7])},
  }
end

--- Whether this script loops a passage of the song in a project: REAPER may load another one into its tab. Undo may
--- have taken the song's id away.
local function is_ours(proj)
  local song = project.known_id(proj)
  return held_in == proj and (song == held_song or song == nil)
end

local function kept_in(proj)
  local _, text = reaper.GetProjExtState(proj, SECTION, KEY)
  if text ~= seen then seen, parsed = text, read(text) end
  return parsed
end

--- What is kept of the passage that is looped in this project, also where undo has taken it away; nil if none is.
local function record_of(proj)
  return kept_in(proj) or is_ours(proj) and read(reaper.GetExtState(MEMORY, held_song)) or nil
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
  local record = is_ours(proj) and record_of(proj)
  return record and same(range_of(proj, LOOP), record.passage) and record.finding or nil
end

--- What undo has brought back, or taken away, is only believed where the passage still stands.
local function give_back(proj, is_doubtful)
  local before, record = users(proj)
  if not record then return end
  keep(proj, nil)
  local stands = same(range_of(proj, SELECTION), record.passage) or same(range_of(proj, LOOP), record.passage)
  if is_doubtful and not stands then return end
  -- The selection first: where REAPER links the two, either sets both.
  set_range(proj, SELECTION, before.selection)
  set_range(proj, LOOP, before.loop)
  reaper.GetSetRepeatEx(proj, before.repeats)
end

local function is_recording(proj)
  return reaper.GetPlayStateEx(proj) & RECORDING ~= 0
end

local function wait_for_the_take(proj)
  if not waiting[proj] then return end
  if not reaper.ValidatePtr2(0, proj, "ReaProject*") then
    waiting[proj] = nil
  elseif is_recording(proj) then
    reaper.defer(function() wait_for_the_take(proj) end)
  else
    looping.give_back(proj)
  end
end

--- Give the user back what was there before, or where something is recorded, in `defer` once that has ended; nothing
--- happens where no passage is looped.
function looping.give_back(proj)
  if not is_recording(proj) then
    waiting[proj] = nil
    give_back(proj, not kept_in(proj))
  elseif record_of(proj) and not waiting[proj] then
    waiting[proj] = true
    wait_for_the_take(proj)
  end
end

--- Give back what a script that is gone has left: the project was closed, or REAPER was, while a passage was looped.
function looping.clear_leftover(proj)
  if not is_ours(proj) then give_back(proj, true) end
end

--- Give it back as the script ends, when nothing can wait any more: a take keeps it, and the next window gives it back.
function looping.end_now()
  local proj = held_in
  if proj and reaper.ValidatePtr2(0, proj, "ReaProject*") and not is_recording(proj) then looping.give_back(proj) end
  held_in = nil
end

--- Give it back wherever this script has taken it.
function looping.end_it()
  local proj = held_in
  if proj and reaper.ValidatePtr2(0, proj, "ReaProject*") then looping.give_back(proj) end
  held_in = nil
end

--- Loop a finding's passage until `give_back`.
function looping.hold(proj, finding, start_s, end_s)
  if held_in ~= proj then looping.end_it() end
  waiting[proj] = nil
  local before = users(proj)
  local passage = {start_s, end_s}
  held_in, held_song = proj, project.id(proj)
  keep(proj, {finding = finding, passage = passage, before = before})
  set_range(proj, SELECTION, passage)
  set_range(proj, LOOP, passage)
  reaper.GetSetRepeatEx(proj, 1)
end

return looping
