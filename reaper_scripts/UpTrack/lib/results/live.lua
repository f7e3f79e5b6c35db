--[[
The Live tab: the master's meter, and under it whether UpTrack hears what is played, what to click so that it does, and
the button that has it analyzed.
]]

local canvas = require("results.canvas")
local commands = require("results.commands")
local layout = require("results.layout")
local meter = require("results.meter")
local theme = require("results.theme")

local live = {}

local CLICKS = {
  "Nothing is heard from ReaStream yet. In its window:",
  "1.  choose “Send audio/MIDI”,",
  "2.  as IP address type 127.0.0.1,",
  "3.  tick “Enabled”.",
  "It sends while REAPER plays. The next project gets it set like this.",
}
local BUTTONS = {none = {"live setup"}, clicks = {"live setup"}, heard = {"analyze live"}, deaf = {}}

local function lines_of(audio, width)
  local lines = audio.sentence ~= "" and canvas.wrap(audio.sentence, "normal", width, 6) or {}
  if audio.step ~= "clicks" then return lines end
  for _, text in ipairs(CLICKS) do
    for _, line in ipairs(canvas.wrap(text, "normal", width, 3)) do lines[#lines + 1] = line end
  end
  return lines
end

local function draw_audio(page, audio, box)
  canvas.fill(layout.box(box.x, box.y, box.w, 1), theme.colour.line)
  layout.top(box, 1, 8)
  local list = {}
  for _, name in ipairs(BUTTONS[audio.step]) do
    if commands.able(name, page.state) then
      list[#list + 1] = {label = commands.label(name, page.state), strong = true,
        hot = {id = "live " .. name, group = "live", command = name}}
    end
  end
  local room = #list > 0 and page.button_height() + 8 or 0 -- in a low window the button comes before the words
  for _, line in ipairs(lines_of(audio, box.w)) do
    if box.h - canvas.height("normal") < room then break end
    canvas.text(line, layout.top(box, canvas.height("normal")), "normal", theme.colour.text)
  end
  layout.top(box, 8)
  page:buttons(list, box.w, box)
end

function live.draw(page, now, box)
  local inner = layout.inset(box, 12, 10)
  meter.draw(page, now, inner)
  if now and now.audio and inner.h > 0 then
    layout.top(inner, 8)
    draw_audio(page, now.audio, inner)
  end
end

return live
