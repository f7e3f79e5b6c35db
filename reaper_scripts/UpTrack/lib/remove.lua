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
local placing_steps = require("placing_steps")
local project = require("project")
local reastream = require("reastream")
local say = require("say")
local spread = require("spread")
local track_notes = require("track_notes")

local remove = {}

local STEPS_AN_OPERATION = 15

local function appended(list, more)
  for _, one in ipairs(more) do list[#list + 1] = one end
end

--- As a coroutine's body: one step for all of it. True once it is done. `spend` is called for all there is, and may
--- yield.
function remove.from(proj, spend)
  looping.give_back(proj)
  local plan = markers.plan_removal(proj, nil, spend)
  local operations, marked = plan.operations, #plan.operations
  appended(operations, fixes.plan_removal(proj, spend))
  appended(operations, reastream.plan_removal(proj))
  appended(operations, track_notes.plan_removal(proj, spend))
  appended(operations, placing_steps.plan_removal(proj))
  spend(STEPS_AN_OPERATION * #operations)
  local note = plan.note
  plan.finish = function()
    note()
    kept_report.remove(proj)
  end
  return edits.step(proj, "UpTrack: remove everything it added", plan), marked
end

function remove.all()
  local proj = project.in_front()
  spread.run(proj, function(spend) return remove.from(proj, spend) end, function(done, marked)
    if not done then return end
    say.routine(("removed %d markers and regions, the fixes that stood, and the track notes."):format(marked))
  end)
end

return remove
