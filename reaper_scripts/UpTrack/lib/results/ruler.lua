--[[
A strip of the whole mix: its sections, and where in it the listed findings lie. A click on a span goes to its
finding, a click on a section to its beginning.

Only the first findings of the list, the most telling ones, have a span: more could neither be told apart nor drawn in
time. Where there is room each severity has a lane of its own behind its mark; in a low strip all share one, and what is
worse stands taller.
]]

local canvas = require("results.canvas")
local layout = require("results.layout")
local states = require("results.state")
local theme = require("results.theme")
local words = require("results.words")

local ruler = {}

local MOST_SPANS = 40
local LANE = 9
local LOW_LANE = 14
local MARGIN = 10
local THINNEST = 4

local function spans(now)
  local list, picked, ranks = states.listed(now), {}, {}
  for index = 1, math.min(#list, MOST_SPANS) do
    picked[index] = {finding = list[index], index = index}
    ranks[theme.severity_of(list[index].severity).rank] = true
  end
  -- The selected one always has its span, however far down the list it is.
  local selected = now.view.selected
  if selected > MOST_SPANS and list[selected] then
    picked[#picked + 1] = {finding = list[selected], index = selected}
    ranks[theme.severity_of(list[selected].severity).rank] = true
  end
  return picked, ranks
end

--- Names of the severities that occur, worst first.
local function lanes_of(ranks)
  local lanes = {}
  for rank = #theme.SEVERITIES, 1, -1 do
    if ranks[rank] then lanes[#lanes + 1] = theme.SEVERITIES[rank] end
  end
  return lanes
end

function ruler.height(now, low)
  local sections = canvas.height("small") + 4
  if low then return sections + LOW_LANE + 4 end
  local _, ranks = spans(now)
  return sections + math.max(1, #lanes_of(ranks)) * LANE + 6
end

local function draw_section(page, section, box, number)
  local id = "section " .. number
  page:hot({id = id, group = "ruler", box = box, intent = {kind = "seek", time_s = section.start_s}})
  local room = layout.box(box.x, box.y, box.w - 1, box.h) -- a hair's breadth between two sections
  canvas.fill(room, theme.sections[section.kind] or theme.other_section)
  page:focus_frame(id, room)
  if page:hovered(id) then canvas.outline(room, theme.colour.dim) end
  local label = layout.inset(room, 4, 0)
  local kind = section.kind or "part"
  local with_bar = section.bar and kind .. " " .. words.bar(section.bar)
  if with_bar and label.w >= canvas.width(with_bar, "small") then kind = with_bar end
  if label.w >= canvas.width(kind, "small") then canvas.text(kind, label, "small", theme.colour.text) end
end

local function draw_span(page, span, box)
  local finding = span.finding
  local id = "span " .. finding.id
  local severity = theme.severity_of(finding.severity)
  page:hot({id = id, group = "ruler", box = box, set = {selected = span.index, tab = "findings"}, command = "jump"})
  canvas.fill(box, severity.colour, finding.dismissed and 0.35 or 1)
  if page.view.selected == span.index or page:hovered(id) or page:focused(id) then
    canvas.outline(layout.box(box.x - 1, box.y - 1, box.w + 2, box.h + 2), theme.colour.text)
  end
end

function ruler.draw(page, report, box, low)
  local now = page.state
  local inner = layout.inset(box, MARGIN, 2)
  local picked, ranks = spans(now)
  local lanes = lanes_of(ranks)
  local marks = not low and layout.left(inner, LANE, 6)
  local length_s = math.max(report.duration_s, 1e-3)
  local function x_of(time_s)
    return inner.x + math.max(0, math.min((time_s - report.start_s) / length_s, 1)) * inner.w
  end
  local top = layout.top(layout.box(inner.x, inner.y, inner.w, inner.h), canvas.height("small") + 2)
  for number, section in ipairs(report.sections) do
    local left, right = x_of(section.start_s), x_of(section.end_s)
    if right - left >= 2 then draw_section(page, section, layout.box(left, top.y, right - left, top.h), number) end
  end
  local y = top.y + top.h + 2
  local lane_at = {}
  for number, name in ipairs(lanes) do
    lane_at[name] = low and y or y + (number - 1) * LANE
    if not low then
      canvas.mark(theme.severity_of(name), layout.box(marks.x, lane_at[name], LANE, LANE))
      canvas.fill(layout.box(inner.x, lane_at[name] + 1, inner.w, LANE - 2), theme.colour.trough)
    end
  end
  if low then canvas.fill(layout.box(inner.x, y, inner.w, LOW_LANE), theme.colour.trough) end
  for number = #picked, 1, -1 do -- the most telling last, on top
    local finding = picked[number].finding
    local name = theme.SEVERITIES[theme.severity_of(finding.severity).rank]
    local left = math.min(x_of(finding.start_s), inner.x + inner.w - THINNEST)
    local width = math.max(x_of(finding.end_s) - left, THINNEST)
    if low then
      local height = LOW_LANE * theme.severity_of(name).rank / #theme.SEVERITIES
      draw_span(page, picked[number], layout.box(left, y + LOW_LANE - height, width, height))
    else
      draw_span(page, picked[number], layout.box(left, lane_at[name] + 1, width, LANE - 2))
    end
  end
  if #report.sections == 0 then
    canvas.text(words.clock(report.start_s) .. " – " .. words.clock(report.start_s + report.duration_s),
      top, "small", theme.colour.dim)
  end
end

return ruler
