--[[
The fix buttons of the results window: preview, apply, measure again, revert. What stands in the project is `fixes`,
what the tools do is `tools`; here is the order of things, and what the window shows of them.

`at` is the window's session: {project, path, feedback, talk, checks, noted, own, later} and its functions `work(body)`
(a coroutine that gets a slice of each round), `changed()`, `with_daemon(speak)` and `analyze_again()`.
]]

local edits = require("edits")
local fixes = require("fixes")
local markers = require("markers")
local measure_again = require("measure_again")
local project = require("project")
local ranges = require("ranges")
local say = require("say")

local fix_buttons = {}
fix_buttons.__index = fix_buttons

function fix_buttons.new(at)
  return setmetatable({at = at}, fix_buttons)
end

--- A record of `fixes` as the window shows it.
function fix_buttons.shown(record)
  return {state = record.state, lines = record.lines, sentence = record.sentence}
end

local function show(self, finding, fix)
  finding.fix = fix
  self.at.changed()
end

local function refuse(self, finding, sentence)
  show(self, finding, {state = "refused", lines = {}, sentence = sentence})
end

function fix_buttons:preview(finding)
  local plan, sentence = fixes.plan(self.at.project, finding)
  if not plan then return refuse(self, finding, sentence) end
  show(self, finding, {state = "preview", lines = plan.lines})
end

function fix_buttons:forget_preview(finding)
  local record = fixes.of(self.at.project, finding.id)
  show(self, finding, record and fix_buttons.shown(record) or nil)
end

--- Take the marker of a finding that is closed, or meant, off the timeline; in a coroutine.
function fix_buttons:unmark(proj, finding, why)
  local plan = markers.plan_removal(proj, finding.id)
  edits.step(proj, "UpTrack: " .. finding.title .. why, plan.operations, plan.finish)
  finding.shown = false
  self.at.changed()
end

local function note_outcome(self, proj, finding, record, state, sentence)
  local now = fixes.of(proj, finding.id)
  if not now or now.id ~= record.id or now.state == "reverted" then return end -- taken back while it was measured
  fixes.note(proj, record, state, sentence)
  show(self, finding, fix_buttons.shown(record))
  say.line(sentence)
  if state == "closed" then self.at.work(function() self:unmark(proj, finding, " is fixed") end) end
end

--- Note what a new version has shown of fixes that waited for it.
function fix_buttons:hear(feedback)
  for _, outcome in ipairs(feedback.fixes or {}) do
    local record = fixes.of(self.at.project, outcome.finding)
    if record and record.state == "applied" then
      fixes.note(self.at.project, record, outcome.status, outcome.sentence)
    end
  end
end

--- Render the finding's place again and hear what is left of it.
local function measure(self, finding, record)
  local at = self.at
  local proj, report = at.project, at.feedback
  local function end_with(state, sentence) note_outcome(self, proj, finding, record, state, sentence) end
  local range = ranges.around(finding, report)
  if not range then return at.analyze_again() end -- it is about most of the run: that makes a new version
  if not project.is_in_front(proj) then
    return end_with("unknown", "Another project is in front now: analyze the mix again.")
  end
  local id, why = measure_again.ask(at.talk, proj, at.path, report, range)
  if not id then return end_with("unknown", why) end
  at.own = {phase = "waiting"}
  at.checks[id] = function(feedback, problem)
    at.own = nil
    if not project.is_open(proj) then return end
    if not feedback then return end_with("unknown", problem or "It was not measured.") end
    end_with(measure_again.outcome(feedback, finding.id))
  end
end

function fix_buttons:apply(finding)
  local at = self.at
  local proj, run = at.project, at.feedback.run
  local plan, sentence = fixes.plan(proj, finding)
  if not plan then return refuse(self, finding, sentence) end
  at.work(function()
    local record, why = fixes.apply(proj, run, finding, plan)
    if not record then return refuse(self, finding, why) end
    show(self, finding, {state = "measuring", lines = plan.lines, sentence = "Measuring its place again ..."})
    at.noted[finding.id] = function() at.later = function() measure(self, finding, record) end end
    at.with_daemon(function(talk) talk:fixed(run, finding.id, fixes.action(plan)) end)
  end)
end

function fix_buttons:revert(finding)
  local proj = self.at.project
  local record = fixes.of(proj, finding.id)
  if not record or record.state == "reverted" then
    return show(self, finding, {state = "reverted", lines = {}, sentence = "There is nothing to take back."})
  end
  self.at.work(function()
    local reverted, sentence = fixes.revert(proj, record)
    if not reverted then record.sentence = sentence end
    show(self, finding, fix_buttons.shown(record))
  end)
end

return fix_buttons
