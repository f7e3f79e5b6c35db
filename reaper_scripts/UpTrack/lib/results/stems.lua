--[[
The stems, one row each: name, score, loudness, what to know about it, and how many findings name it. A click lists
those.
]]

local canvas = require("results.canvas")
local layout = require("results.layout")
local theme = require("results.theme")
local words = require("results.words")

local stems = {}

local LOUDNESS_FROM, TEXT_FROM, BAR_FROM = 420, 600, 260 -- widths of the tab

local function row_height()
  return canvas.height("normal") + 10
end

local function counted(track)
  local count = #(track.findings or {})
  return count == 0 and "–" or tostring(count)
end

local function draw_row(page, track, box, number)
  local id = "stem " .. number
  page:hot({id = id, group = "list", box = box,
    set = {stem = track.name, tab = "findings", scroll = 0, detail = false, focus = "list"}})
  if page:hovered(id) then canvas.fill(box, theme.colour.raised) end
  page:focus_frame(id, box)
  local width, row = box.w, layout.inset(box, 10, 0)
  canvas.text(counted(track), layout.right(row, 60, 10), "normal", theme.colour.text, "right")
  local swatch = layout.left(row, 6, 8)
  local colour = theme.of_track(track.colour)
  if colour then canvas.fill(layout.inset(swatch, 0, 4), colour) end
  canvas.text(track.name, layout.left(row, math.max(60, math.min(width * 0.3, 180)), 10), "normal", theme.colour.text)
  if width >= BAR_FROM then
    local bar = layout.left(row, math.min(width * 0.2, 160), 8)
    local figure = layout.left(row, 30, 12)
    if track.score then
      page:bar(layout.inset(bar, 0, math.max(0, (bar.h - 8) / 2)), track.score / 100, theme.score_colour(track.score))
      canvas.text(words.number(track.score, 0), figure, "normal", theme.colour.text, "right")
    else
      canvas.text("no score", bar, "small", theme.colour.dim)
    end
  end
  if width >= LOUDNESS_FROM then
    local loudness = track.loudness_lufs and words.number(track.loudness_lufs, 1) .. " LUFS" or ""
    canvas.text(loudness, layout.left(row, 86, 14), "normal", theme.colour.dim, "right")
  end
  if width >= TEXT_FROM then canvas.text(track.text or "", row, "normal", theme.colour.dim) end
end

function stems.draw(page, report, box)
  local tracks = report.tracks or {}
  if #tracks == 0 then
    local inner = layout.inset(box, 12, 10)
    local sentence = "No stems in this run. Analyze stems renders the tracks beside the mix and says which one a "
      .. "finding comes from."
    for _, line in ipairs(canvas.wrap(sentence, "normal", inner.w, 12)) do
      canvas.text(line, layout.top(inner, canvas.height("normal")), "normal", theme.colour.dim)
    end
    return
  end
  local heading = layout.inset(layout.top(box, canvas.height("small") + 6), 10, 0)
  canvas.text("findings", layout.right(heading, 60, 10), "small", theme.colour.dim, "right")
  canvas.text("stem", heading, "small", theme.colour.dim)
  local height = row_height()
  local shown = math.floor(box.h / height)
  local area = page:scrolls(layout.box(box.x, box.y, box.w, box.h), "stems_scroll", shown, #tracks)
  page.rows = shown
  page:scrollbar(box, area)
  for row = 1, math.min(shown, #tracks) do
    local number = page.view.stems_scroll + row
    draw_row(page, tracks[number], layout.box(box.x, box.y + (row - 1) * height, box.w, height), number)
  end
end

return stems
