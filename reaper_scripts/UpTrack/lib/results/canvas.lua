--[[
The only file that touches REAPER's `gfx`: opening the window, reading keys and mouse, and drawing in points.

A point is a pixel on an ordinary screen, two on a Retina one, and one and a half on Windows at 150 %; everything above
this file counts in points. Text never leaves its box: what does not fit ends in an ellipsis, and a box lower than a
line stays empty. Widths are asked of `gfx` once and remembered, because measuring costs about as much as drawing.

Facts about `gfx` are from REAPER's ReaScript documentation (Help, ReaScript documentation; section gfx) unless a
comment says otherwise.
]]

local theme = require("results.theme")

local canvas = {}

local MOST_KEYS = 32 -- a frame; what is held down longer waits in gfx's own queue
local MOST_REMEMBERED = 4000
local WHEEL_NOTCH = 120
local HIGHEST_TYPE = 100 -- gfx.setfont takes sizes from 8 to 100
local LOWEST_TYPE = 8
local ELLIPSIS = "…"
local LEFT, TOP, WIDTH, HEIGHT = 120, 120, 900, 600 -- of a window that was never open before, in points

local scale = 1
local chosen -- the font that is set now
local line_heights = {} -- in pixels, by font
local fitted, wrapped, remembered = {}, {}, 0
local wheel_rest = 0

-- the window ---------------------------------------------------------------------------------------------------------

--- Make a window that was never open before as large in points as it is meant to be. On macOS gfx.init counts points,
--- of which gfx.w makes pixels; elsewhere both count pixels (WDL's eel_lice.h), and few of them are small on a fine
--- screen.
local function enlarge()
  local now, dock, x, y, width = canvas.scale(), gfx.dock(-1, 0, 0, 0, 0)
  if now == 1 or dock & 1 ~= 0 or gfx.w > width then return end
  -- Without a title gfx.init changes the size of the window that is open.
  gfx.init("", math.floor(WIDTH * now), math.floor(HEIGHT * now), 0, x, y)
end

--- Open the window; `place` is what `canvas.place` gave the last time, or nil.
function canvas.open(title, place)
  local at = place or {}
  -- Asked for before gfx.init, gfx.ext_retina becomes the screen's scale, and the mouse counts what gfx.w counts.
  gfx.ext_retina = 1
  gfx.init(title, at.w or WIDTH, at.h or HEIGHT, at.dock or 0, at.x or LEFT, at.y or TOP)
  if not at.w then enlarge() end
  -- Any other value has gfx clear the window to that colour, 0 being black; ours is covered whole by every frame.
  gfx.clear = -1
  scale, chosen = nil, nil
end

--- Where the window is, to open it there again; of one that is docked, where it floated.
function canvas.place()
  -- gfx.dock(-1) only reads. The numbers after it ask for the floating window's place as further results, which count
  -- what gfx.init counts; gfx.w does so only where screens are not fine, or on other systems than macOS.
  local dock, x, y, w, h = gfx.dock(-1, 0, 0, 0, 0)
  return {dock = dock, x = math.floor(x), y = math.floor(y), w = math.floor(w), h = math.floor(h)}
end

function canvas.close()
  gfx.quit()
end

--- Put what was drawn on the screen, and keep the window alive: gfx wants this in every round, drawn or not.
function canvas.show()
  gfx.update()
end

function canvas.scale()
  -- It stays as it was set where a system knows of no finer screens; never trust it below 1.
  return math.max(1, gfx.ext_retina)
end

--- Width and height in points.
function canvas.size()
  local now = canvas.scale()
  return math.floor(gfx.w / now), math.floor(gfx.h / now)
end

-- keys and mouse -----------------------------------------------------------------------------------------------------

local NAMED = {[8] = "backspace", [9] = "tab", [13] = "enter", [27] = "esc", [32] = "space"}
local LONG_NAMES = {rght = "right", pgup = "page up", pgdn = "page down", del = "delete"}

--- A key's name from its code: keys without a character are their name's bytes, 'up' being 0x7570.
local function name_of(code)
  if NAMED[code] then return NAMED[code] end
  if code > 32 and code < 127 then return string.char(code) end
  local name = ""
  while code > 0 do
    name, code = string.char(code & 0xFF) .. name, code >> 8
  end
  return LONG_NAMES[name] or name
end

--- What has happened since the last look: keys by name, the mouse in points, and whether the window is gone.
function canvas.read()
  local keys, closed = {}, false
  for _ = 1, MOST_KEYS do
    local code = math.floor((gfx.getchar())) -- REAPER 6 and later return the character as well
    if code <= 0 then
      closed = code < 0
      break
    end
    keys[#keys + 1] = name_of(code)
  end
  local cap, now = math.floor(gfx.mouse_cap), canvas.scale()
  -- The wheel adds up until it is set back; fine wheels and touch pads give less than a notch at a time.
  wheel_rest = wheel_rest + gfx.mouse_wheel
  gfx.mouse_wheel = 0
  local notches = wheel_rest >= 0 and wheel_rest // WHEEL_NOTCH or -(-wheel_rest // WHEEL_NOTCH)
  wheel_rest = wheel_rest - notches * WHEEL_NOTCH
  return {
    keys = keys, closed = closed, x = gfx.mouse_x / now, y = gfx.mouse_y / now, left = cap & 1 ~= 0,
    shift = cap & 8 ~= 0, wheel = math.floor(notches), docked = math.floor((gfx.dock(-1))) & 1 ~= 0,
  }
end

-- type ---------------------------------------------------------------------------------------------------------------

local function forget()
  fitted, wrapped, remembered = {}, {}, 0
end

local function remember(where, key, value)
  if remembered >= MOST_REMEMBERED then forget() end
  where[key], remembered = value, remembered + 1
  return value
end

local function choose(font)
  if chosen ~= font then
    gfx.setfont(theme.fonts[font].slot)
    chosen = font
  end
end

--- Begin a frame; returns width and height in points. Type is set up again when the window moved to another screen.
function canvas.begin()
  local now = canvas.scale()
  if now ~= scale then
    scale, chosen = now, nil
    forget()
    for name, font in pairs(theme.fonts) do
      local size = math.max(LOWEST_TYPE, math.min(math.floor(font.size * scale), HIGHEST_TYPE))
      -- The flags are letters packed into a number.
      gfx.setfont(font.slot, theme.FACE, size, font.bold and ("b"):byte() or 0)
      line_heights[name] = math.ceil(gfx.texth) -- fonts differ: the height is the system's to say
      chosen = name
    end
  end
  return canvas.size()
end

--- Height of a line in whole points.
function canvas.height(font)
  return math.ceil(line_heights[font] / scale)
end

--- One line of valid text: gfx draws a line break as one, and a name from a file may hold any bytes.
local function one_line(text)
  text = tostring(text):gsub("%c+", " ")
  while true do
    local length, bad = utf8.len(text)
    if length then break end
    text = text:sub(1, bad - 1) .. "?" .. text:sub(bad + 1)
  end
  -- U+200E, U+200F, U+2028 to U+202E and U+2066 to U+2069 break lines or turn the direction of what follows.
  return (text:gsub("\226\128[\142\143\168-\174]", " "):gsub("\226\129[\166-\169]", " "))
end

local function measured(text)
  return math.ceil((gfx.measurestr(text)))
end

--- The longest beginning of `text` that `accepts` takes, by characters; "" if it takes none.
local function longest(text, accepts)
  local least, most = 0, utf8.len(text)
  while least < most do
    local middle = (least + most + 1) // 2
    if accepts(text:sub(1, utf8.offset(text, middle + 1) - 1)) then least = middle else most = middle - 1 end
  end
  return text:sub(1, utf8.offset(text, least + 1) - 1)
end

local function key_of(text, font, room)
  return font .. "\0" .. room .. "\0" .. text
end

--- What of `text` fits into `room` pixels, and its width; nothing if not even an ellipsis does.
local function fit(text, font, room)
  local key = key_of(text, font, room)
  local known = fitted[key]
  if known then return known.text, known.width end
  choose(font)
  local line = one_line(text)
  local width = measured(line)
  if width > room then
    local beginning = longest(line, function(part) return measured(part .. ELLIPSIS) <= room end)
    line = beginning:match("^(.-)%s*$") .. ELLIPSIS
    width = measured(line)
    if width > room then line, width = "", 0 end
  end
  remember(fitted, key, {text = line, width = width})
  return line, width
end

--- Width of a text in points, rounded up; it fits into a box that wide.
function canvas.width(text, font)
  local _, width = fit(text, font, math.maxinteger)
  return math.ceil(width / scale)
end

local function broken(text, room, most)
  local lines, line = {}, ""
  local function out()
    lines[#lines + 1], line = line, ""
  end
  for word in text:gmatch("%S+") do
    if #lines >= most then return lines end
    local longer = line == "" and word or line .. " " .. word
    if measured(longer) <= room then
      line = longer
    else
      if line ~= "" then out() end
      while word ~= "" and measured(word) > room and #lines < most do -- a word longer than a line is cut where it must
        local part = longest(word, function(beginning) return measured(beginning) <= room end)
        if part == "" then return lines end
        lines[#lines + 1], word = part, word:sub(#part + 1)
      end
      line = word
    end
  end
  if line ~= "" then out() end
  return lines
end

--- A text as lines of at most `width` points; if there were more than `most`, the last ends in an ellipsis.
function canvas.wrap(text, font, width, most)
  local room = math.floor(width * scale)
  local key = key_of(text, font, room) .. "\0" .. most
  if wrapped[key] then return wrapped[key] end
  choose(font)
  local lines = broken(one_line(text), room, most + 1)
  if #lines > most then
    lines[most + 1] = nil
    lines[most] = lines[most] and fit(lines[most] .. " " .. ELLIPSIS, font, room)
  end
  return remember(wrapped, key, lines)
end

-- drawing ------------------------------------------------------------------------------------------------------------

local function pixel(points)
  return math.floor(points * scale + 0.5)
end

--- A box's edges in pixels: rounded each for itself, so that boxes that touch leave no gap.
local function edges(box)
  return pixel(box.x), pixel(box.y), pixel(box.x + box.w), pixel(box.y + box.h)
end

local function ink(colour, alpha)
  gfx.set(colour[1], colour[2], colour[3], alpha or 1)
end

function canvas.fill(box, colour, alpha)
  local left, top, right, bottom = edges(box)
  if right <= left or bottom <= top then return end
  ink(colour, alpha)
  gfx.rect(left, top, right - left, bottom - top, 1)
end

--- A line of one point along the inside of a box.
function canvas.outline(box, colour)
  local left, top, right, bottom = edges(box)
  if right - left < 2 or bottom - top < 2 then return end
  ink(colour)
  for inner = 0, math.max(0, math.floor(scale) - 1) do
    gfx.rect(left + inner, top + inner, right - left - 2 * inner, bottom - top - 2 * inner, 0)
  end
end

--- One line of text in a box; `align` is "left", "centre" or "right".
function canvas.text(text, box, font, colour, align)
  local left, top, right, bottom = edges(box)
  if bottom - top < line_heights[font] then return end
  local line, width = fit(text, font, right - left)
  if line == "" then return end
  choose(font)
  ink(colour)
  local spare = right - left - width
  gfx.x = left + (align == "right" and spare or align == "centre" and spare // 2 or 0)
  gfx.y = top + (bottom - top - line_heights[font]) // 2
  -- With right and bottom given, gfx cuts off what its own measure did not foresee.
  gfx.drawstr(line, 0, right, bottom)
end

local function disc(x, y, radius, filled)
  gfx.circle(x, y, radius, filled, 1)
end

local draw_mark = {
  ring = function(x, y, radius)
    for inner = 0, math.max(1, math.floor(scale * 1.5)) do disc(x, y, radius - inner * 0.6, 0) end
  end,
  dot = function(x, y, radius) disc(x, y, radius * 0.85, 1) end,
  diamond = function(x, y, radius)
    gfx.triangle(x, y - radius, x + radius, y, x, y + radius, x - radius, y)
  end,
  triangle = function(x, y, radius)
    gfx.triangle(x, y - radius, x + radius, y + radius * 0.8, x - radius, y + radius * 0.8)
  end,
  stop = function(x, y, radius)
    local cut = radius * 0.45
    gfx.triangle(x - cut, y - radius, x + cut, y - radius, x + radius, y - cut, x + radius, y + cut,
      x + cut, y + radius, x - cut, y + radius, x - radius, y + cut, x - radius, y - cut)
    ink(theme.colour.text)
    gfx.rect(x - radius * 0.6 // 1, y - radius * 0.2 // 1, radius * 1.2 // 1, math.max(1, radius * 0.4 // 1), 1)
  end,
}

--- A severity's mark, as large as the box's shorter side and in its middle.
function canvas.mark(severity, box)
  local left, top, right, bottom = edges(box)
  local radius = math.min(right - left, bottom - top) // 2
  if radius < 2 then return end
  ink(severity.colour)
  draw_mark[severity.mark]((left + right) // 2, (top + bottom) // 2, radius)
end

return canvas
