--[[
ReaStream on the master, which sends what is played to the daemon: put there, shown, remembered, and taken out again.

What ReaStream sends and where to is no parameter a script could set. The user sets it once, in its window; from then on
its whole state is kept by REAPER (ExtState, persistent) and given to the next one we put into a project. Whether it
takes it, only the daemon can tell: it hears something, or it does not.
]]

local edits = require("edits")
local kept = require("kept")

local reastream = {}

local NAME = "ReaStream (Cockos)"
local TITLE = "UpTrack: live audio (ReaStream)" -- ReaStream's own name is in it, so that one search finds both
local KEY = "reastream"
local SECTION, CHUNK = "UpTrack live", "reastream"
local ALWAYS_NEW = -1
local FLOATING = 3

local function index_of(master, is_it)
  for fx = 0, reaper.TrackFX_GetCount(master) - 1 do
    if is_it(fx) then return fx end
  end
  return nil
end

local function ours(proj, master)
  local guid = kept.read(proj, KEY)
  return guid ~= "" and index_of(master, function(fx) return reaper.TrackFX_GetFXGUID(master, fx) == guid end) or nil
end

--- Our ReaStream on the master, else the user's own; nil if there is none.
local function find(proj, master)
  return ours(proj, master) or index_of(master, function(fx)
    local _, name = reaper.TrackFX_GetFXName(master, fx)
    return name:find("ReaStream", 1, true) ~= nil
  end)
end

function reastream.is_there(proj)
  return find(proj, reaper.GetMasterTrack(proj)) ~= nil
end

function reastream.show(proj)
  local master = reaper.GetMasterTrack(proj)
  local fx = find(proj, master)
  if fx then reaper.TrackFX_Show(master, fx, FLOATING) end
end

--- Put one on the master as one undo step, as it was set the last time; in a coroutine. Nil and a sentence where
--- REAPER has none.
function reastream.insert(proj)
  local master, problem = reaper.GetMasterTrack(proj), nil
  edits.step(proj, "UpTrack: put ReaStream on the master", {operations = {function()
    local fx = reaper.TrackFX_AddByName(master, NAME, false, ALWAYS_NEW)
    if fx < 0 then
      problem = "This REAPER has no ReaStream. It comes with REAPER: run its installer again, with the ReaPlugs."
      return false
    end
    reaper.TrackFX_SetNamedConfigParm(master, fx, "renamed_name", TITLE)
    local chunk = reaper.GetExtState(SECTION, CHUNK)
    if chunk ~= "" then reaper.TrackFX_SetNamedConfigParm(master, fx, "vst_chunk", chunk) end
    kept.write(proj, KEY, reaper.TrackFX_GetFXGUID(master, fx))
    return true
  end}})
  if problem then return nil, problem end
  return true
end

--- How ours is set, as REAPER writes it down; nil where there is none of ours.
function reastream.chunk(proj)
  local master = reaper.GetMasterTrack(proj)
  local fx = ours(proj, master)
  if not fx then return nil end
  local there, chunk = reaper.TrackFX_GetNamedConfigParm(master, fx, "vst_chunk")
  chunk = chunk:gsub("%s", "") -- base64, and one line is what REAPER keeps
  return there and chunk ~= "" and chunk or nil
end

--- Give this to the next one we put into a project.
function reastream.remember(chunk)
  if chunk ~= reaper.GetExtState(SECTION, CHUNK) then reaper.SetExtState(SECTION, CHUNK, chunk, true) end
end

--- Operations that take ours out of the project.
function reastream.plan_removal(proj)
  local master = reaper.GetMasterTrack(proj)
  if not ours(proj, master) then return {} end
  return {function()
    local fx = ours(proj, master)
    return fx ~= nil and reaper.TrackFX_Delete(master, fx)
  end}
end

return reastream
