--[[
The top of the window: the score, what it is a score of, and the areas as labelled bars. In a low window one line.
]]

local canvas = require("results.canvas")
local layout = require("results.layout")
local theme = require("results.theme")
local words = require("results.words")

local header = {}

local WIDE = 640 -- from here on the bars stand beside the score, else below it
local AREA_GAP = 4

local function score_text(report)
  return report.score and words.number(report.score, 0) or "–"
end

--- The status line without the score at its beginning, which stands beside it in large type.
local function status_of(report)
  local status = report.status or ""
  return status:match("^[^·]* · (.+)$") or status
end

local function change(report)
  local since = report.since
  if not (since and since.score_before and since.score_after) then return nil end
  local moved = since.score_after - since.score_before
  return words.signed(moved, 0) .. " since the last version", moved
end

local function columns(count, width)
  if count > 4 and width >= 440 then return 2 end
  return 1
end

local function area_height()
  return canvas.height("small") + AREA_GAP
end

local function areas_height(report, width)
  local count = #report.areas
  return math.ceil(count / columns(count, width)) * area_height()
end

local function text_height(report)
  local lines = canvas.height("title") + 2 * canvas.height("normal") + (report.since and canvas.height("small") or 0)
  return math.max(canvas.height("score"), lines)
end

--- How high the header wants to be; `low` asks for one line.
function header.height(report, width, low)
  if low then return canvas.height("title") + 8 end
  if width >= WIDE then
    return math.max(text_height(report), areas_height(report, width / 2)) + 16
  end
  return text_height(report) + areas_height(report, width - 20) + 24
end

local function draw_area(page, area, box)
  local id = "area " .. area.area
  local chosen = page.view.area == area.area
  page:hot({id = id, group = "areas", box = box,
    set = {area = chosen and "" or area.area, tab = "findings", scroll = 0, detail = false}})
  if page:hovered(id) or chosen then canvas.fill(box, chosen and theme.colour.selected or theme.colour.raised) end
  page:focus_frame(id, box)
  local row = layout.inset(box, 4, 0)
  local label = layout.left(row, math.min(92, row.w * 0.42), 6)
  canvas.text(words.title(area.area), label, "small", theme.colour.text)
  if not area.score then
    canvas.text("not measured", row, "small", theme.colour.dim, "right")
    return
  end
  local figure = layout.right(row, 26, 6)
  canvas.text(words.number(area.score, 0), figure, "small", theme.colour.text, "right")
  if row.w >= 12 then
    page:bar(layout.inset(row, 0, math.max(0, (row.h - 7) / 2)), area.score / 100, theme.score_colour(area.score))
  end
end

local function draw_areas(page, report, box)
  local count = #report.areas
  local across = columns(count, box.w)
  local down = math.ceil(count / across)
  local width = (box.w - (across - 1) * 12) / across
  for index, area in ipairs(report.areas) do
    local column, row = (index - 1) // down, (index - 1) % down
    local place = layout.box(box.x + column * (width + 12), box.y + row * area_height(), width, area_height())
    if place.y + place.h <= box.y + box.h + 0.5 then draw_area(page, area, place) end
  end
end

local function draw_line(report, box)
  local row = layout.inset(box, 8, 0)
  local score = score_text(report)
  canvas.text(score, layout.left(row, canvas.width(score, "title"), 10), "title", theme.colour.text)
  local moved = change(report)
  if moved and row.w > 420 then
    canvas.text(moved, layout.right(row, canvas.width(moved, "small"), 10), "small", theme.colour.dim, "right")
  end
  canvas.text(status_of(report), row, "normal", theme.colour.dim)
end

local function draw_text(report, box)
  local score = score_text(report)
  local tall = layout.left(box, math.min(canvas.width(score, "score"), box.w / 2), 14)
  canvas.text(score, tall, "score", theme.colour.text, "centre")
  local function line(text, font, colour)
    canvas.text(text, layout.top(box, canvas.height(font)), font, colour)
  end
  line(report.project or words.joined(report.genre, report.target), "title", theme.colour.text)
  line(status_of(report), "normal", theme.colour.dim)
  local moved, by = change(report)
  if moved then line(moved, "normal", by < 0 and theme.severity_of("major").ink or theme.colour.text) end
  if not report.score then line("No score: too little could be measured.", "normal", theme.colour.dim) end
end

function header.draw(page, report, box, low)
  canvas.fill(box, theme.colour.panel)
  if low then return draw_line(report, box) end
  local inner = layout.inset(box, 10, 8)
  if box.w >= WIDE then
    local bars = layout.right(inner, inner.w / 2, 16)
    draw_areas(page, report, bars)
    draw_text(report, inner)
  else
    draw_text(report, layout.top(inner, text_height(report), 8))
    draw_areas(page, report, inner)
  end
end

return header
