--[[
What the window says while there is no report, and the banner over an old one while a new one is on its way.
]]

local canvas = require("results.canvas")
local commands = require("results.commands")
local layout = require("results.layout")
local page_of = require("results.page")
local theme = require("results.theme")
local words = require("results.words")

local phases = {}

local WIDEST = 460 -- a line of text that is longer is hard to read
local BANNER_BAR = 140

local TITLES = {
  empty = "Nothing analyzed yet", ["no daemon"] = "UpTrack is not running", rendering = "Rendering",
  waiting = "Waiting", analysing = "Analyzing", failed = "That did not work", done = "Done",
}

local SENTENCES = {
  empty = "Analyze the mix to see what stands between it and a release. It is rendered and measured on this computer; "
    .. "nothing leaves it.",
  ["no daemon"] = "The part of UpTrack that measures is a process of its own. Start it here, or with "
    .. "`uptrack daemon start`.",
  rendering = "REAPER stands still while it renders, and this window with it.",
  waiting = "The analysis begins as soon as it is its turn.",
}

local BUTTONS = {
  empty = {"analyze mix", "analyze stems", "tab 4", "help"},
  ["no daemon"] = {"start daemon", "help"},
  failed = {"analyze mix", "analyze stems", "help"},
  waiting = {"stop"}, analysing = {"stop"}, rendering = {}, done = {"analyze mix", "analyze stems", "tab 4", "help"},
}

local function progress_text(progress)
  local queued = progress.queued
  if queued and queued > 0 then return queued == 1 and "one comes first" or queued .. " come first" end
  return words.joined(progress.stage, progress.fraction and words.share(progress.fraction))
end

local function buttons_of(now)
  local list = {}
  for number, name in ipairs(BUTTONS[now.phase] or {}) do
    list[number] = {label = commands.label(name, now), strong = number == 1 and name ~= "stop",
      hot = {id = "phase " .. name, group = "phase", command = name}}
  end
  return list
end

local function sentence_of(now)
  local own = now.phase == "empty" or now.phase == "no daemon" or now.phase == "failed"
  return own and now.sentence or SENTENCES[now.phase] or ""
end

--- The whole window without a report.
function phases.draw(page, box)
  local now = page.state
  local width = math.min(box.w - 32, WIDEST)
  if width < 40 then return end
  local lines = canvas.wrap(sentence_of(now), "normal", width, 20)
  local list = buttons_of(now)
  local rows = #list > 0 and page:buttons(list, width) or 0
  local progress = now.progress and (now.phase == "analysing" or now.phase == "waiting") and now.progress
  local height = canvas.height("title") + 8 + #lines * canvas.height("normal")
    + (progress and canvas.height("normal") + 26 or 0) + rows * (page.button_height() + 6) + 12
  local y = math.max(box.y + 8, box.y + (box.h - height) * 0.42)
  local column = layout.box(box.x + (box.w - width) / 2, y, width, box.y + box.h - y)
  canvas.text(TITLES[now.phase] or now.phase, layout.top(column, canvas.height("title"), 8), "title", theme.colour.text)
  -- A sentence longer than the window leaves the buttons their room.
  local buttons = rows > 0 and math.min(column.h / 2, rows * (page.button_height() + 6) - 6) or 0
  for _, line in ipairs(lines) do
    if column.h - canvas.height("normal") < buttons + 12 then break end
    canvas.text(line, layout.top(column, canvas.height("normal")), "normal", theme.colour.dim)
  end
  if progress then
    layout.top(column, 10)
    page:bar(layout.top(column, 8, 6), progress.fraction or 0, theme.colour.accent)
    canvas.text(progress_text(progress), layout.top(column, canvas.height("normal")), "normal", theme.colour.dim)
  end
  layout.top(column, 12)
  page:buttons(list, width, column)
end

--- Whether there is something to say, or to ask, over a report that is already there.
function phases.has_banner(now)
  return now.view.asking or (now.phase ~= "done" and now.phase ~= "empty")
end

--- What the banner says, and how wide its lines may be beside button and bar.
local function banner_of(now, width)
  local text, room = TITLES[now.phase] or now.phase, width - 20
  local name = now.view.asking and "remove all" or (BUTTONS[now.phase] or {})[1]
  local button = name and width > 220 and {label = commands.label(name, now), command = name}
  if button then room = room - page_of.button_width(button.label) - 10 end
  local bar = false
  if now.view.asking then
    text = ("Remove all that is UpTrack's here? %s: yes, Esc: no."):format(commands.delete_key(now))
  elseif now.phase == "failed" or now.phase == "no daemon" then
    text = text .. ": " .. sentence_of(now)
  elseif now.progress and now.phase ~= "rendering" then
    text, bar = words.joined(text, progress_text(now.progress)), width > 320
    if bar then room = room - BANNER_BAR - 12 end
  end
  return {text = text, button = button, bar = bar, room = room}
end

--- Lines of the banner: what went wrong is worth some, though not the whole of a low window.
local function banner_lines(banner, height)
  return canvas.wrap(banner.text, "normal", banner.room, height >= 360 and 4 or 2)
end

function phases.banner_height(now, width, height)
  local lines = math.max(1, #banner_lines(banner_of(now, width), height))
  return math.max(lines * canvas.height("normal"), page_of.button_height()) + 6
end

function phases.banner(page, box)
  local now = page.state
  local banner = banner_of(now, box.w)
  canvas.fill(box, theme.colour.raised)
  local row = layout.inset(box, 10, 3)
  if banner.button then
    local place = layout.right(row, page_of.button_width(banner.button.label), 10)
    page:button(banner.button.label, layout.top(place, page_of.button_height()),
      {id = "banner", group = "phase", command = banner.button.command})
  end
  if banner.bar then
    local bar = layout.top(layout.right(row, BANNER_BAR, 12), page_of.button_height())
    page:bar(layout.inset(bar, 0, (bar.h - 8) / 2), now.progress.fraction or 0, theme.colour.accent)
  end
  local lines = banner_lines(banner, page.height)
  layout.top(row, math.max(0, (row.h - #lines * canvas.height("normal")) / 2))
  for _, line in ipairs(lines) do
    canvas.text(line, layout.top(row, canvas.height("normal")), "normal", theme.colour.text)
  end
end

return phases
