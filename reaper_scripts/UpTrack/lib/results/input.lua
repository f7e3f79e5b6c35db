--[[
Mouse and keys into intents. What only concerns the window (selection, scrolling, filters, tabs, focus) is changed in
the state's view on the spot; what concerns the project or the daemon comes back as a list of intents (see
commands.lua).

A click counts where it is let go, if that is where it began, so that a slip can still be taken back. A click on a row
selects it and goes there, as Enter does.
]]

local commands = require("results.commands")
local layout = require("results.layout")
local states = require("results.state")

local input = {}

local ROWS_A_NOTCH = 3

-- the mouse -----------------------------------------------------------------------------------------------------------

local function hot_at(frame, x, y)
  for index = #frame.hots, 1, -1 do -- what was drawn last lies on top
    if layout.holds(frame.hots[index].box, x, y) then return frame.hots[index] end
  end
  return nil
end

local function hot_named(frame, id)
  for _, hot in ipairs(frame.hots) do
    if hot.id == id then return hot end
  end
  return nil
end

--- Do what a hot area does; returns its intent, if any.
local function press(now, hot, docked)
  local view = now.view
  for field, value in pairs(hot.set or {}) do
    if field == "selected" then states.select(now, value) else view[field] = value end
  end
  if hot.set then states.settle(now) end
  if hot.row then return commands.run("jump", now, docked) end
  if hot.command then return commands.run(hot.command, now, docked) end
  return hot.intent
end

local function drag(now, hot, y)
  local box, bar = hot.box, hot.drag
  local room = math.max(box.h - bar.length, 1)
  local share = math.max(0, math.min((y - box.y - bar.length / 2) / room, 1))
  now.view[bar.field] = math.floor(share * bar.most + 0.5)
end

local function wheel(now, frame, events)
  if events.wheel == 0 then return end
  for _, area in ipairs(frame.scroll_areas) do
    if layout.holds(area.box, events.x, events.y) then
      local wanted = now.view[area.field] - events.wheel * ROWS_A_NOTCH
      now.view[area.field] = math.max(0, math.min(wanted, area.most))
    end
  end
end

local function mouse(now, frame, events, intents)
  local view = now.view
  local under = hot_at(frame, events.x, events.y)
  view.hover = under and under.id or nil
  if events.left and not view.down then
    view.pressed = under and under.id or nil
  elseif view.down and not events.left then
    local began = view.pressed
    view.pressed = nil
    if began and under and under.id == began and not under.drag then
      intents[#intents + 1] = press(now, under, events.docked)
    end
  end
  view.down = events.left
  local held = view.pressed and hot_named(frame, view.pressed)
  if held and held.drag then drag(now, held, events.y) end
  wheel(now, frame, events)
end

-- keys ----------------------------------------------------------------------------------------------------------------

--- Scroll so that the selected row is visible.
local function follow(now, frame)
  local view, rows = now.view, math.max(frame.rows or 1, 1)
  if view.selected <= view.scroll then view.scroll = view.selected - 1 end
  if view.selected > view.scroll + rows then view.scroll = view.selected - rows end
end

--- Steps of the keys that move: by one, by a page, to an end.
local function step_of(key, page)
  local steps = {up = -1, down = 1, ["page up"] = -page, ["page down"] = page, home = -math.huge, ["end"] = math.huge}
  return steps[key]
end

local function scroll_by(now, frame, field, step)
  for _, area in ipairs(frame.scroll_areas) do
    if area.field == field then now.view[field] = math.max(0, math.min(now.view[field] + step, area.most)) // 1 end
  end
end

--- Groups of the frame in the order they were drawn, and the hot areas of each.
local function groups_of(frame)
  local order, members = {}, {}
  for _, hot in ipairs(frame.hots) do
    if hot.group then
      if not members[hot.group] then
        members[hot.group] = {}
        order[#order + 1] = hot.group
      end
      table.insert(members[hot.group], hot)
    end
  end
  return order, members
end

local function next_group(now, frame, backwards)
  local view = now.view
  local order, members = groups_of(frame)
  if #order == 0 then return end
  local at = backwards and 1 or #order -- from nowhere, Tab goes to the first and Shift Tab to the last
  for index, group in ipairs(order) do
    if group == view.focus then at = index end
  end
  at = (at - 1 + (backwards and -1 or 1)) % #order + 1
  view.focus = order[at]
  -- Findings have a selection of their own.
  local own = view.focus == "list" and view.tab == "findings" and not view.help
  view.item = not own and members[view.focus][1].id or nil
end

local function move_in_group(now, frame, step)
  local view = now.view
  local _, members = groups_of(frame)
  local group = members[view.focus] or {}
  for index, hot in ipairs(group) do
    if hot.id == view.item then
      view.item = group[(index - 1 + step) % #group + 1].id
      return
    end
  end
  view.item = group[1] and group[1].id or nil
end

--- Keys that walk; true if this one was one of them.
local function walk(now, frame, key)
  local view = now.view
  local sideways = ({left = -1, right = 1})[key]
  local step = step_of(key, math.max((frame.rows or 10) - 1, 1))
  if not (sideways or step) then return false end
  if view.help and view.focus ~= "help" then
    if step then scroll_by(now, frame, "help_scroll", step) end
  elseif view.item then
    move_in_group(now, frame, sideways or (step < 0 and -1 or 1))
  elseif not now.report then
    return true
  elseif view.tab == "findings" and frame.narrow and view.detail then
    if step then scroll_by(now, frame, "detail_scroll", step) end
  elseif view.tab == "findings" and step then
    local wanted = math.max(1, math.min(view.selected + step, #states.listed(now)))
    states.select(now, math.tointeger(wanted) or wanted // 1)
    follow(now, frame)
  elseif view.tab == "stems" and step then
    scroll_by(now, frame, "stems_scroll", step)
  elseif view.tab == "versions" and step then
    scroll_by(now, frame, "versions_scroll", step)
  end
  return true
end

--- The thing Enter does where nothing has the focus.
local function enter(now, frame, docked)
  local view = now.view
  local item = view.item and hot_named(frame, view.item)
  if item then return press(now, item, docked) end
  if now.report then return not view.help and commands.run("jump", now, docked) or nil end
  local _, members = groups_of(frame)
  local first = members.phase and members.phase[1]
  return first and press(now, first, docked)
end

--- The key a Mac calls delete is what others call backspace. Where it is asked whether to remove everything, either
--- answers everywhere.
local function meant(now, name)
  return name == "backspace" and (now.is_mac or now.view.asking) and "delete" or name
end

local function key(now, frame, name, events)
  name = meant(now, name)
  if name == "tab" then
    next_group(now, frame, events.shift)
  elseif walk(now, frame, name) then
    return nil
  elseif name == "enter" then
    return enter(now, frame, events.docked)
  end
  local command = name ~= "enter" and commands.by_key[name]
  return command and commands.run(command.name, now, events.docked)
end

--- Take what `canvas.read` saw into the state's view; returns the intents that came of it, oldest first.
function input.handle(now, frame, events)
  local intents = {}
  if now.report then states.settle(now) end
  -- What has the focus may be gone from this frame.
  if now.view.item and not hot_named(frame, now.view.item) then now.view.focus, now.view.item = "list", nil end
  mouse(now, frame, events, intents)
  for _, name in ipairs(events.keys) do
    intents[#intents + 1] = key(now, frame, name, events) or nil
  end
  return intents
end

return input
