--[[
What to do where scripts and daemon are of two releases: the older one is brought up to the other.
]]

local say = require("say")
local version = require("version")

local skew = {}

local function numbers(text)
  local found = {}
  for number in tostring(text):gmatch("%d+") do found[#found + 1] = tonumber(number) end
  return found
end

local function is_older(one, other)
  local ours, theirs = numbers(one), numbers(other)
  for index = 1, math.max(#ours, #theirs) do
    local own, their = ours[index] or 0, theirs[index] or 0
    if own ~= their then return own < their end
  end
  return false
end

local said = false

--- Say once in a script's life which is older, with the command that helps; nothing where both are of one release.
function skew.say(daemon)
  if said or daemon == version then return end
  said = true
  local help = "Run `uptrack install reaper` and restart REAPER."
  if is_older(daemon, version) then
    help = "Run `uptrack daemon stop`, then `uptrack daemon start`; if that is no newer, update UpTrack."
  end
  say.line(("these scripts are version %s, the daemon is %s. %s"):format(version, tostring(daemon), help))
end

return skew
