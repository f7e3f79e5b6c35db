--[[
The fix buttons of the results window: preview, apply, measure again, revert. What stands in the project is `fixes`,
what the tools do is `tools`; here is the order of things, and what the window shows of them.

`at` is the window's session: {project, path, feedback, budget, checks, answers, own, later} and its functions
`work(body, proj, song, dropped)` (a coroutine that gets a slice of each round, on a project), `changed()`,
`with_daemon(speak)` and `analyze_again()`.
]]

local edits = require("edits")
local fixes = require("fixes")
local markers = require("markers")
local measure_again = require("measure_again")
local project = require("project")
local ranges = require("ranges")
local say = require("say")
local settings = require("settings")
local tracks = require("tracks")

local fix_buttons = {}

local OF_A_FILE = "It is made in the project, but this report is of a file, which stays as it is: render it, and "
  .. "analyze that, to know what came of it."
local NOT_MEASURED = "It was not measured."
local STEPS_A_NOTE = 100 -- all records are put together anew
fix_buttons.__index = fix_buttons

function fix_buttons.new(at)
  return setmetatable({at = at, wanted = {}}, fix_buttons) -- wanted: findings whose fix is yet to be made
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
  local at, proj, run = self.at, self.at.project, self.at.feedback.run
  at.work(function()
    local plan, sentence = fixes.plan(proj, finding, run, at.budget.spend)
    if not plan then return refuse(self, finding, sentence) end
    show(self, finding, {state = "preview", lines = plan.lines})
  end, proj)
end

function fix_buttons:forget_preview(finding)
  local at, proj = self.at, self.at.project
  at.work(function()
    local record = fixes.of(proj, finding.id, at.budget.spend)
    show(self, finding, record and fix_buttons.shown(record) or nil)
  end, proj)
end

--- Take the markers of findings that are closed, or meant, off the timeline, in one step; in a coroutine.
function fix_buttons:unmark(proj, findings, description)
  local ids = {}
  for _, finding in ipairs(findings) do ids[finding.id] = true end
  edits.step(proj, description, markers.plan_removal(proj, ids, self.at.budget.spend))
  for _, finding in ipairs(findings) do finding.shown = false end
  self.at.changed()
end

--- Whether a finding is to have a marker: one that is meant, or that a fix has closed, is not.
function fix_buttons.is_open(finding)
  return not finding.dismissed and not (finding.fix and finding.fix.state == "closed")
end

--- What would put markers of findings back: what we took away, or with `users` what the user did.
local function plan_of_return(self, proj, feedback, findings, users)
  local part = feedback.asked and feedback.asked.part
  local options = markers.options(feedback, settings.read(), part, self.at.budget.spend)
  return markers.plan_return(proj, findings, options, users)
end

local function show_as_placed(self, findings, plan)
  local placed = {}
  for _, id in ipairs(plan.placed) do placed[id] = true end
  for _, finding in ipairs(findings) do finding.shown = finding.shown or placed[finding.id] or false end
  self.at.changed()
end

--- Put markers of a feedback's findings back on the timeline, in one step; in a coroutine. Returns how many there were.
function fix_buttons:mark_again(proj, feedback, findings, description, users)
  local plan = plan_of_return(self, proj, feedback, findings, users)
  edits.step(proj, description, plan)
  show_as_placed(self, findings, plan)
  return #plan.placed
end

local function note_outcome(self, proj, finding, record, state, sentence)
  self.at.work(function()
    local now = fixes.of(proj, finding.id, self.at.budget.spend)
    if not now or now.id ~= record.id or now.state == "reverted" then -- taken back while it was measured
      return show(self, finding, now and fix_buttons.shown(now) or nil)
    end
    fixes.note(proj, record, state, sentence)
    show(self, finding, fix_buttons.shown(record))
    say.routine(sentence)
    if state == "closed" then self:unmark(proj, {finding}, "UpTrack: " .. finding.title .. " is fixed") end
  end, proj)
end

--- Note what a new version has shown of fixes that waited for it; in a coroutine.
function fix_buttons:hear(proj, feedback)
  local spend = self.at.budget.spend
  local find = tracks.finder(proj, spend)
  for _, outcome in ipairs(feedback.fixes or {}) do
    local record = fixes.of(proj, outcome.finding, spend, find)
    if record and record.fix == outcome.fix and record.state == "applied" then
      fixes.note(proj, record, outcome.status, outcome.sentence)
      spend(STEPS_A_NOTE)
    end
  end
end

--- Make the move, unless it was taken back before; `go_on(record)` is called once it is in the project.
local function make(self, proj, report, finding, plan, go_on)
  self.at.work(function()
    if not self.wanted[finding.id] then return end
    self.wanted[finding.id] = nil
    local record, why = fixes.apply(proj, report.run, finding, plan, self.at.budget.spend)
    if not record then return refuse(self, finding, why) end
    show(self, finding, {state = "measuring", lines = plan.lines, sentence = "Measuring its place again ..."})
    go_on(record)
  end, proj)
end

--- Tell the daemon what was done; `go_on()` once it has noted it, or `go_on(sentence)` where it has not.
local function tell(self, talk, proj, report, finding, plan, record, go_on)
  self.at.answers[talk:fixed(report.run, finding.id, fixes.action(plan))] = function(message, sentence)
    if message and project.is_open(proj) then fixes.name(proj, record, message.fix) end
    go_on(not message and (sentence or "The daemon did not take note of it.") or nil)
  end
end

--- The place before is rendered, then the move is made, then the place is rendered after it and held against before.
local function measured_apply(self, talk, proj, report, finding, plan, range)
  if not self.wanted[finding.id] then return end -- nothing to render for
  local at, path = self.at, self.at.path
  local before, problem = measure_again.render(talk, proj, report, range)
  make(self, proj, report, finding, plan, function(record)
    local function end_with(state, sentence) note_outcome(self, proj, finding, record, state, sentence) end

    --- Have a rendered place measured; `go_on(feedback)` is called when it is.
    local function measure(rendered, run_before, go_on)
      local function check(feedback, sentence)
        at.own = nil
        if not feedback then return end_with("unknown", sentence or NOT_MEASURED) end
        go_on(feedback)
      end
      at.own = {phase = "waiting"}
      local unasked = {} -- stands for the request's id until there is one
      at.checks[unasked] = check
      at.work(function()
        local spend = at.budget.spend
        local wanted = measure_again.request(proj, path, report, range, rendered, run_before, spend)
        if not at.checks[unasked] then return end -- cancelled, or the daemon is gone
        at.checks[unasked] = nil
        at.checks[talk:ask(wanted)] = check
      end, proj, nil, function()
        at.own, at.checks[unasked] = nil, nil
      end)
    end

    local function measure_after(run_before)
      local rendered, why = measure_again.render(talk, proj, report, range)
      if not rendered then return end_with("unknown", why) end
      measure(rendered, run_before, function(feedback) end_with(measure_again.outcome(feedback, finding.id)) end)
    end

    tell(self, talk, proj, report, finding, plan, record, function(untold)
      if untold or not before then return end_with("unknown", untold or problem) end
      measure(before, nil, function(feedback)
        at.later[#at.later + 1] = {
          body = function() measure_after(feedback.run) end, project = proj, song = project.known_id(proj),
        }
      end)
    end)
  end)
end

local function apply(self, proj, report, finding)
  local at = self.at
  local plan, sentence = fixes.plan(proj, finding, report.run, at.budget.spend)
  if not plan then return refuse(self, finding, sentence) end
  self.wanted[finding.id] = true
  local of_a_file = report.asked and report.asked.file
  local range = not of_a_file and ranges.around(finding, report) or nil
  show(self, finding, {state = "measuring", lines = plan.lines, sentence = "Measuring its place as it is ..."})
  at.with_daemon(function(talk, problem)
    if not talk then
      return make(self, proj, report, finding, plan, function(record)
        note_outcome(self, proj, finding, record, "unknown", "It is made, but not measured: " .. problem)
      end)
    end
    if range then
      at.later[#at.later + 1] = {
        body = function() measured_apply(self, talk, proj, report, finding, plan, range) end, project = proj,
        song = project.known_id(proj),
      }
      return
    end
    -- It is about most of the run: that makes a new version.
    make(self, proj, report, finding, plan, function(record)
      tell(self, talk, proj, report, finding, plan, record, function(untold)
        if of_a_file then untold = untold or OF_A_FILE end
        if untold then return note_outcome(self, proj, finding, record, "unknown", untold) end
        at.analyze_again()
      end)
    end)
  end)
end

function fix_buttons:apply(finding)
  local proj, report = self.at.project, self.at.feedback
  project.hold(proj)
  self.at.work(function() apply(self, proj, report, finding) end, proj)
end

function fix_buttons:revert(finding)
  local proj, feedback, spend = self.at.project, self.at.feedback, self.at.budget.spend
  self.wanted[finding.id] = nil
  self.at.work(function()
    self.wanted[finding.id] = nil -- it may have been asked for in this very round
    local record = fixes.of(proj, finding.id, spend)
    if not record or record.state == "reverted" then
      return show(self, finding, {state = "reverted", lines = {}, sentence = "There is nothing to take back."})
    end
    local unmarked = finding.is_telling and not finding.dismissed and {finding} or {}
    local plan = plan_of_return(self, proj, feedback, unmarked)
    local reverted, sentence = fixes.revert(proj, record, spend, plan)
    if not reverted then record.sentence = sentence end
    show_as_placed(self, unmarked, plan)
    show(self, finding, fix_buttons.shown(record))
  end, proj)
end

return fix_buttons
