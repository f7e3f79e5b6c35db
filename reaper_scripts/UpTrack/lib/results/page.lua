--[[
One frame in the making: what the window's parts draw with, and what the mouse and the focus can reach of it.

A part that can be clicked says so with `page:hot`: a box, an `id` that stays the same from frame to frame, the `group`
that Tab moves between, and what it does: `set` (fields of the view), `command` (a name in commands.lua), `intent` (for
the script outside), in this order. A part that scrolls says so with `page:scrolls`. Nothing is done here: input.lua
reads it.
]]

local canvas = require("results.canvas")
local layout = require("results.layout")
local theme = require("results.theme")

local page = {}
page.__index = page

local SCROLLBAR = 8
local SHORTEST_THUMB = 12

function page.new(now, width, height)
  local self = {state = now, view = now.view, width = width, height = height, hots = {}, scroll_areas = {}}
  return setmetatable(self, page)
end

function page.hot(self, hot)
  self.hots[#self.hots + 1] = hot
  return hot
end

function page:hovered(id)
  return self.view.hover == id
end

function page:focused(id)
  return self.view.item == id
end

--- A frame around what the focus is on, so that the keyboard shows where it is.
function page:focus_frame(id, box)
  if self:focused(id) then canvas.outline(box, theme.colour.accent) end
end

--- Width a button with this label wants.
function page.button_width(label)
  return canvas.width(label, "normal") + 20
end

function page.button_height()
  return canvas.height("normal") + 8
end

--- A button; `hot` says what it does. `strong` is for the one thing most people want here.
function page:button(label, box, hot, strong)
  if box.h < canvas.height("normal") or box.w < 24 then return end
  hot.box = box
  self:hot(hot)
  local ground = theme.colour.raised
  if self:hovered(hot.id) then ground = theme.colour.hover end
  if self.view.pressed == hot.id then ground = theme.colour.selected end
  canvas.fill(box, ground)
  canvas.outline(box, strong and theme.colour.accent or theme.colour.line)
  canvas.text(label, layout.inset(box, 6, 0), "normal", theme.colour.text, "centre")
  self:focus_frame(hot.id, box)
end

--- Buttons side by side, in as many rows as they need; returns how many rows those are. Without `box` only counts.
function page:buttons(list, width, box)
  local rows, x = 1, 0
  for _, button in ipairs(list) do
    local wanted = math.min(page.button_width(button.label), width)
    if x > 0 and x + wanted > width then rows, x = rows + 1, 0 end
    if box then
      local y = (rows - 1) * (page.button_height() + 6)
      if y + page.button_height() <= box.h then
        local place = layout.box(box.x + x, box.y + y, wanted, page.button_height())
        self:button(button.label, place, button.hot, button.strong)
      end
    end
    x = x + wanted + 6
  end
  return rows
end

--- A bar from 0 to 1.
function page.bar(_, box, share, colour)
  canvas.fill(box, theme.colour.trough)
  canvas.fill(layout.box(box.x, box.y, box.w * math.max(0, math.min(share, 1)), box.h), colour)
end

--- Say that a box scrolls: `field` of the view counts steps, `shown` of `all` steps are visible.
function page:scrolls(box, field, shown, all)
  local most = math.max(0, all - shown)
  self.view[field] = math.max(0, math.min(self.view[field], most))
  local area = {box = box, field = field, shown = shown, all = all, most = most}
  self.scroll_areas[#self.scroll_areas + 1] = area
  return area
end

--- Cut a scroll bar off the right of a box where there is something to scroll.
function page:scrollbar(box, area)
  if area.most == 0 or box.w < 60 then return end
  local track = layout.right(box, SCROLLBAR, 4)
  local length = math.max(math.min(SHORTEST_THUMB, track.h), track.h * area.shown / area.all)
  local offset = (track.h - length) * self.view[area.field] / area.most
  local id = "scroll " .. area.field
  self:hot({id = id, box = track, drag = {field = area.field, most = area.most, length = length}})
  canvas.fill(track, theme.colour.trough)
  canvas.fill(layout.box(track.x + 1, track.y + offset, track.w - 2, length),
    (self:hovered(id) or self.view.pressed == id) and theme.colour.dim or theme.colour.hover)
end

return page
