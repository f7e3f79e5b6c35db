--[[
Fixes: what UpTrack may change in a project, only after a click, one undo step each, each to be taken back.

A finding's first step that has a tool is what can be applied. What was applied is kept in the project (extended state):
which finding of which run, on which track, what to take back, and what measuring again has shown. Many of them take
many ticks to be read, so they are kept one a line and remembered as read; a change writes one line anew. Where a
`spend` is taken it may yield.

One move a track and run: what a second one would be for, the next analysis says.
]]

local bounds = require("bounds")
local edits = require("edits")
local json = require("json")
local kept = require("kept")
local pace = require("pace")
local project = require("project")
local tools = require("tools")
local tracks = require("tracks")

local fixes = {}

local KEY = "fixes"
local MOST_KEPT = 200
local STEPS_A_LINE = 20 -- about as many values; so few are none to json.lua
local STEPS_A_RECORD = 12 -- its track's effects are looked through

-- what was applied ----------------------------------------------------------------------------------------------------

local function at_once() end

local remembered = {} -- by project: what was read, under which head of whose project: its lines, the record of each

local function head_of(proj)
  return (project.known_id(proj) or "") .. kept.head(proj, KEY)
end

--- All records as they are kept, oldest first, and their lines. Only `append` and `change` may write to them.
local function ledger_of(proj, spend)
  local head, known = head_of(proj), remembered[proj]
  if known and known.head == head then return known end
  local ledger = {head = head, lines = {}, records = {}}
  for line in kept.read(proj, KEY, spend):gmatch("[^\n]+") do
    local read, record = pcall(json.decode, line, spend)
    if read and type(record) == "table" and record.id then
      ledger.lines[#ledger.lines + 1], ledger.records[#ledger.records + 1] = line, record
    end
    spend(STEPS_A_LINE)
  end
  remembered[proj] = ledger
  return ledger
end

--- Before a step that writes: it has a tick of its own, and need not read.
local function ready_to_write(proj, spend)
  ledger_of(proj, spend)
  spend(pace.STEPS_A_TICK)
end

local function write(proj, ledger)
  for _ = 1, #ledger.lines - MOST_KEPT do
    table.remove(ledger.lines, 1)
    table.remove(ledger.records, 1)
  end
  kept.write(proj, KEY, table.concat(ledger.lines, "\n"))
  ledger.head = head_of(proj)
end

local function append(proj, record)
  local ledger = ledger_of(proj, at_once)
  ledger.lines[#ledger.lines + 1], ledger.records[#ledger.records + 1] = json.encode(record), record
  write(proj, ledger)
end

--- Change a record, in the project and in hand. Only what is said here: the one in hand may be older.
local function change(proj, record, fields)
  local ledger = ledger_of(proj, at_once)
  for index, one in ipairs(ledger.records) do
    if one.id == record.id then
      for name, value in pairs(fields) do one[name] = value end
      ledger.lines[index] = json.encode(one)
    end
  end
  write(proj, ledger)
  for name, value in pairs(fields) do record[name] = value end
end

--- What became of a fix in the project: "stands", "changed" by hand, or "gone", by undo or with its track.
local function fate(record, find)
  local track, tool = find(record.track), tools[record.tool]
  return track and tool and tool.fate(track, record.undo) or "gone"
end

--- A record and what became of it since it was written.
local function as_it_is(record, find)
  local now = {}
  for name, value in pairs(record) do now[name] = value end
  local became = fate(record, find)
  if became == "gone" and record.state ~= "reverted" then
    now.state, now.sentence = "reverted", "It was undone."
  elseif became == "stands" and record.state == "reverted" then
    now.state, now.sentence = "applied", "It is in the project again."
  elseif became == "changed" then
    now.sentence = "The track was changed by hand since."
  end
  return now
end

--- Every finding's last record. Findings keep their ids from run to run.
function fixes.latest(proj, spend)
  local latest, find = {}, tracks.finder(proj, spend)
  for _, record in ipairs(ledger_of(proj, spend).records) do latest[record.finding] = record end
  local now = {}
  for finding, record in pairs(latest) do
    now[finding] = as_it_is(record, find)
    spend(STEPS_A_RECORD)
  end
  return now
end

--- The last record of a finding; nil if it was never fixed.
function fixes.of(proj, finding, spend, find)
  local records = ledger_of(proj, spend).records
  for index = #records, 1, -1 do
    if records[index].finding == finding then
      return as_it_is(records[index], find or tracks.finder(proj, spend))
    end
  end
  return nil
end

--- Note by which id the daemon knows a fix.
function fixes.name(proj, record, fix)
  change(proj, record, {fix = fix})
end

--- Note what measuring again has shown: "closed", "remaining" or "unknown", and the daemon's sentence.
function fixes.note(proj, record, state, sentence)
  change(proj, record, {state = state, sentence = sentence})
end

--- Forget them all; what stands in the project stays, and is the user's own.
function fixes.forget(proj)
  kept.write(proj, KEY, "")
end

-- what can be applied -------------------------------------------------------------------------------------------------

local function step_of(finding)
  for _, step in ipairs(finding.actions or {}) do
    if step.tool and tools[step.tool] then return step end
  end
  return nil
end

--- Another finding's fix on this track that is there and was made for this run.
local function made_before(records, guid, run, finding, find, spend)
  for _, record in ipairs(records) do
    if record.track == guid and record.run == run and record.finding ~= finding then
      if fate(record, find) ~= "gone" then return record end
      spend(STEPS_A_RECORD)
    end
  end
  return nil
end

--- What a click would do: {step, guid, lines}; nil and a sentence where it takes a person.
function fixes.plan(proj, finding, run, spend)
  local asked = step_of(finding)
  if not asked then return nil, "This one takes ears and hands: there is no single move a script could make." end
  local step, told = bounds.hold(asked)
  if not step then return nil, told end
  local guid = step.on_mix and "master" or step.track or finding.track or "master"
  local find = tracks.finder(proj, spend)
  if not find(guid) then return nil, "The track this is about is not in the project any more." end
  local own = fixes.of(proj, finding.id, spend, find)
  if own and fate(own, find) ~= "gone" then return nil, "Its fix is in the project already: revert that first." end
  local before = made_before(ledger_of(proj, spend).records, guid, run, finding.id, find, spend)
  local track = find(guid)
  if not track then return nil, "The track this is about is not in the project any more." end
  if before then
    return nil, ("This track got a move for “%s” since the last analysis: analyze again first."):format(before.title)
  end
  local tool = tools[step.tool]
  local refusal = tool.refusal and tool.refusal(track, step)
  if refusal then return nil, refusal end
  local name = guid == "master" and "the master track" or tracks.name(track)
  local lines = {"On " .. name .. ":", tool.describe(step), table.unpack(told)}
  if guid == "master" and not step.on_mix then
    lines[#lines + 1] = "No track is named as the cause, so this would be done to the whole mix: analyze the tracks as "
      .. "stems to know which it is."
  end
  if (finding.expected_delta or "") ~= "" then lines[#lines + 1] = "Expected: " .. finding.expected_delta end
  lines[#lines + 1] = "One undo step; Revert takes it back."
  return {step = step, guid = guid, lines = lines, name = name}
end

-- doing and taking back -----------------------------------------------------------------------------------------------

--- Apply a plan to a finding of a run. Call it in a coroutine. Returns the record, or nil and a sentence.
function fixes.apply(proj, run, finding, plan, spend)
  local record, sentence
  ready_to_write(proj, spend)
  local tool = tools[plan.step.tool]
  local done = edits.step(proj, "UpTrack: fix " .. finding.title, {operations = {function()
    local track = tracks.find(proj, plan.guid)
    if not track then
      sentence = "The track is not in the project any more."
      return false
    end
    local undo
    undo, sentence = tool.apply(track, plan.step)
    if not undo then return false end
    record = {
      id = reaper.genGuid(""), finding = finding.id, run = run, title = finding.title, tool = plan.step.tool,
      track = plan.guid, undo = undo, state = "applied", lines = json.list(plan.lines),
    }
    append(proj, record)
  end}})
  if not done then return nil, "The project was closed." end
  return record, sentence
end

--- What the daemon is told of it.
function fixes.action(plan)
  local step, has_gain = plan.step, tools[plan.step.tool].has_gain
  return {
    kind = step.kind, text = step.text, gain_db = has_gain and step.gain_db or nil,
    frequency_hz = step.frequency_hz, q = step.q, track = plan.name,
  }
end

--- Take one back, and do the operations of `with_it`, a plan of markers, in the same step if that went well. Call it in
--- a coroutine. True, or nil and a sentence.
function fixes.revert(proj, record, spend, with_it)
  local reverted, sentence
  ready_to_write(proj, spend)
  local operations = {function()
    local track = tracks.find(proj, record.track)
    if not track then
      reverted = true -- with its track the fix is gone
    else
      reverted, sentence = tools[record.tool].revert(track, record.undo)
    end
    if not reverted then return false end
    fixes.note(proj, record, "reverted", "Taken back.")
  end}
  for _, operation in ipairs(with_it.operations) do
    operations[#operations + 1] = function() return reverted and operation() or false end
  end
  local plan = {operations = operations, finish = with_it.finish, note = with_it.note, prepare = with_it.prepare}
  local done = edits.step(proj, "UpTrack: take back the fix of " .. record.title, plan)
  if not done then return nil, "The project was closed." end
  return reverted, sentence
end

--- Operations that take back every fix that still stands, newest first. The records stay, for undo can bring them back.
function fixes.plan_removal(proj, spend)
  local operations, records, find = {}, ledger_of(proj, spend).records, tracks.finder(proj, spend)
  for index = #records, 1, -1 do
    local record = records[index]
    if fate(record, find) == "stands" then
      operations[#operations + 1] = function()
        local track = find(record.track)
        return track and tools[record.tool].revert(track, record.undo) or false
      end
    end
    spend(STEPS_A_RECORD)
  end
  return operations
end

return fixes
