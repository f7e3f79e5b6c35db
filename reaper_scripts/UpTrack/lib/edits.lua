--[[
Changing the project: a list of operations as one undo step, spread over ticks where there are many.

REAPER's undo works on the project in front, so nothing is changed while another tab is. An undo block is never left
open over a tick: what is spread is done first, and the block around the last part makes the step, which holds
everything since the step before. No operation, no step.
]]

local project = require("project")

local edits = {}

local AT_ONCE = 64
local EVERYTHING = -1

local function some(operations, from, to)
  reaper.PreventUIRefresh(1)
  local done, problem = pcall(function()
    for index = from, to do operations[index]() end
  end)
  reaper.PreventUIRefresh(-1)
  return done, problem
end

--- Do `operations`, then `finish`, as one undo step; call it in a coroutine, which yields between two parts.
--- Returns true once it is done, false where the project was closed meanwhile.
function edits.step(proj, description, operations, finish)
  if #operations == 0 then
    if finish then finish() end
    return true
  end
  local from = 1
  while true do
    while project.is_open(proj) and not project.is_in_front(proj) do coroutine.yield("behind") end
    if not project.is_open(proj) then return false end
    local to = math.min(from + AT_ONCE - 1, #operations)
    if to < #operations then
      local done, problem = some(operations, from, to)
      if not done then error(problem, 0) end
      from = to + 1
      coroutine.yield("more")
    else
      reaper.Undo_BeginBlock2(proj)
      local done, problem = some(operations, from, to)
      local finished, slip = pcall(finish or function() end)
      -- Whatever happened: the block must be closed.
      reaper.Undo_EndBlock2(proj, description, EVERYTHING)
      reaper.UpdateTimeline()
      if not (done and finished) then error(problem or slip, 0) end
      return true
    end
  end
end

return edits
