--[[
A report as text in the ReaScript console: the findings on the timeline in their order, or all with what to do.
For screen readers, for looking things up, and for whoever does not want a window.
]]

local say = require("say")

local report_text = {}

local MOST_LINES = 100 -- the console takes its time for each, and nobody reads thousands

local function place_of(marker, otherwise)
  if marker.bar then return "bar " .. marker.bar end
  return marker.start_s and ("%.1f s"):format(marker.start_s) or otherwise
end

local MOST_CHANGES = 12 -- beside the findings; with `everything` there are as many lines as there may be

--- What became of the findings of the version before, a line each.
local function write_changes(since, everything)
  local changes = since.changes or {}
  local shown = math.min(#changes, everything and MOST_LINES or MOST_CHANGES)
  local lines = {}
  for index = 1, shown do
    local one = changes[index]
    lines[index] = ("%s, %s: %s"):format(one.status, place_of(one, "its place is gone"), one.title)
  end
  if #lines > 0 then say.indented(table.concat(lines, "\n  ")) end
  if #changes > shown then say.indented(("%d more are in the results window."):format(#changes - shown)) end
end

--- What a feedback found: what lies on the timeline, or `everything`, without what was dismissed.
local function findings_of(feedback, everything)
  local found = table.move(feedback.markers, 1, #feedback.markers, 1, {})
  local more = 0
  for _, finding in ipairs(feedback.more or {}) do
    if not finding.dismissed then
      if everything then found[#found + 1] = finding else more = more + 1 end
    end
  end
  return found, more
end

--- Write a feedback, and what the `plan` of its markers has `skipped`, because it could not be placed, and `left`,
--- because the user had deleted it. With `everything` come the findings that
--- have no marker, and of each what to do, and the console opens for that.
function report_text.write(feedback, plan, everything)
  local begin = everything and say.line or say.routine
  begin(feedback.status or "done")
  if feedback.since then
    say.indented(feedback.since.sentence)
    for _, note in ipairs(feedback.since.notes or {}) do say.indented(note) end
    write_changes(feedback.since, everything)
  end
  for _, fix in ipairs(feedback.fixes or {}) do say.indented(fix.sentence) end
  local found, more = findings_of(feedback, everything)
  local lines, shown = {}, math.min(#found, MOST_LINES)
  for index = 1, shown do
    local one = found[index]
    lines[#lines + 1] = ("%s  %s: %s"):format(place_of(one, "all of it"), one.severity, one.text or one.title)
    if everything and (one.advice or "") ~= "" then lines[#lines + 1] = "  " .. one.advice end
  end
  if #lines > 0 then say.indented(table.concat(lines, "\n  ")) end
  more = more + #found - shown
  if more > 0 then say.indented(("%d more are in the results window."):format(more)) end
  if plan and #plan.skipped > 0 then say.indented(("%d markers could not be placed."):format(#plan.skipped)) end
  if plan and #plan.left > 0 then
    local sentence = "Not placed again, because you had deleted the marker: %d; B in the results window does that."
    say.indented(sentence:format(#plan.left))
  end
end

return report_text
