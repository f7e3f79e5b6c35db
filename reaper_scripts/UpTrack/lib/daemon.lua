--[[
Starting the daemon from inside REAPER. `uptrack install reaper` noted how in uptrack.json; nothing else is ever run,
and nothing that came over a wire.
]]

local bridge = require("bridge")
local json = require("json")

local daemon = {}

local HAND_MADE = "Start it with `uptrack daemon start` in a terminal, then try again."
local NO_WAIT = -1

local function quoted(word)
  return '"' .. word .. '"'
end

--- The command line that starts it; nil and a sentence where it is not known.
function daemon.command_line()
  local installed, sentence = bridge.installed()
  if not installed then return nil, sentence end
  local words = installed.command
  if not json.is_list(words) or #words == 0 then
    return nil, "The UpTrack daemon is not running, and these scripts do not know how to start it: they were not put "
      .. "here by `uptrack install reaper`. " .. HAND_MADE
  end
  local parts = {}
  for index, word in ipairs(words) do
    -- No quoting rule is the same on three systems; a path with a quotation mark in it is left to a terminal.
    if type(word) ~= "string" or word:find('["%c]') then
      return nil, "The UpTrack daemon cannot be started from here. " .. HAND_MADE
    end
    parts[index] = quoted(word)
  end
  return table.concat(parts, " ") .. " daemon start"
end

--- Start it without waiting; nil and a sentence where that is not possible. Look for bridge.json afterwards.
function daemon.start()
  local line, sentence = daemon.command_line()
  if not line then return nil, sentence end
  reaper.ExecProcess(line, NO_WAIT)
  return true
end

return daemon
