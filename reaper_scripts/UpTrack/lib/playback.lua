--[[
What has been played without a break: what ties live audio, which brings no position, to the timeline.

The results window watches the play cursor in every round and leaves what it saw in REAPER's memory (ExtState, not
saved). Where nobody watched, REAPER's own habit says it: playback begins at the edit cursor, which also goes where the
user jumps to while it plays. Times are project seconds; positions are those of the audio engine, which is what an
effect on the master has just let through.
]]

local project = require("project")

local playback = {}

local SECTION, KEY = "UpTrack playback", "heard"
local PLAYING, PAUSED = 1, 2
local JUMP_S = 0.2 -- positions move by audio blocks
local FRESH_S = 1 -- a watcher sees it more often
local NOT_PLAYING = "nothing is playing, and nobody watched what was played. Play the passage and run this action "
  .. "meanwhile, or keep UpTrack: Results open: it notes what you play."
local LONG_AGO_S = 600 -- no more is kept
local LONG_AGO = "what was played last is too long ago: play the passage again."
local OTHER_RATE = "the play rate is not 1, so what is heard is not the mix. Set it to 1 and play the passage again."

local function is_playing(proj)
  local state = reaper.GetPlayStateEx(proj)
  return state & PLAYING ~= 0 and state & PAUSED == 0
end

local function at_full_speed(proj)
  return math.abs(reaper.Master_GetPlayRate(proj) - 1) < 1e-6
end

--- What a project is called while it has no id of ours: who only plays is given none, for it would be kept in the
--- project. One that gets its id between playing and pressing is still found by this.
local function provisional(proj)
  return ((tostring(proj) .. "/" .. reaper.GetProjectName(proj)):gsub("%s", "_"))
end

local function keep(id, from_s, to_s, now_s)
  reaper.SetExtState(SECTION, KEY, ("%s %.6f %.6f %.6f"):format(id, from_s, to_s, now_s), false)
end

--- What was watched last of this project: from, to, and when that was; nil if nothing was.
local function watched(proj)
  local text = reaper.GetExtState(SECTION, KEY):gsub(",", ".") -- a plug-in may have set a decimal comma
  local id, from_s, to_s, at_s = text:match("^(%S+) (%S+) (%S+) (%S+)$")
  if not id or id ~= project.known_id(proj) and id ~= provisional(proj) then return nil end
  return tonumber(from_s), tonumber(to_s), tonumber(at_s)
end

--- Look at the play cursor once; called in every round.
function playback.watch(proj, now_s)
  if not is_playing(proj) then return end
  local from_s, to_s, at_s = watched(proj)
  local position_s = reaper.GetPlayPosition2Ex(proj)
  local goes_on = from_s and math.abs((position_s - to_s) - (now_s - at_s)) <= JUMP_S
  if not (goes_on and at_full_speed(proj)) then from_s = position_s end
  keep(project.known_id(proj) or provisional(proj), from_s, position_s, now_s)
end

--- Where playback that nobody watched has begun, as far as that is certain.
local function begin_of(proj, position_s)
  local cursor_s = reaper.GetCursorPositionEx(proj)
  if reaper.GetSetRepeatEx(proj, -1) == 1 then
    local from_s, to_s = reaper.GetSet_LoopTimeRange2(proj, false, true, 0, 0, false)
    -- It may have come round since: certain is what lies after the loop's beginning, and after the cursor.
    if from_s <= position_s and position_s < to_s then
      return cursor_s <= position_s and math.max(cursor_s, from_s) or from_s
    end
  end
  return cursor_s
end

--- What was played last without a break: {seconds, ago_s, until_s}; nil and a sentence where nobody can say.
function playback.heard(proj, now_s)
  local from_s, to_s, at_s = watched(proj)
  if not is_playing(proj) then
    if not from_s or to_s <= from_s then return nil, NOT_PLAYING end
    if now_s - at_s > LONG_AGO_S then return nil, LONG_AGO end
    return {seconds = to_s - from_s, ago_s = now_s - at_s, until_s = to_s}
  end
  if not at_full_speed(proj) then return nil, OTHER_RATE end
  local position_s = reaper.GetPlayPosition2Ex(proj)
  local is_watched = from_s and now_s - at_s <= FRESH_S
    and math.abs((position_s - to_s) - (now_s - at_s)) <= JUMP_S
  if not is_watched then from_s = begin_of(proj, position_s) end
  if from_s >= position_s then return nil, NOT_PLAYING end
  return {seconds = position_s - from_s, ago_s = 0, until_s = position_s}
end

return playback
