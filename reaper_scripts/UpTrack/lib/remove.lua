--[[
Taking everything out of a project that UpTrack added to it: markers and regions, track notes, fixes, ReaStream on the
master, and the report that is kept with it. One undo step; what undo brings back is known as ours again, because the
ledger of markers stays. A passage that is looped gives way to what the user had selected.
]]

local edits = require("edits")
local fixes = require("fixes")
local kept_report = require("kept_report")
local looping = require("looping")
local markers = require("markers")
local pace = require("pace")
local project = require("project")
local reastream = require("reastream")
local say = require("say")
local track_notes = require("track_notes")

local remove = {}

local function appended(list, more)
  for _, one in ipairs(more) do list[#list + 1] = one end
end

--- As a coroutine's body: one step for all of it. True once it is done. `spend` is called for each marker.
function remove.from(proj, spend)
  looping.give_back(proj)
  local plan = markers.plan_removal(proj, nil, spend)
  local operations, marked = plan.operations, #plan.operations
  appended(operations, fixes.plan_removal(proj))
  appended(operations, reastream.plan_removal(proj))
  appended(operations, track_notes.plan_removal(proj))
  return edits.step(proj, "UpTrack: remove everything it added", operations, function()
    kept_report.remove(proj)
  end), marked
end

local function go_on(work, budget)
  budget.begin()
  local alive, done, marked = coroutine.resume(work)
  if not alive then return say.line("not everything could be removed: " .. tostring(done)) end
  if coroutine.status(work) ~= "dead" then return reaper.defer(function() go_on(work, budget) end) end
  if not done then return end
  say.line(("removed %d markers and regions, the fixes that stood, and the track notes."):format(marked))
end

function remove.all()
  local proj, budget = project.in_front(), pace.budget()
  go_on(coroutine.create(function() return remove.from(proj, budget.spend) end), budget)
end

return remove
