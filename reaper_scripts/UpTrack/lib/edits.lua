--[[
Changing the project: a list of operations as one undo step, spread over ticks where there are many; few are one tick's.

REAPER's undo works on the project in front, so nothing is changed while another tab is. An undo block is never left
open over a tick: what is spread is done first, and the block around the last part makes the step, which holds
everything since the step before. No operation, no step; and where every one says false, because there was nothing to
change after all, none either.
]]

local pace = require("pace")
local project = require("project")

local edits = {}

local AT_ONCE = 32 -- each looks for a marker by halves and asks REAPER twenty times
local EVERYTHING, NOTHING = -1, 0

--- Do those from `from` on to `to`, or fewer where that takes longer than `until_s`; returns the first that is left.
local function some(operations, from, to, until_s)
  reaper.PreventUIRefresh(1)
  local changed, index = false, from
  local done, problem = pcall(function()
    repeat
      changed = operations[index]() ~= false or changed
      index = index + 1
    until index > to or until_s and reaper.time_precise() >= until_s
  end)
  reaper.PreventUIRefresh(-1)
  return done, problem, changed, index
end

--- Do `operations`, then `finish`, as one undo step; call it in a coroutine, which yields between two parts.
--- Returns true once it is done, false where the project was closed meanwhile.
function edits.step(proj, description, operations, finish)
  if #operations == 0 then
    if finish then finish() end
    return true
  end
  local from, any = 1, false
  while true do
    while project.is_open(proj) and not project.is_in_front(proj) do coroutine.yield("behind") end
    if not project.is_open(proj) then return false end
    local to = math.min(from + AT_ONCE - 1, #operations)
    -- What is long ends with one operation and `finish`, which is as long.
    if #operations > AT_ONCE and from < to and to == #operations then to = to - 1 end
    if to < #operations then
      local done, problem, changed, left = some(operations, from, to, pace.until_s())
      if not done then
        pcall(finish or function() end) -- what was placed until now must be known as ours
        error(problem, 0)
      end
      from, any = left, any or changed
      coroutine.yield("more")
    else
      reaper.Undo_BeginBlock2(proj)
      local done, problem, changed = some(operations, from, to)
      local finished, slip = pcall(finish or function() end)
      -- Whatever happened: the block must be closed.
      reaper.Undo_EndBlock2(proj, description, (any or changed) and EVERYTHING or NOTHING)
      reaper.UpdateTimeline()
      if not (done and finished) then error(problem or slip, 0) end
      return true
    end
  end
end

return edits
