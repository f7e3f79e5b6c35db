--[[
Tracks by their GUID, which is what a track is called on the wire: names repeat and numbers move.
]]

local tracks = {}

local MASTER = "master"
local STEPS_A_TRACK = 2

function tracks.guid(track)
  return reaper.GetTrackGUID(track)
end

function tracks.name(track)
  local _, name = reaper.GetTrackName(track)
  return name
end

--- A track's own colour as "#rrggbb"; nil where it has none.
function tracks.colour(track)
  local colour = reaper.GetTrackColor(track)
  if colour == 0 then return nil end
  local red, green, blue = reaper.ColorFromNative(colour & 0xFFFFFF)
  return ("#%02x%02x%02x"):format(red, green, blue)
end

--- A track of the project by its GUID; nil if it is gone. "master" is the master track.
function tracks.find(proj, guid)
  if guid == MASTER then return reaper.GetMasterTrack(proj) end
  for index = 0, reaper.CountTracks(proj) - 1 do
    local track = reaper.GetTrack(proj, index)
    if reaper.GetTrackGUID(track) == guid then return track end
  end
  return nil
end

--- A function that finds tracks of the project by their GUID, for many of them: the project is read once, `spend` may
--- yield meanwhile, and a track that was deleted since is not found.
function tracks.finder(proj, spend)
  local by_guid, count
  local function read()
    repeat
      by_guid, count = {}, reaper.CountTracks(proj)
      for index = 0, count - 1 do
        local track = reaper.GetTrack(proj, index)
        if track then by_guid[reaper.GetTrackGUID(track)] = track end
        spend(STEPS_A_TRACK)
      end
    until reaper.CountTracks(proj) == count -- or somebody has added or deleted some meanwhile
  end
  return function(guid)
    if guid == MASTER then return reaper.GetMasterTrack(proj) end
    if not by_guid then read() end
    local track = by_guid[guid]
    return track and reaper.ValidatePtr2(proj, track, "MediaTrack*") and track or nil
  end
end

--- The tracks that are selected, in order. A folder is left out where a track inside it is selected too: both
--- together would hold the same sound twice.
function tracks.selected(proj)
  local chosen, parents = {}, {}
  for index = 0, reaper.CountSelectedTracks(proj) - 1 do
    local track = reaper.GetSelectedTrack(proj, index)
    chosen[#chosen + 1] = track
    local parent = reaper.GetParentTrack(track)
    while parent do
      parents[reaper.GetTrackGUID(parent)] = true
      parent = reaper.GetParentTrack(parent)
    end
  end
  local list, left_out = {}, {}
  for _, track in ipairs(chosen) do
    local into = parents[reaper.GetTrackGUID(track)] and left_out or list
    into[#into + 1] = track
  end
  return list, left_out
end

return tracks
