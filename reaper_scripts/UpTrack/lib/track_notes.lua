--[[
What a report says of a track, kept with the track: in its own extended state (P_EXT), which any REAPER has and saves,
and, only where the user asked for it and SWS is installed, in SWS's track notes between two lines of ours.
]]

local edits = require("edits")
local tracks = require("tracks")

local track_notes = {}

local FIELD = "P_EXT:UpTrack"
local STEPS_A_TRACK = 2
local BEGIN, FINISH = "--- UpTrack ---", "--- end of UpTrack ---"

local function note_of(track)
  local _, text = reaper.GetSetMediaTrackInfo_String(track, FIELD, "", false)
  return text
end

local function sws_there()
  return reaper.APIExists("NF_GetSWSTrackNotes") and reaper.APIExists("NF_SetSWSTrackNotes")
end

--- The user's own notes with our part changed; an empty text takes our part away.
local function with_ours(notes, text)
  local before, after = notes, ""
  local first = notes:find(BEGIN, 1, true)
  if first then
    local _, last = notes:find(FINISH, first, true)
    if not last then return notes end -- the user took our last line away: where we end, nobody can tell
    before, after = notes:sub(1, first - 1), notes:sub(last + 1)
  end
  if text == "" then return first and (before:gsub("\n$", "") .. after) or notes end
  local gap = (before == "" or before:sub(-1) == "\n") and "" or "\n"
  return before .. gap .. BEGIN .. "\n" .. text .. "\n" .. FINISH .. after
end

local function set(track, text, in_sws)
  reaper.GetSetMediaTrackInfo_String(track, FIELD, text, true)
  if not in_sws then return end
  local notes = reaper.NF_GetSWSTrackNotes(track)
  local wanted = with_ours(notes, text)
  if wanted ~= notes then reaper.NF_SetSWSTrackNotes(track, wanted) end
end

--- An operation that gives a track this note, if it is still there by then.
local function setting(proj, track, text, in_sws)
  return edits.cheap(function()
    if not reaper.ValidatePtr2(proj, track, "MediaTrack*") then return false end
    set(track, text, in_sws)
  end)
end

--- What has to be done so that each track has the note of `wanted` (tracks of a feedback): a list of operations.
--- `spend` is called for each track, and may yield.
function track_notes.plan(proj, wanted, in_sws, spend)
  local operations, find = {}, tracks.finder(proj, spend)
  in_sws = in_sws and sws_there()
  for _, note in ipairs(wanted) do
    local track = note.track and find(note.track)
    if track and note_of(track) ~= note.text then
      operations[#operations + 1] = setting(proj, track, note.text, in_sws)
    end
    spend(STEPS_A_TRACK)
  end
  return operations
end

--- What has to be done so that no track has a note of ours.
function track_notes.plan_removal(proj, spend)
  local operations = {}
  for index = reaper.CountTracks(proj) - 1, 0, -1 do
    local track = reaper.GetTrack(proj, index) -- nil where tracks were deleted meanwhile
    if track and note_of(track) ~= "" then
      operations[#operations + 1] = setting(proj, track, "", sws_there())
    end
    spend(STEPS_A_TRACK)
  end
  return operations
end

return track_notes
