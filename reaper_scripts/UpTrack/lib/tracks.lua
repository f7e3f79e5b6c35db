--[[
Tracks by their GUID, which is what a track is called on the wire: names repeat and numbers move.
]]

local tracks = {}

local MASTER = "master"
local STEPS_A_TRACK = 2
local CHANNEL = 1023 -- the bits of I_DSTCHAN that say which

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

local RECEIVES = -1 -- a category of sends
local NO_AUDIO = -1

--- Whether a receive brings a bus the sound its channels 1 and 2 pass on: not MIDI only, nor a side-chain's key.
local function is_heard(bus, receive)
  local function value(name) return reaper.GetTrackSendInfo_Value(bus, RECEIVES, receive, name) end
  return value("B_MUTE") == 0 and value("I_SRCCHAN") ~= NO_AUDIO
    and (math.tointeger(value("I_DSTCHAN")) or 0) & CHANNEL < 2
end

--- Of tracks that are to be stems, the buses others of them are sent to: {bus, sources = tracks}...
function tracks.fed_by_others(chosen)
  local is_chosen, list = {}, {}
  for _, track in ipairs(chosen) do is_chosen[track] = true end
  for _, bus in ipairs(chosen) do
    local sources = {}
    for receive = 0, reaper.GetTrackNumSends(bus, RECEIVES) - 1 do
      local source = reaper.GetTrackSendInfo_Value(bus, RECEIVES, receive, "P_SRCTRACK")
      if is_chosen[source] and is_heard(bus, receive) then sources[#sources + 1] = source end
    end
    if #sources > 0 then list[#list + 1] = {bus = bus, sources = sources} end
  end
  return list
end

return tracks
