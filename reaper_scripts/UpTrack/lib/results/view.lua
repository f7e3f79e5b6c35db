--[[
The whole window for one state: `draw` draws it and returns the frame, which is what input.lua needs to know of it.
Knows nothing of REAPER, and of `gfx` only through canvas.lua.

What there is room for is decided here, from the window's size: a low window has its header in one line and no footer,
a narrow one shows list and detail one at a time. `dirty` says whether anything that can be seen has changed since the
last frame; a frame that is not dirty need not be drawn at all.
]]

local canvas = require("results.canvas")
local commands = require("results.commands")
local detail = require("results.detail")
local header = require("results.header")
local help = require("results.help")
local layout = require("results.layout")
local list = require("results.list")
local live = require("results.live")
local page_of = require("results.page")
local phases = require("results.phases")
local ruler = require("results.ruler")
local states = require("results.state")
local stems = require("results.stems")
local theme = require("results.theme")
local versions = require("results.versions")

local view = {}

local LOW = 380 -- below this height the header is one line
local RULER_FROM, LANES_FROM, FOOTER_FROM, HEADER_FROM, TABS_FROM = 280, 430, 360, 90, 56
local WIDE = 660 -- from this width on, list and detail stand side by side
local WIDEST_LIST = 820

local TAB_WORDS = {findings = "Findings", stems = "Stems", versions = "Versions", live = "Live"}
local FOOTER = {"analyze mix", "analyze stems", "stop", "console", "page", "remove all"}
local VIEW_FIELDS = {
  "selected", "scroll", "detail_scroll", "help_scroll", "stems_scroll", "versions_scroll", "filter", "area", "stem",
  "tab", "detail", "help", "asking", "hover", "pressed", "focus", "item",
}

-- what has been seen --------------------------------------------------------------------------------------------------

local drawn = {}

--- Everything a frame depends on, in a fixed order; parts of a report are behind its revision.
local function seen(now)
  local width, height = canvas.size()
  local progress, levels = now.progress or {}, now.view.tab == "live" and now.live or {}
  local audio = levels.audio or {}
  local values = {
    width, height, canvas.scale(), now.revision, now.report or false, now.phase, now.sentence or false,
    now.looped or false,
    progress.fraction or false, progress.stage or false, progress.queued or false,
    levels.left_db or false, levels.right_db or false, levels.hold_db or false, levels.note or false,
    audio.step or false, audio.sentence or false, audio.able or false,
  }
  local count = #values
  for index, field in ipairs(VIEW_FIELDS) do
    values[count + index] = now.view[field] or false
  end
  return values
end

--- Whether a frame drawn now would differ from the last one.
function view.dirty(now)
  local values = seen(now)
  for index, value in ipairs(values) do
    if drawn[index] ~= value then return true end
  end
  return #drawn == 0
end

--- Forget the last frame: the next one is drawn, whatever has happened.
function view.forget()
  drawn = {}
end

-- the parts -----------------------------------------------------------------------------------------------------------

local function tab_label(now, tab)
  local label = TAB_WORDS[tab]
  if not now.report then return label end
  if tab == "findings" then
    local listed, all = #states.listed(now), #now.report.findings
    return ("%s %s"):format(label, listed == all and all or listed .. "/" .. all)
  end
  if tab == "stems" and #(now.report.tracks or {}) > 0 then return label .. " " .. #now.report.tracks end
  return label
end

local function draw_tab(page, tab, label, box)
  local id = "tab " .. tab
  local chosen = page.view.tab == tab
  page:hot({id = id, group = "tabs", box = box, set = {tab = tab, detail = false}})
  if page:hovered(id) then canvas.fill(box, theme.colour.raised) end
  canvas.text(label, layout.inset(box, 6, 0), chosen and "bold" or "normal",
    chosen and theme.colour.text or theme.colour.dim, "centre")
  if chosen then canvas.fill(layout.box(box.x, box.y + box.h - 2, box.w, 2), theme.colour.accent) end
  page:focus_frame(id, box)
end

local function draw_tabs(page, box)
  local now = page.state
  canvas.fill(box, theme.colour.panel)
  canvas.fill(layout.box(box.x, box.y + box.h - 1, box.w, 1), theme.colour.line)
  local row = layout.inset(box, 4, 0)
  local menu = layout.right(row, 30, 4)
  page:button("?", layout.inset(menu, 0, 3), {id = "help", group = "tabs", command = "help"})
  local labels, wanted = {}, 0
  for index, tab in ipairs(states.TABS) do
    labels[index] = tab_label(now, tab)
    wanted = wanted + canvas.width(labels[index], "bold") + 20
  end
  local filter = "Filter: " .. (page.view.filter == "all" and "all" or page.view.filter)
  local filter_width = canvas.width("Filter: moderate", "normal") + 20 -- the widest, so that it does not jump
  if row.w > wanted + filter_width + 20 and page.view.tab == "findings" and now.report then
    local place = layout.inset(layout.right(row, filter_width, 6), 0, 3)
    page:button(filter, place, {id = "filter", group = "tabs", command = "filter"})
  end
  local share = math.min(1, row.w / wanted)
  for index, tab in ipairs(states.TABS) do
    draw_tab(page, tab, labels[index], layout.left(row, (canvas.width(labels[index], "bold") + 20) * share))
  end
end

local function draw_footer(page, box)
  canvas.fill(box, theme.colour.panel)
  local row, now = layout.inset(box, 8, 5), page.state
  for _, name in ipairs(FOOTER) do
    if commands.able(name, now) then
      local label = commands.label(name, now)
      local wanted = page.button_width(label)
      if wanted > row.w then return end -- the rest is on the page of keys
      page:button(label, layout.left(row, wanted, 6), {id = "footer " .. name, group = "footer", command = name})
    end
  end
end

local function draw_findings(page, report, body)
  if body.w >= WIDE then
    local left = layout.left(body, math.min(math.floor(body.w * 0.52), WIDEST_LIST), 1)
    list.draw(page, report, left)
    detail.draw(page, body, false)
  elseif page.view.detail then
    page.narrow = true
    detail.draw(page, body, true)
  else
    page.narrow = true
    list.draw(page, report, body)
  end
end

local draw_body = {
  findings = draw_findings,
  stems = stems.draw,
  versions = versions.draw,
  live = function(page, _, box) live.draw(page, page.state.live, box) end,
}

local function draw_report(page, box)
  local now, report = page.state, page.state.report
  local height, low = box.h, box.h < LOW
  if height >= FOOTER_FROM then draw_footer(page, layout.bottom(box, page.button_height() + 10)) end
  if height >= HEADER_FROM then
    header.draw(page, report, layout.top(box, header.height(report, box.w, low)), low)
  end
  if phases.has_banner(now) and height >= TABS_FROM then
    phases.banner(page, layout.top(box, phases.banner_height(now, box.w, height)))
  end
  if height >= RULER_FROM then
    local thin = height < LANES_FROM
    ruler.draw(page, report, layout.top(box, ruler.height(now, thin)), thin)
  end
  if height >= TABS_FROM then draw_tabs(page, layout.top(box, canvas.height("bold") + 12)) end
  draw_body[now.view.tab](page, report, box)
end

--- Live audio needs no report; the other tabs show what there is to say instead of one.
local function draw_live_alone(page, box)
  if phases.has_banner(page.state) and box.h >= TABS_FROM then
    phases.banner(page, layout.top(box, phases.banner_height(page.state, box.w, box.h)))
  end
  if box.h >= TABS_FROM then draw_tabs(page, layout.top(box, canvas.height("bold") + 12)) end
  draw_body.live(page, nil, box)
end

--- Draw the window; returns the frame: {hots, scroll_areas, rows, narrow, width, height}.
function view.draw(now)
  local width, height = canvas.begin()
  if now.report then states.settle(now) end
  local page = page_of.new(now, width, height)
  local box = layout.box(0, 0, width, height)
  canvas.fill(box, theme.colour.ground)
  if now.view.help then
    help.draw(page, box)
  elseif now.report then
    draw_report(page, box)
  elseif now.view.tab == "live" then
    draw_live_alone(page, box)
  else
    phases.draw(page, box)
  end
  drawn = seen(now)
  return page
end

return view
