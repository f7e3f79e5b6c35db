--[[
The master's peaks as REAPER has them now: two bars over a scale in dB, each with its number.
]]

local canvas = require("results.canvas")
local layout = require("results.layout")
local theme = require("results.theme")
local words = require("results.words")

local meter = {}

local FLOOR_DB, TOP_DB = -60, 6
local TICKS = {-60, -48, -36, -24, -12, -6, 0}

local function share(level_db)
  return math.max(0, math.min((level_db - FLOOR_DB) / (TOP_DB - FLOOR_DB), 1))
end

local function figure(level_db)
  return level_db > FLOOR_DB and words.signed(level_db, 1) or "silent"
end

local function draw_channel(page, name, level_db, hold_db, box)
  local row = layout.top(box, 22, 4)
  canvas.text(name, layout.left(row, 14, 6), "normal", theme.colour.dim)
  canvas.text(level_db > 0 and figure(level_db) .. " over" or figure(level_db), layout.right(row, 74, 8), "normal",
    level_db > 0 and theme.severity_of("major").ink or theme.colour.text, "right")
  if row.w < 20 then return row end
  page:bar(row, share(math.min(level_db, 0)), theme.colour.good)
  if level_db > 0 then
    local zero = share(0)
    canvas.fill(layout.box(row.x + row.w * zero, row.y, row.w * (share(level_db) - zero), row.h), theme.colour.poor)
  end
  if hold_db and hold_db > FLOOR_DB then
    canvas.fill(layout.box(row.x + (row.w - 2) * share(hold_db), row.y, 2, row.h), theme.colour.text)
  end
  return row
end

local function draw_scale(bar, box)
  local line = layout.top(box, canvas.height("small"), 8)
  local taken = line.x - 1
  for _, tick in ipairs(TICKS) do
    local label = words.number(tick, 0)
    local width = canvas.width(label, "small")
    local left = bar.x + bar.w * share(tick) - width / 2
    if left >= taken + 4 and left + width <= line.x + line.w then
      canvas.text(label, layout.box(left, line.y, width + 1, line.h), "small", theme.colour.dim)
      taken = left + width + 1
    end
  end
end

--- Draw it at the top of a box, and cut what it took off it.
function meter.draw(page, live, box)
  if not live then
    canvas.text("Nothing to meter yet.", layout.top(box, canvas.height("normal")), "normal", theme.colour.dim)
    return
  end
  draw_channel(page, "L", live.left_db, live.hold_db, box)
  local bar = draw_channel(page, "R", live.right_db, live.hold_db, box)
  if bar.w >= 20 then draw_scale(bar, box) end
  if live.hold_db then
    local highest = live.hold_db > FLOOR_DB and "highest peak " .. figure(live.hold_db) .. " dB" or "no peak yet"
    canvas.text(highest, layout.top(box, canvas.height("normal"), 8), "normal", theme.colour.text)
  end
  for _, line in ipairs(canvas.wrap(live.note or "", "normal", box.w, 12)) do
    canvas.text(line, layout.top(box, canvas.height("normal")), "normal", theme.colour.dim)
  end
end

return meter
