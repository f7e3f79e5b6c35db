--[[
The findings as rows: mark, place, title, stem, points. Only the rows that are visible are looked at.
]]

local canvas = require("results.canvas")
local layout = require("results.layout")
local states = require("results.state")
local theme = require("results.theme")
local words = require("results.words")

local list = {}

local WORD_FROM, STEM_FROM, TAG_FROM, POINTS_FROM, PLACE_FROM = 560, 380, 300, 240, 160 -- widths of the list

function list.row_height()
  return canvas.height("normal") + 8
end

local function tag_of(finding, looped)
  if finding.id == looped then return "looping" end
  if finding.dismissed then return "dismissed" end
  return finding.fix and finding.fix.state ~= "reverted" and finding.fix.state or nil
end

--- Which columns the visible rows need, so that they stand under each other and none is empty.
local function columns_of(found, first, last, width, looped)
  local columns = {tag = 0, stem = 0}
  for index = first, last do
    local tag = width >= TAG_FROM and tag_of(found[index], looped)
    if tag then columns.tag = math.max(columns.tag, canvas.width(tag, "small")) end
    if width >= STEM_FROM and found[index].stem then columns.stem = math.min(width * 0.2, 130) end
  end
  return columns
end

local function draw_row(page, finding, index, columns, box)
  local id, tag = "row " .. finding.id, tag_of(finding, page.state.looped)
  page:hot({id = id, group = "list", box = box, set = {selected = index, focus = "list"}, row = index})
  if index == page.view.selected then
    canvas.fill(box, theme.colour.selected)
    canvas.fill(layout.box(box.x, box.y, 3, box.h), theme.colour.accent)
  elseif page:hovered(id) then
    canvas.fill(box, theme.colour.raised)
  end
  local severity = theme.severity_of(finding.severity)
  local colour = finding.dismissed and theme.colour.dim or theme.colour.text
  local width, row = box.w, layout.inset(box, 8, 0)
  canvas.mark(severity, layout.inset(layout.left(row, 14, 8), 0, (box.h - 14) / 2))
  if width >= PLACE_FROM then
    canvas.text(words.place(finding), layout.left(row, 44, 10), "normal", theme.colour.dim, "right")
  end
  if width >= POINTS_FROM then
    local points = layout.right(row, 36, 8)
    if finding.points and finding.points > 0 then
      canvas.text(words.number(-finding.points, 1), points, "normal", colour, "right")
    end
  end
  if columns.tag > 0 then
    canvas.text(tag or "", layout.right(row, columns.tag, 8), "small", theme.colour.accent, "right")
  end
  if columns.stem > 0 then
    canvas.text(finding.stem or "", layout.right(row, columns.stem, 8), "small", theme.colour.dim)
  end
  if width >= WORD_FROM then
    canvas.text(severity.word, layout.left(row, 66, 8), "small", severity.ink)
  end
  canvas.text(finding.title, row, "normal", colour)
end

--- Which filters hold, in words; nil without any.
local function filters(view)
  local least = view.filter ~= "all" and view.filter .. (view.filter == "blocker" and "" or " or worse") or nil
  local text = words.joined(least, view.area, view.stem)
  return text ~= "" and text or nil
end

local function draw_filters(page, box, shown, all)
  local text = filters(page.view)
  if not text then return end
  local row = layout.top(box, canvas.height("small") + 8)
  page:hot({id = "clear filters", group = "tabs", box = row, set = {filter = "all", area = "", stem = "", scroll = 0}})
  canvas.fill(row, page:hovered("clear filters") and theme.colour.hover or theme.colour.raised)
  page:focus_frame("clear filters", row)
  local inner = layout.inset(row, 8, 0)
  if inner.w > 240 then
    canvas.text("show all", layout.right(inner, canvas.width("show all", "small"), 10), "small", theme.colour.accent)
  end
  canvas.text(("%d of %d: %s"):format(shown, all, text), inner, "small", theme.colour.text)
end

function list.draw(page, report, box)
  local now, view = page.state, page.view
  local found = states.listed(now)
  draw_filters(page, box, #found, #report.findings)
  if #found == 0 then
    local sentence = #report.findings == 0 and "Nothing found." or "Nothing here passes the filter."
    local line = layout.inset(layout.top(box, canvas.height("normal") + 20), 10, 10)
    canvas.text(sentence, line, "normal", theme.colour.dim)
    return
  end
  local height = list.row_height()
  local shown = math.floor(box.h / height)
  page.rows = shown
  local area = page:scrolls(layout.box(box.x, box.y, box.w, box.h), "scroll", shown, #found)
  page:scrollbar(box, area)
  local last = math.min(view.scroll + shown, #found)
  local columns = columns_of(found, view.scroll + 1, last, box.w, now.looped)
  for index = view.scroll + 1, last do
    local row = index - view.scroll
    draw_row(page, found[index], index, columns, layout.box(box.x, box.y + (row - 1) * height, box.w, height))
  end
end

return list
