--[[
This version beside the one before: the sentence, the two scores, and what became of the findings.
]]

local canvas = require("results.canvas")
local layout = require("results.layout")
local theme = require("results.theme")
local words = require("results.words")

local versions = {}

local function paragraph(text, box, colour)
  for _, line in ipairs(canvas.wrap(text, "normal", box.w, 12)) do
    canvas.text(line, layout.top(box, canvas.height("normal")), "normal", colour)
  end
end

local function draw_score(page, label, score, box)
  local row = layout.top(box, canvas.height("normal"), 6)
  canvas.text(label, layout.left(row, math.min(64, row.w * 0.3), 8), "normal", theme.colour.dim)
  local figure = layout.right(row, 40, 8)
  canvas.text(score and words.number(score, 0) or "none", figure, "normal", theme.colour.text, "right")
  if score and row.w >= 12 then
    page:bar(layout.inset(row, 0, math.max(0, (row.h - 10) / 2)), score / 100, theme.score_colour(score))
  end
end

function versions.draw(page, report, box)
  local inner = layout.inset(box, 12, 10)
  local since = report.since
  if not since then
    paragraph("This is the project's first version: there is nothing to compare it with yet. Analyze it again after "
      .. "the next change.", inner, theme.colour.dim)
    return
  end
  paragraph(since.sentence or "", inner, theme.colour.text)
  layout.top(inner, 10)
  local scores = layout.box(inner.x, inner.y, math.min(inner.w, 520), inner.h)
  local before_h = scores.h
  draw_score(page, "Before", since.score_before, scores)
  draw_score(page, "Now", since.score_after, scores)
  layout.top(inner, before_h - scores.h + 6)
  local counts = {
    {"fixed", since.fixed}, {"better", since.better}, {"unchanged", since.unchanged}, {"worse", since.worse},
    {"new", since.new},
  }
  local across = inner.w >= 480 and #counts or 1
  if across == 1 then
    for _, count in ipairs(counts) do
      local row = layout.top(inner, canvas.height("normal"), 2)
      canvas.text(tostring(count[2] or 0), layout.left(row, 34, 10), "bold", theme.colour.text, "right")
      canvas.text(count[1], row, "normal", theme.colour.dim)
    end
    return
  end
  local width = math.min(inner.w, 520) / across
  local figures = layout.top(inner, canvas.height("title"))
  local labels = layout.top(inner, canvas.height("small"))
  for _, count in ipairs(counts) do
    canvas.text(tostring(count[2] or 0), layout.left(figures, width), "title", theme.colour.text)
    canvas.text(count[1], layout.left(labels, width), "small", theme.colour.dim)
  end
end

return versions
