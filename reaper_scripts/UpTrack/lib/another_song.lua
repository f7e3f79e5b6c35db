--[[
A project that holds UpTrack's memory of another song: one made from a template, or saved under a new name and then
rewritten. It is cut loose: a new id, so that its versions begin anew, and nothing left of the old song's findings.
Markers and track notes of ours go, in one undo step; fixes that stand in it are part of its sound, and the user's own
from then on. What undo brings back is the user's own as well.
]]

local edits = require("edits")
local fixes = require("fixes")
local kept = require("kept")
local kept_report = require("kept_report")
local looping = require("looping")
local marker_ledger = require("marker_ledger")
local markers = require("markers")
local placing_steps = require("placing_steps")
local project = require("project")
local say = require("say")
local spread = require("spread")
local track_notes = require("track_notes")

local another_song = {}

local STEPS_AN_OPERATION = 15

--- As a coroutine's body; true once it is done.
local function cut_loose(proj, path, spend)
  looping.give_back(proj)
  local plan = markers.plan_removal(proj, nil, spend)
  for _, operations in ipairs {track_notes.plan_removal(proj, spend), placing_steps.plan_removal(proj)} do
    for _, operation in ipairs(operations) do plan.operations[#plan.operations + 1] = operation end
  end
  spend(STEPS_AN_OPERATION * #plan.operations)
  plan.finish = function()
    kept.write(proj, marker_ledger.KEY, "")
    fixes.forget(proj)
    kept_report.remove(proj)
    project.become_another(proj, path)
  end
  return edits.step(proj, "UpTrack: begin another song", plan)
end

function another_song.begin(proj, path)
  spread.run(proj, function(spend) return cut_loose(proj, path, spend) end, function(done)
    if not done then return end
    say.line("this project is a song of its own now: its versions begin anew. UpTrack's markers and track notes of the "
      .. "song before are gone; fixes that stand in it stay, as your own.")
  end)
end

return another_song
