--[[
What the daemon is told of a project: its name, where it lies, an id that stays, its bars, its key if it is noted.

The id is ours: a GUID in the project's extended state, made at the first analysis and saved with the .rpp, so that
"Warehouse v2.rpp" saved from "Warehouse.rpp" is the next version of the same song, whatever it is called. A song made
from a template that holds the id of another one looks the same from here: so the user is told, once, whose next version
a project is taken for, and can say that it is none (another_song.lua).
]]

local kept = require("kept")
local tempo_map = require("tempo_map")
local tracks = require("tracks")

local project = {}

local SECTION = "UpTrack"

local MOST_MARKS = 8 -- tracks a song is known by where its id is gone

local songs = {} -- by pointer: the song that was in it when we began: its id, its name, the GUIDs of its first tracks

--- The project's own id; nil if it has none yet.
function project.known_id(proj)
  local _, id = reaper.GetProjExtState(proj, SECTION, "project")
  return id:match("^{[%x%-]+}$")
end

--- Whether a project without an id is the song all the same: it has its name and one of its tracks. REAPER does not say
--- whether undo takes back what scripts keep in a project, and our id with it.
local function is_known_by_its_tracks(proj, song)
  if reaper.GetProjectName(proj) ~= song.name then return false end
  for _, guid in ipairs(song.tracks) do
    if tracks.find(proj, guid) then return true end
  end
  return false
end

--- Whether the song of this id is in a project. Where undo has taken its id, it gets it back.
function project.holds(proj, id)
  local known, song = project.known_id(proj), songs[proj]
  if known then return known == id end
  if not song or song.id ~= id or not is_known_by_its_tracks(proj, song) then return false end
  reaper.SetProjExtState(proj, SECTION, "project", id)
  return true
end

--- Whether a project is open, and still holds the song it held: REAPER may load another into the same tab.
function project.is_open(proj)
  return reaper.ValidatePtr2(0, proj, "ReaProject*") and (not songs[proj] or project.holds(proj, songs[proj].id))
end

--- From now on this project is this song only.
function project.hold(proj)
  local song = {id = project.id(proj), name = reaper.GetProjectName(proj), tracks = {}}
  for index = 0, math.min(reaper.CountTracks(proj), MOST_MARKS) - 1 do
    song.tracks[index + 1] = tracks.guid(reaper.GetTrack(proj, index))
  end
  songs[proj] = song
end

--- What changes when another song is in front, be it in another tab or in the same one.
function project.in_tab(proj, path)
  return tostring(proj) .. " " .. (project.known_id(proj) or "") .. " " .. (path or "")
end

--- The project in front, and where it is saved (nil if it never was).
function project.in_front()
  local proj, path = reaper.EnumProjects(-1)
  return proj, path ~= "" and path or nil
end

function project.is_in_front(proj)
  return (reaper.EnumProjects(-1)) == proj
end

function project.name(proj)
  local name = reaper.GetProjectName(proj):gsub("%.[rR][pP][pP]$", "")
  return name ~= "" and name or nil
end

--- The project's own id; made if it has none.
function project.id(proj)
  local id = project.known_id(proj)
  if not id then
    id = reaper.genGuid("")
    reaper.SetProjExtState(proj, SECTION, "project", id)
  end
  return id
end

local FILE = "file" -- under which name the song was analysed last
local UNTITLED = "-"

local function file_name(path)
  return path:match("[^/\\]*$")
end

--- Note under which file a song is analysed. Returns the name of the file it was analysed under before where the two
--- may be two songs: that file is still there, or was called otherwise.
function project.carried_on_from(proj, path)
  path = path or UNTITLED
  local before = kept.read(proj, FILE)
  if before == path then return nil end
  kept.write(proj, FILE, path)
  if before == "" or before == UNTITLED then return nil end -- its first analysis, or it was never saved before
  if file_name(before) == file_name(path) and not reaper.file_exists(before) then return nil end -- moved
  return file_name(before)
end

--- Be a song without a past from now on.
function project.become_another(proj, path)
  songs[proj] = nil
  reaper.SetProjExtState(proj, SECTION, "project", reaper.genGuid(""))
  kept.write(proj, FILE, path or UNTITLED)
end

local MODES = {m = "minor", min = "minor", minor = "minor", maj = "major", major = "major", [""] = "major"}

--- The key a line such as "Key: F#m" in the project's notes gives; nil if none does.
function project.key_in(notes)
  local tonic, mode = ("\n" .. notes):match("\n%s*[Kk][Ee][Yy]%s*[:=]%s*([A-Ga-g][#b♯♭]*)%s*(%a*)")
  mode = tonic and MODES[mode:lower()]
  if not mode then return nil end
  tonic = tonic:gsub("♯", "#"):gsub("♭", "b")
  return tonic:sub(1, 1):upper() .. tonic:sub(2) .. " " .. mode
end

--- The tempo map of a project, read while it is in front: REAPER gives the ruler's bar numbers of the project in front
--- only. Where another came to the front meanwhile it is read again.
local function bars_of(proj, spend)
  local has_left
  local function wait_for_front()
    while not project.is_in_front(proj) do
      has_left = true
      coroutine.yield("behind")
    end
  end
  local points
  repeat
    wait_for_front()
    has_left = false
    points = tempo_map.read(proj, function(steps)
      spend(steps)
      wait_for_front()
    end)
  until not has_left
  return points
end

--- Facts for an `analyze`; `start_s` is where the file's first sample lies on the timeline. A `part` has versions of
--- its own; what is a song of its own has a `name` of its own as well. Call it in a coroutine: `spend` may yield, and
--- while another tab is in front it waits.
function project.facts(proj, path, start_s, part, name, spend)
  local id = project.id(proj)
  return {
    id = part and id .. " " .. part or id,
    name = name or project.name(proj),
    path = path,
    start_s = start_s,
    tempo_map = bars_of(proj, spend),
    key = project.key_in(reaper.GetSetProjectNotes(proj, false, "")),
  }
end

return project
