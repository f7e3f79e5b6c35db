--[[
How a script speaks to its user: a line in the ReaScript console for what must be read, REAPER's help line for what
passes by. Screen readers read the console. It opens over the arrangement, so what the results window shows as well is
added to it without opening it while that window is open.
]]

local board = require("board")

local say = {}

local UNOPENED = "!SHOW:" -- before a text, of ReaScript's documentation

local function quietly()
  return board.window_is_open() and UNOPENED or ""
end

function say.line(sentence)
  reaper.ShowConsoleMsg("UpTrack: " .. sentence .. "\n")
end

--- A line that the results window makes unnecessary.
function say.routine(sentence)
  reaper.ShowConsoleMsg(quietly() .. "UpTrack: " .. sentence .. "\n")
end

--- What belongs to the line before: by itself it opens nothing.
function say.indented(text)
  reaper.ShowConsoleMsg(UNOPENED .. "  " .. text .. "\n")
end

--- In the help line; an empty text gives the line back.
function say.passing(sentence)
  reaper.Help_Set(sentence == "" and "" or "UpTrack: " .. sentence, true)
end

return say
