--[[
How a script speaks to its user: a line in the ReaScript console for what must be read, REAPER's help line for what
passes by. Screen readers read the console.
]]

local say = {}

function say.line(sentence)
  reaper.ShowConsoleMsg("UpTrack: " .. sentence .. "\n")
end

function say.indented(text)
  reaper.ShowConsoleMsg("  " .. text .. "\n")
end

--- In the help line; an empty text gives the line back.
function say.passing(sentence)
  reaper.Help_Set(sentence == "" and "" or "UpTrack: " .. sentence, true)
end

return say
