--[[
The project's tempo map as the daemon wants it: a list of points, each holding until the next.

REAPER counts tempo in quarter notes and shows beats of the signature's denominator; `bpm` here counts the shown beats,
so 6/8 at 120 is sent as 240 with six beats a bar. A gradual tempo change is sent as one point a bar with the bar's mean
tempo. Bar numbers are the ruler's, the project's start offset included.
]]

local json = require("json")

local tempo_map = {}

local MOST_POINTS = 10000
local STEPS_A_POINT = 4
local A_MOMENT_S = 1e-6
local SAME_BEAT = 1e-4

--- The ruler's bar number if a bar starts at this time.
local function bar_at(project, time_s)
  local beat, measure = reaper.TimeMap2_timeToBeats(project, time_s)
  if math.abs(beat) > SAME_BEAT then return nil end
  local shown = reaper.format_timestr_pos(time_s + A_MOMENT_S, "", 2):match("^(-?%d+)%.")
  return shown and math.tointeger(tonumber(shown)) or measure + 1
end

local function point_at(project, time_s, quarter_bpm)
  local beats, denominator = reaper.TimeMap_GetTimeSigAtTime(project, time_s + A_MOMENT_S)
  return {
    time_s = time_s,
    bpm = quarter_bpm * denominator / 4,
    beats_per_bar = beats,
    bar = bar_at(project, time_s),
  }
end

--- One point a bar from `from_s` until `until_s`, with each bar's mean tempo.
local function along_ramp(project, points, from_s, until_s, spend)
  local start_s = from_s
  while start_s < until_s - A_MOMENT_S and #points < MOST_POINTS do
    local _, measure = reaper.TimeMap2_timeToBeats(project, start_s + A_MOMENT_S)
    local end_s = math.min(reaper.TimeMap2_beatsToTime(project, 0, measure + 1), until_s)
    if end_s <= start_s + A_MOMENT_S then break end
    -- Which beats TimeMap2_timeToBeats counts from the project's start, its documentation does not say.
    local quarters = reaper.TimeMap2_timeToQN(project, end_s) - reaper.TimeMap2_timeToQN(project, start_s)
    points[#points + 1] = point_at(project, start_s, quarters * 60 / (end_s - start_s))
    start_s = end_s
    spend(STEPS_A_POINT)
  end
end

--- All tempo points of a project, which has to be in front. `spend` is called for each, and may yield.
function tempo_map.read(project, spend)
  local points = json.list()
  local count = reaper.CountTempoTimeSigMarkers(project)
  local _, _, first_bpm = reaper.TimeMap_GetTimeSigAtTime(project, 0)
  if count == 0 then
    points[1] = point_at(project, 0, first_bpm)
    return points
  end
  for index = 0, math.min(count, MOST_POINTS) - 1 do
    local found, time_s, _, _, bpm, _, _, gradual = reaper.GetTempoTimeSigMarker(project, index)
    if found then
      local more, next_s = reaper.GetTempoTimeSigMarker(project, index + 1)
      if gradual and index + 1 < count and more then
        along_ramp(project, points, time_s, next_s, spend)
      else
        points[#points + 1] = point_at(project, time_s, bpm)
        spend(STEPS_A_POINT)
      end
    end
  end
  return points
end

return tempo_map
