--[[
Changing the project: a list of operations as one undo step, spread over ticks where there are many; few are one tick's.

REAPER's undo works on the project in front, so nothing is changed while another tab is. An undo block is never left
open over a tick: what is spread is done first, and the block around the last part makes the step, which holds
everything since the step before. A step the user makes between two parts takes the parts before it along, which is said
then; so what can be done in one tick is: a report's twelve markers with 120 that go, or the notes of its stems. No
operation, no step; and where every one says false, because there was nothing to change after all, none either.
]]

local pace = require("pace")
local project = require("project")
local say = require("say")

local edits = {}

local AT_ONCE = 32 -- each looks for a marker by halves and asks REAPER twenty times
-- What an operation costs: one of those, one that asks two to four times, one that asks four times and writes a line.
local SEARCHING, CHEAP, REMOVING = 24, 3, 4
local EVERYTHING, NOTHING = -1, 0

local costs = setmetatable({}, {__mode = "k"}) -- of operations that cost less than one that looks for a place

--- An operation that looks for nothing, and costs an eighth of one that does.
function edits.cheap(operation)
  costs[operation] = CHEAP
  return operation
end

--- An operation that takes away what is known by its GUID.
function edits.removing(operation)
  costs[operation] = REMOVING
  return operation
end

--- Whether operations fit into one tick.
local function are_few(operations)
  local cost = 0
  for _, operation in ipairs(operations) do
    cost = cost + (costs[operation] or SEARCHING)
    if cost > SEARCHING * AT_ONCE then return false end
  end
  return true
end

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

--- Wait until the project is in front, in a coroutine; false where it was closed meanwhile.
local function in_front(proj)
  while project.is_open(proj) and not project.is_in_front(proj) do coroutine.yield("behind") end
  return project.is_open(proj)
end

--- All of them in parts, each in a tick; whether anything was changed, or nil where the project was closed.
local function in_parts(proj, plan)
  local operations, from, any = plan.operations, 1, false
  local last_step = reaper.Undo_CanUndo2(proj)
  repeat
    if not in_front(proj) then return nil end
    local to = math.min(from + AT_ONCE - 1, #operations)
    local done, problem, changed, left = some(operations, from, to, pace.until_s())
    -- What was placed until now must be known as ours, whatever comes next.
    if plan.note then plan.note() end
    if not done then error(problem, 0) end
    from, any = left, any or changed
    coroutine.yield("more")
  until from > #operations
  local step = reaper.Undo_CanUndo2(proj)
  if any and step and step ~= last_step then
    say.line(("so much was changed that it took several rounds, and your “%s” came between: undo of that takes back "
      .. "what was changed before it as well."):format(step))
  end
  return any
end

--- Do a plan's `operations`, then its `finish`, if there is one, as one undo step; call it in a coroutine, which yields
--- between two parts. Where the operations are so many that there are parts, each part ends with the plan's `note`, and
--- where they are so many, or none, and `finish` may have much to do, its `prepare` comes before and may yield, and
--- its `clear` after the step.
--- Returns true once it is done, false where the project was closed meanwhile.
function edits.step(proj, description, plan)
  local operations, finish = plan.operations, plan.finish or function() end
  local in_block, any = operations, false
  if not are_few(operations) then
    in_block, any = {}, in_parts(proj, plan)
    if any == nil then return false end
  end
  -- A few are done and written down at once: nothing stands that is not known as ours.
  if plan.prepare and #in_block == 0 then plan.prepare() end
  if #operations == 0 then
    finish()
    return true
  end
  if not in_front(proj) then return false end
  reaper.Undo_BeginBlock2(proj)
  local done, problem, changed = true, nil, false
  if #in_block > 0 then done, problem, changed = some(in_block, 1, #in_block) end
  local finished, slip = pcall(finish)
  -- Whatever happened: the block must be closed.
  reaper.Undo_EndBlock2(proj, description, (any or changed) and EVERYTHING or NOTHING)
  reaper.UpdateTimeline()
  if not (done and finished) then error(problem or slip, 0) end
  if plan.clear then plan.clear() end
  return true
end

return edits
