--[[
Fixes: what UpTrack may change in a project, only after a click, one undo step each, each to be taken back.

A finding's first step that has a tool is what can be applied. What was applied is kept in the project (extended state):
which finding of which run, on which track, what to take back, and what measuring again has shown.

One move a track and run: what a second one would be for, the next analysis says.
]]

local edits = require("edits")
local json = require("json")
local kept = require("kept")
local tools = require("tools")
local tracks = require("tracks")

local fixes = {}

local KEY = "fixes"
local MOST_KEPT = 200

-- what was applied ----------------------------------------------------------------------------------------------------

--- All records, oldest first.
function fixes.all(proj)
  local read, list = pcall(json.decode, kept.read(proj, KEY))
  return read and json.is_list(list) and list or json.list()
end

local function keep(proj, records)
  local from = math.max(1, #records - MOST_KEPT + 1)
  kept.write(proj, KEY, json.encode(json.list(table.move(records, from, #records, 1, {}))))
end

--- What became of a fix in the project: "stands", "changed" by hand, or "gone", by undo or with its track.
local function fate(proj, record)
  local track, tool = tracks.find(proj, record.track), tools[record.tool]
  return track and tool and tool.fate(track, record.undo) or "gone"
end

--- Every finding's last record. Findings keep their ids from run to run.
function fixes.latest(proj)
  local latest = {}
  for _, record in ipairs(fixes.all(proj)) do latest[record.finding] = record end
  for _, record in pairs(latest) do
    local now = fate(proj, record)
    if now == "gone" and record.state ~= "reverted" then
      record.state, record.sentence = "reverted", "It was undone."
    elseif now == "stands" and record.state == "reverted" then
      record.state, record.sentence = "applied", "It is in the project again."
    elseif now == "changed" then
      record.sentence = "The track was changed by hand since."
    end
  end
  return latest
end

--- The last record of a finding; nil if it was never fixed.
function fixes.of(proj, finding)
  return fixes.latest(proj)[finding]
end

--- Change a record, in the project and in hand. Only what is said here: the one in hand may be older.
local function change(proj, record, fields)
  local records = fixes.all(proj)
  for _, one in ipairs(records) do
    if one.id == record.id then
      for name, value in pairs(fields) do one[name] = value end
    end
  end
  keep(proj, records)
  for name, value in pairs(fields) do record[name] = value end
end

--- Note by which id the daemon knows a fix.
function fixes.name(proj, record, fix)
  change(proj, record, {fix = fix})
end

--- Note what measuring again has shown: "closed", "remaining" or "unknown", and the daemon's sentence.
function fixes.note(proj, record, state, sentence)
  change(proj, record, {state = state, sentence = sentence})
end

-- what can be applied -------------------------------------------------------------------------------------------------

local function step_of(finding)
  for _, step in ipairs(finding.actions or {}) do
    if step.tool and tools[step.tool] then return step end
  end
  return nil
end

--- Another finding's fix on this track that is there and was made for this run.
local function made_before(proj, guid, run, finding)
  for _, record in ipairs(fixes.all(proj)) do
    if record.track == guid and record.run == run and record.finding ~= finding and fate(proj, record) ~= "gone" then
      return record
    end
  end
  return nil
end

--- What a click would do: {step, guid, lines}; nil and a sentence where it takes a person.
function fixes.plan(proj, finding, run)
  local step = step_of(finding)
  if not step then return nil, "This one takes ears and hands: there is no single move a script could make." end
  local guid = step.on_mix and "master" or step.track or finding.track or "master"
  local track = tracks.find(proj, guid)
  if not track then return nil, "The track this is about is not in the project any more." end
  local own = fixes.of(proj, finding.id)
  if own and fate(proj, own) ~= "gone" then return nil, "Its fix is in the project already: revert that first." end
  local before = made_before(proj, guid, run, finding.id)
  if before then
    return nil, ("This track got a move for “%s” since the last analysis: analyze again first."):format(before.title)
  end
  local tool = tools[step.tool]
  local refusal = tool.refusal and tool.refusal(track, step)
  if refusal then return nil, refusal end
  local name = guid == "master" and "the master track" or tracks.name(track)
  local lines = {"On " .. name .. ":", tool.describe(step)}
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
function fixes.apply(proj, run, finding, plan)
  local record, sentence
  local tool = tools[plan.step.tool]
  local done = edits.step(proj, "UpTrack: fix " .. finding.title, {function()
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
    local records = fixes.all(proj)
    records[#records + 1] = record
    keep(proj, records)
  end})
  if not done then return nil, "The project was closed." end
  return record, sentence
end

--- What the daemon is told of it.
function fixes.action(plan)
  local step, gain_of = plan.step, tools[plan.step.tool].gain_of
  return {
    kind = step.kind, text = step.text, gain_db = gain_of and gain_of(step), frequency_hz = step.frequency_hz,
    q = step.q, track = plan.name,
  }
end

--- Take one back. Call it in a coroutine. True, or nil and a sentence.
function fixes.revert(proj, record)
  local reverted, sentence
  local done = edits.step(proj, "UpTrack: take back the fix of " .. record.title, {function()
    local track = tracks.find(proj, record.track)
    if not track then
      reverted = true -- with its track the fix is gone
    else
      reverted, sentence = tools[record.tool].revert(track, record.undo)
    end
    if not reverted then return false end
    fixes.note(proj, record, "reverted", "Taken back.")
  end})
  if not done then return nil, "The project was closed." end
  return reverted, sentence
end

--- Operations that take back every fix that still stands, newest first. The records stay, for undo can bring them back.
function fixes.plan_removal(proj)
  local operations, records = {}, fixes.all(proj)
  for index = #records, 1, -1 do
    local record = records[index]
    if fate(proj, record) == "stands" then
      operations[#operations + 1] = function()
        return tools[record.tool].revert(tracks.find(proj, record.track), record.undo) or false
      end
    end
  end
  return operations
end

return fixes
