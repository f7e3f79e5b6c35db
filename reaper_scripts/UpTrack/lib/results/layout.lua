--[[
Boxes, and cutting pieces off them: how the window's parts share whatever room there is.

A box is {x, y, w, h} in points. Each cut takes a piece off one side and leaves the rest in the box that was cut; a
piece is never larger than what is left, so parts cannot come to lie over each other.
]]

local layout = {}

function layout.box(x, y, w, h)
  return {x = x, y = y, w = math.max(w, 0), h = math.max(h, 0)}
end

--- Cut `size` off the top, and drop `gap` more below it.
function layout.top(box, size, gap)
  local taken = math.min(size, box.h)
  local piece = layout.box(box.x, box.y, box.w, taken)
  local used = math.min(taken + (gap or 0), box.h)
  box.y, box.h = box.y + used, box.h - used
  return piece
end

function layout.bottom(box, size, gap)
  local taken = math.min(size, box.h)
  local piece = layout.box(box.x, box.y + box.h - taken, box.w, taken)
  box.h = box.h - math.min(taken + (gap or 0), box.h)
  return piece
end

function layout.left(box, size, gap)
  local taken = math.min(size, box.w)
  local piece = layout.box(box.x, box.y, taken, box.h)
  local used = math.min(taken + (gap or 0), box.w)
  box.x, box.w = box.x + used, box.w - used
  return piece
end

function layout.right(box, size, gap)
  local taken = math.min(size, box.w)
  local piece = layout.box(box.x + box.w - taken, box.y, taken, box.h)
  box.w = box.w - math.min(taken + (gap or 0), box.w)
  return piece
end

--- The box without a margin.
function layout.inset(box, across, down)
  local dx, dy = math.min(across, box.w / 2), math.min(down or across, box.h / 2)
  return layout.box(box.x + dx, box.y + dy, box.w - 2 * dx, box.h - 2 * dy)
end

function layout.holds(box, x, y)
  return x >= box.x and x < box.x + box.w and y >= box.y and y < box.y + box.h
end

return layout
