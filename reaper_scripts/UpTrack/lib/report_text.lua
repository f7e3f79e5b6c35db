--[[
A report as text in the ReaScript console: the same findings as on the timeline, in the same order, with what to do.
For screen readers, for looking things up, and for whoever does not want a window.
]]

local say = require("say")

local report_text = {}

local MOST_LINES = 100 -- the console takes its time for each, and nobody reads thousands

local function place_of(marker)
  return marker.bar and "bar " .. marker.bar or ("%.1f s"):format(marker.start_s)
end

--- Write a feedback; `skipped` are ids of markers that could not be placed.
function report_text.write(feedback, skipped)
  say.line(feedback.status or "done")
  if feedback.since then say.indented(feedback.since.sentence) end
  for _, fix in ipairs(feedback.fixes or {}) do say.indented(fix.sentence) end
  local lines = {}
  for index = 1, math.min(#feedback.markers, MOST_LINES) do
    local marker = feedback.markers[index]
    lines[index] = ("%s  %s: %s"):format(place_of(marker), marker.severity, marker.text)
  end
  if #lines > 0 then say.indented(table.concat(lines, "\n  ")) end
  local more = #feedback.markers - #lines
  for _, finding in ipairs(feedback.more or {}) do
    if not finding.dismissed then more = more + 1 end
  end
  if more > 0 then say.indented(("%d more are in the results window."):format(more)) end
  if skipped and #skipped > 0 then say.indented(("%d markers could not be placed."):format(#skipped)) end
end

--- One finding with all there is to say of it.
function report_text.write_finding(finding)
  say.line(("%s, %s: %s"):format(place_of(finding), finding.severity, finding.title))
  if finding.advice ~= "" then say.indented(finding.advice) end
  if finding.stem then say.indented("Stem: " .. finding.stem) end
  if (finding.points or 0) > 0 then say.indented(("Mending it is worth %.1f points."):format(finding.points)) end
end

return report_text
