--[[
This version beside the one before: the sentence, the two scores, how many findings became what, and which those are,
one row each. A click on one that is still there goes to it, as in the list of findings. In a low or narrow window the
scores and counts are what the sentence says, so that the rows have the room.
]]

local canvas = require("results.canvas")
local layout = require("results.layout")
local theme = require("results.theme")
local words = require("results.words")

local versions = {}

local LOW = 200 -- height of the tab below which there are only the sentence and the rows
local WIDE = 480
local STEM_FROM, STATUS_FROM, PLACE_FROM = 380, 200, 130 -- widths of the rows
local INK = {
  new = theme.severity_of("major").ink, worse = theme.severity_of("minor").ink,
  fixed = theme.colour.good, better = theme.colour.good,
}

local function paragraph(text, box, colour, most)
  for _, line in ipairs(canvas.wrap(text, "normal", box.w, most)) do
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

local function draw_figures(page, since, inner)
  local scores = layout.box(inner.x, inner.y, math.min(inner.w, 520), inner.h)
  local before_h = scores.h
  draw_score(page, "Before", since.score_before, scores)
  draw_score(page, "Now", since.score_after, scores)
  layout.top(inner, before_h - scores.h + 6)
  local counts = {
    {"fixed", since.fixed}, {"better", since.better}, {"unchanged", since.unchanged}, {"worse", since.worse},
    {"new", since.new},
  }
  local width = math.min(inner.w, 520) / #counts
  local figures = layout.top(inner, canvas.height("title"))
  local labels = layout.top(inner, canvas.height("small"), 10)
  for _, count in ipairs(counts) do
    canvas.text(tostring(count[2] or 0), layout.left(figures, width), "title", theme.colour.text)
    canvas.text(count[1], layout.left(labels, width), "small", theme.colour.dim)
  end
end

local function draw_row(page, change, number, box)
  local id, severity = "change " .. number, theme.severity_of(change.severity)
  if change.finding then
    page:hot({id = id, group = "list", box = box, set = {selected_id = change.finding},
      intent = {kind = "jump", finding = change.finding}})
    if page:hovered(id) then canvas.fill(box, theme.colour.raised) end
    page:focus_frame(id, box)
  end
  local width, row = box.w, layout.inset(box, 8, 0)
  local is_looped = change.finding ~= nil and change.finding == page.state.looped
  canvas.mark(severity, layout.inset(layout.left(row, 14, 8), 0, (box.h - 14) / 2))
  if width >= STATUS_FROM then
    local status = layout.left(row, canvas.width("better", "small") + 2, 8) -- the widest
    canvas.text(change.status, status, "small", INK[change.status] or theme.colour.dim)
  end
  if width >= PLACE_FROM then
    local place = change.start_s and words.place(change) or "–"
    canvas.text(place, layout.left(row, 44, 10), "normal", theme.colour.dim, "right")
  end
  if width >= STEM_FROM and (is_looped or change.stem) then
    local place = layout.right(row, math.min(width * 0.2, 130), 8)
    local colour = is_looped and theme.colour.accent or theme.colour.dim
    canvas.text(is_looped and "looping" or change.stem, place, "small", colour)
  end
  canvas.text(change.title, row, "normal", change.finding and theme.colour.text or theme.colour.dim)
end

local function draw_changes(page, changes, box)
  local height = canvas.height("normal") + 8
  local shown = math.floor(box.h / height)
  local area = page:scrolls(layout.box(box.x, box.y, box.w, box.h), "versions_scroll", shown, #changes)
  page.rows = shown
  page:scrollbar(box, area)
  for row = 1, math.min(shown, #changes) do
    local number = page.view.versions_scroll + row
    draw_row(page, changes[number], number, layout.box(box.x, box.y + (row - 1) * height, box.w, height))
  end
end

function versions.draw(page, report, box)
  local since = report.since
  local is_small = box.h < LOW or box.w < WIDE
  local head = layout.box(box.x, box.y, box.w, box.h)
  local inner = layout.inset(head, 12, is_small and 4 or 10)
  if not since then
    paragraph("This is the project's first version: there is nothing to compare it with yet. Analyze it again after "
      .. "the next change.", inner, theme.colour.dim, 12)
    return
  end
  local changes = since.changes or {}
  local lines = 12
  if box.h < LOW and #changes > 0 then lines = 1 end
  paragraph(since.sentence or "", inner, theme.colour.text, lines)
  layout.top(inner, is_small and 2 or 10)
  if not is_small then draw_figures(page, since, inner) end
  draw_changes(page, changes, layout.box(box.x, inner.y, box.w, inner.h))
end

return versions
