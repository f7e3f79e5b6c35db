--[[
The last report of a project, kept in the project (extended state, saved in the .rpp), so that the results window has
something to show whenever the project is opened. Long lists are cut: the daemon's page holds all of it.
]]

local json = require("json")
local kept = require("kept")

local kept_report = {}

local KEY = "report"
local MOST_FINDINGS = 300

local function cut(list, most)
  if #list <= most then return list end
  return json.list(table.move(list, 1, most, 1, {}))
end

--- Keep a feedback. `spend` is called while it is written, and may yield; who resumes it sees to the project.
function kept_report.write(proj, feedback, facts, spend)
  local report = {}
  for name, value in pairs(feedback) do report[name] = value end
  report.more = cut(feedback.more or json.list(), MOST_FINDINGS)
  report.markers = cut(feedback.markers or json.list(), MOST_FINDINGS)
  if feedback.since and feedback.since.changes then
    report.since = {}
    for name, value in pairs(feedback.since) do report.since[name] = value end
    report.since.changes = cut(feedback.since.changes, MOST_FINDINGS)
  end
  report.asked = facts -- what was asked for, so that it can be asked for again
  kept.prepare(proj, KEY, json.encode(report, spend), spend)()
  kept.clear(proj, KEY, spend)
end

--- The kept feedback; nil where there is none.
function kept_report.read(proj, spend)
  local read, value = pcall(json.decode, kept.slices(proj, KEY, spend), spend)
  if not read or type(value) ~= "table" or type(value.run) ~= "string" then return nil end
  value.markers, value.more = value.markers or json.list(), value.more or json.list()
  return value
end

function kept_report.remove(proj)
  kept.write(proj, KEY, "")
end

return kept_report
