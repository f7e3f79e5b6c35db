--[[
What to do where scripts and daemon are of two releases: the older one is brought up to the other.
]]

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

--- A sentence with the command that helps; nil where both are of one release.
function skew.sentence(daemon)
  if daemon == version then return nil end
  local help = "Run `uptrack install reaper` and restart REAPER."
  if is_older(daemon, version) then
    help = "Run `uptrack daemon stop`, then `uptrack daemon start`; if that is no newer, update UpTrack."
  end
  return ("these scripts are version %s, the daemon is %s. %s"):format(version, tostring(daemon), help)
end

return skew
