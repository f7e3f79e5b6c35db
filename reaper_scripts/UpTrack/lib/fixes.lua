--[[
Fixes: what UpTrack may change in a project, only after a click, one undo step each, each to be taken back.

A finding's first step that has a tool is what can be applied. What was applied is kept in the project (extended state):
which finding of which run, on which track, what to take back, and what measuring again has shown.

One move a track at a time: until the first is measured again nobody knows what a second one would be for.
]]

local edits = require("edits")
local json = require("json")
local tools = require("tools")
local tracks = require("tracks")

local fixes = {}

local SECTION, KEY = "UpTrack", "fixes"
local MOST_KEPT = 200

-- what was applied ----------------------------------------------------------------------------------------------------

--- All records, oldest first.
function fixes.all(proj)
  local _, text = reaper.GetProjExtState(proj, SECTION, KEY)
  local read, list = pcall(json.decode, text)
  return read and json.is_list(list) and list or json.list()
end

local function keep(proj, records)
  local from = math.max(1, #records - MOST_KEPT + 1)
  local kept = json.list(table.move(records, from, #records, 1, {}))
  reaper.SetProjExtState(proj, SECTION, KEY, #kept > 0 and json.encode(kept) or "")
end

--- Whether a fix is still in the project: undo, or a hand, may have taken it out.
local function stands(proj, record)
  if record.state == "reverted" then return false end
  local track, tool = tracks.find(proj, record.track), tools[record.tool]
  return track ~= nil and tool ~= nil and tool.stands(track, record.undo)
end

--- The last record of a finding; nil if it was never fixed. Findings keep their ids from run to run.
function fixes.of(proj, finding)
  local records = fixes.all(proj)
  for index = #records, 1, -1 do
    local record = records[index]
    if record.finding == finding then
      if record.state ~= "reverted" and not stands(proj, record) then
        record.state, record.sentence = "reverted", "It was undone."
      end
      return record
    end
  end
  return nil
end

local function update(proj, record)
  local records = fixes.all(proj)
  for index, one in ipairs(records) do
    if one.id == record.id then records[index] = record end
  end
  keep(proj, records)
end

--- Note what measuring again has shown: "closed", "remaining" or "unknown", and the daemon's sentence.
function fixes.note(proj, record, state, sentence)
  record.state, record.sentence = state, sentence
  update(proj, record)
end

-- what can be applied -------------------------------------------------------------------------------------------------

local function step_of(finding)
  for _, step in ipairs(finding.actions or {}) do
    if step.tool and tools[step.tool] then return step end
  end
  return nil
end

local function busy(proj, guid)
  for _, record in ipairs(fixes.all(proj)) do
    if record.track == guid and record.state == "applied" and stands(proj, record) then return record end
  end
  return nil
end

--- What a click would do: {step, guid, lines}; nil and a sentence where it takes a person.
function fixes.plan(proj, finding)
  local step = step_of(finding)
  if not step then return nil, "This one takes ears and hands: there is no single move a script could make." end
  local guid = step.on_mix and "master" or step.track or finding.track or "master"
  local track = tracks.find(proj, guid)
  if not track then return nil, "The track this is about is not in the project any more." end
  local before = busy(proj, guid)
  if before then
    return nil, ("“%s” was just fixed on this track: measure that again first."):format(before.title)
  end
  local name = guid == "master" and "the master track" or tracks.name(track)
  local lines = {"On " .. name .. ":", tools[step.tool].describe(step)}
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
      return
    end
    local undo
    undo, sentence = tool.apply(track, plan.step)
    if not undo then return end
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
  local step = plan.step
  return {
    kind = step.kind, text = step.text, gain_db = tools.gain_of(step), frequency_hz = step.frequency_hz,
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
    if reverted then fixes.note(proj, record, "reverted", "Taken back.") end
  end})
  if not done then return nil, "The project was closed." end
  return reverted, sentence
end

--- Operations that take back every fix that still stands, newest first, and forget them all.
function fixes.plan_removal(proj)
  local operations, records = {}, fixes.all(proj)
  for index = #records, 1, -1 do
    local record = records[index]
    if record.state ~= "reverted" and record.state ~= "refused" and tools[record.tool] then
      operations[#operations + 1] = function()
        local track = tracks.find(proj, record.track)
        if track then tools[record.tool].revert(track, record.undo) end
      end
    end
  end
  if #records > 0 then
    operations[#operations + 1] = function() reaper.SetProjExtState(proj, SECTION, KEY, "") end
  end
  return operations
end

return fixes
