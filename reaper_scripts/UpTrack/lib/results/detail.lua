--[[
One finding in full: what, where and how much, what to do about it with its numbers, the fix and its state, and buttons.

The text is a column of lines that scrolls by lines; a line that does not wholly fit is not drawn.
]]

local canvas = require("results.canvas")
local commands = require("results.commands")
local layout = require("results.layout")
local states = require("results.state")
local theme = require("results.theme")
local words = require("results.words")

local detail = {}

local MOST_LINES = 60 -- of one paragraph
local BUTTONS = {"jump", "apply", "preview", "revert", "loop", "dismiss", "dismiss rule"} -- dearest first

local FIX_WORDS = {
  preview = "Fix, not applied yet", applied = "Fix applied", measuring = "Fix applied; measuring what it did",
  closed = "Fixed", remaining = "Something of it remains", unknown = "Fixed or not: could not be told",
  reverted = "Fix taken back", refused = "This fix cannot be made here",
}

--- Lines to come, each with its height.
local function column(width)
  local lines = {}
  local self = {lines = lines}
  function self.space(height)
    lines[#lines + 1] = {height = height}
  end
  function self.text(text, font, colour, indent, mark)
    if not text or text == "" then return end
    indent = indent or 0
    for number, line in ipairs(canvas.wrap(text, font, width - indent, MOST_LINES)) do
      lines[#lines + 1] = {height = canvas.height(font) + 1, text = line, font = font, colour = colour, indent = indent,
        mark = number == 1 and mark or nil}
    end
  end
  return self
end

local function figures(finding)
  local value = finding.value and words.value(finding.value, finding.unit)
  local sure = finding.confidence and words.share(finding.confidence) .. " sure"
  local cost = finding.points and finding.points > 0 and "costs " .. words.points(finding.points) .. " points"
  return words.joined(value, sure, cost)
end

local function whereabouts(finding)
  local time = words.clock(finding.start_s)
  if finding.end_s - finding.start_s >= 1 then time = time .. " – " .. words.clock(finding.end_s) end
  return words.joined(finding.bar and "bar " .. finding.bar, time, finding.stem,
    words.band(finding.low_hz, finding.high_hz))
end

local function compose(finding, width)
  local severity = theme.severity_of(finding.severity)
  local lines = column(width)
  lines.text(words.joined(severity.word, finding.area, finding.rule), "small", severity.ink, 20, severity)
  lines.text(finding.title, "title", theme.colour.text)
  lines.text(whereabouts(finding), "normal", theme.colour.dim)
  lines.text(figures(finding), "normal", theme.colour.dim)
  lines.space(6)
  -- The text for the timeline says title and first step in one; it is only needed where there is nothing longer.
  local advice = finding.advice ~= "" and finding.advice or finding.text ~= finding.title and finding.text
  lines.text(advice, "normal", theme.colour.text)
  for _, action in ipairs(finding.actions or {}) do
    -- "MK" is "mark it on the timeline", which has happened.
    if action.kind ~= "MK" then lines.text("› " .. words.action(action), "normal", theme.colour.accent, 12) end
  end
  if (finding.expected_delta or "") ~= "" then
    lines.text("Expect: " .. finding.expected_delta, "normal", theme.colour.dim)
  end
  if finding.fix then
    lines.space(8)
    lines.text(FIX_WORDS[finding.fix.state] or finding.fix.state, "bold", theme.colour.text)
    for _, line in ipairs(finding.fix.lines or {}) do lines.text(line, "normal", theme.colour.text, 12) end
    lines.text(finding.fix.sentence, "normal", theme.colour.dim)
  end
  lines.space(6)
  local flag = finding.shown and "It has a marker on the timeline." or "It has no marker: only the most telling do."
  lines.text(finding.dismissed and "Dismissed: later runs leave it out." or flag, "small", theme.colour.dim)
  return lines.lines
end

local function buttons_of(page, narrow)
  local now, list = page.state, {}
  if narrow then
    list[1] = {label = "Back", hot = {id = "back", group = "detail", set = {detail = false}}}
  end
  for _, name in ipairs(BUTTONS) do
    if commands.able(name, now) then
      list[#list + 1] = {label = commands.label(name, now), strong = name == "apply",
        hot = {id = "detail " .. name, group = "detail", command = name}}
    end
  end
  return list
end

--- How many lines from `first` on fit into this height.
local function fitting(lines, first, height)
  local count, used = 0, 0
  for index = first, #lines do
    used = used + lines[index].height
    if used > height then break end
    count = count + 1
  end
  return count
end

--- How far one has to scroll to see the last line at the bottom.
local function furthest(lines, height)
  local used = 0
  for index = #lines, 1, -1 do
    used = used + lines[index].height
    if used > height then return index end
  end
  return 0
end

local function draw_lines(page, lines, box)
  local area = page:scrolls(layout.box(box.x, box.y, box.w, box.h), "detail_scroll", 0, furthest(lines, box.h))
  area.shown, area.all = fitting(lines, page.view.detail_scroll + 1, box.h), #lines
  page:scrollbar(box, area)
  for offset = 1, area.shown do
    local line = lines[page.view.detail_scroll + offset]
    local place = layout.top(box, line.height)
    if line.text then
      if line.mark then canvas.mark(line.mark, layout.box(place.x, place.y, 14, math.min(place.h, 14))) end
      layout.left(place, line.indent)
      canvas.text(line.text, place, line.font, line.colour)
    end
  end
end

function detail.draw(page, box, narrow)
  local finding = states.selected(page.state)
  canvas.fill(box, theme.colour.panel)
  local inner = layout.inset(box, 12, 8)
  if not finding then
    canvas.text("No finding is selected.", layout.top(inner, canvas.height("normal")), "normal", theme.colour.dim)
    return
  end
  local list = buttons_of(page, narrow)
  local rows = page:buttons(list, inner.w)
  local wanted = rows * (page.button_height() + 6) - 6
  -- Text before buttons where there is no room for both: every button has a key.
  if wanted > inner.h / 4 then wanted = math.min(wanted, page.button_height()) end
  if inner.h - wanted >= 2 * canvas.height("normal") then
    page:buttons(list, inner.w, layout.bottom(inner, wanted, 8))
  end
  local text_width = inner.w - 12 -- what a scroll bar takes, so that lines do not break anew when it comes
  draw_lines(page, compose(finding, text_width), inner)
end

return detail
