--[[
Starting one of our actions from another: REAPER knows an action by a number, and registering what is registered already
changes nothing and gives that number.
]]

local say = require("say")

local actions = {}

-- This file lies in UpTrack/lib; the actions lie in UpTrack.
local folder = debug.getinfo(1, "S").source:match("^@?(.*[/\\])lib[/\\][^/\\]*$") or ""
-- Where Lua was given letters as one byte each, REAPER still wants them in UTF-8.
if not utf8.len(folder) then
  folder = folder:gsub("[\x80-\xFF]", function(letter) return utf8.char(letter:byte()) end)
end

actions.ANALYZE_MIX = "UpTrack_Analyze mix.lua"
actions.ANALYZE_STEMS = "UpTrack_Analyze selected tracks as stems.lua"
actions.ANALYZE_LIVE = "UpTrack_Analyze current live capture.lua"
actions.RESULTS = "UpTrack_Results.lua"

function actions.start(name, proj)
  local id = reaper.AddRemoveReaScript(true, 0, folder .. name, true)
  if id == 0 then return say.line("the action “" .. name .. "” is not there. Run `uptrack install reaper` again.") end
  reaper.Main_OnCommandEx(id, 0, proj)
end

return actions
