--[[
The page of keys: every command with its key. A row can be clicked, so that it is the menu of a small window, too.
]]

local canvas = require("results.canvas")
local commands = require("results.commands")
local layout = require("results.layout")
local theme = require("results.theme")

local help = {}

local KEY_WORDS = {enter = "Enter", space = "Space", esc = "Esc", D = "Shift D", M = "Shift M"}

local ALSO = {
  {"Up, Down", "Choose a finding; Page Up, Page Down, Home and End, too"},
  {"Tab", "To the next part of the window; arrows move inside it, Enter presses"},
}

local function draw_row(key, text, box, able)
  local row = layout.inset(box, 10, 0)
  local cap = layout.left(row, math.min(74, row.w * 0.3), 12)
  canvas.text(key, cap, "bold", able and theme.colour.accent or theme.colour.dim, "right")
  canvas.text(text, row, "normal", able and theme.colour.text or theme.colour.dim)
end

function help.draw(page, box)
  local now = page.state
  local title = layout.inset(layout.top(box, canvas.height("title") + 12), 10, 0)
  page:button("Close", layout.inset(layout.right(title, page.button_width("Close"), 10), 0, 1),
    {id = "close help", group = "help", set = {help = false}})
  canvas.text("Keys and commands", title, "title", theme.colour.text)
  local height = canvas.height("normal") + 6
  local shown, all = math.floor(box.h / height), #ALSO + #commands.list
  local area = page:scrolls(layout.box(box.x, box.y, box.w, box.h), "help_scroll", shown, all)
  page:scrollbar(box, area)
  for row = 1, math.min(shown, all) do
    local number = page.view.help_scroll + row
    local place = layout.top(box, height)
    if number <= #ALSO then
      draw_row(ALSO[number][1], ALSO[number][2], place, true)
    else
      local command = commands.list[number - #ALSO]
      local id, able = "help " .. command.name, commands.able(command.name, now)
      if able then
        -- Closed first: the command is meant for what lies beneath this page.
        page:hot({id = id, group = "help", box = place, set = {help = false},
          command = command.name ~= "help" and command.name ~= "escape" and command.name or nil})
        if page:hovered(id) then canvas.fill(place, theme.colour.raised) end
      end
      local key = command.key == "delete" and commands.delete_key(now) or KEY_WORDS[command.key] or command.key
      draw_row(key, command.help, place, able)
      page:focus_frame(id, place)
    end
  end
end

return help
