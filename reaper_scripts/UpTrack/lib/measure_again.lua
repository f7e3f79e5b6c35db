--[[
Measuring a fix: the place of the finding is rendered before it and after it, with the stems the report had, and the
daemon says what is left: "closed", "remaining", or "unknown" where a passage cannot tell. Without the one before, its
silence after would prove nothing, and anything else that was changed since the report would count as the fix.
]]

local json = require("json")
local project = require("project")
local render = require("render")
local say = require("say")
local tracks = require("tracks")

local measure_again = {}

--- The stems of a report that still are in the project.
local function stems_of(proj, report)
  local list = {}
  for _, note in ipairs(report.tracks or {}) do
    local track = tracks.find(proj, note.track)
    if track then list[#list + 1] = track end
  end
  return list
end

--- Render `range` as it sounds now; nil and a sentence where it failed. REAPER stands still meanwhile. Call it in a
--- coroutine: while something is recorded it waits.
function measure_again.render(talk, proj, report, range)
  while project.is_open(proj) and render.must_wait(proj) do coroutine.yield("behind") end
  if not project.is_open(proj) then return nil, "The project was closed." end
  if not project.is_in_front(proj) then return nil, "Another project is in front now: analyze the mix again." end
  local caveat, why = render.caveat(proj)
  if caveat then say.line(why) end
  talk:state("rendering")
  local rendered, sentence = render.run(proj, range, stems_of(proj, report), talk.link.found.audio)
  talk:state("idle")
  if not rendered then return nil, sentence end
  if #rendered.missing > 0 then return nil, rendered.missing[1] end
  return rendered
end

--- What asks for what was rendered; `before` is the run of the same passage before. Call it in a coroutine: `spend` may
--- yield, and while another tab is in front it waits.
function measure_again.request(proj, path, report, range, rendered, before, spend)
  return {
    mix = {path = rendered.mix},
    stems = #rendered.stems > 0 and json.list(rendered.stems) or nil,
    project = project.facts(proj, path, range.start_s, nil, nil, spend),
    passage = {run = report.run, start_s = range.start_s - report.start_s, before = before},
  }
end

--- What a passage's feedback says of a finding: its state and the daemon's sentence.
function measure_again.outcome(feedback, finding_id)
  for _, fix in ipairs(feedback.fixes or {}) do
    if fix.finding == finding_id then return fix.status, fix.sentence end
  end
  return "unknown", "This passage alone cannot tell: the next analysis of the mix will."
end

return measure_again
