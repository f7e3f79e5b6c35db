--[[
JSON as the mailbox speaks it, for Lua 5.3 and 5.4: `encode` and `decode`, and nothing that runs received text.

Objects are tables with string keys. Lists are made with `json.list {...}`, because an empty Lua table does not say
which of the two it is; a decoded list is one too. An object field that is null is absent after decoding; a null inside
a list is `json.null`. Whole floats are written as integers: the daemon does not take 4.0 for 4. Both functions raise an
error with a sentence; callers use pcall.

REAPER stands still while a script works, and a large text takes longer than that is worth. So both may be given a
`pace`, a function they call every 100 values; inside a coroutine, `pace` may yield and let REAPER draw (`pace.lua`).
]]

local json = {}

local DEEPEST = 64
local VALUES_A_STEP = 100
local VALUES_A_TICK = 500 -- as `pace.STEPS_A_TICK`: what comes then begins in another tick
local LONG = 65536 -- bytes
local BYTES_A_VALUE = 4096 -- that are copied in the time a value takes
local LONGEST_ESCAPE = 11 -- bytes after the backslash, two code units of a pair

local list_mark = {}
json.null = setmetatable({}, {__tostring = function() return "null" end})

--- Mark a table as a JSON array.
function json.list(values)
  return setmetatable(values or {}, list_mark)
end

function json.is_list(value)
  return getmetatable(value) == list_mark
end

local function no_step() end

--- What is called for every value and every escape, and calls `pace` now and then; at once for as many as a tick holds.
local function stepping(pace)
  if not pace then return no_step end
  local left = VALUES_A_STEP
  return function(as_many)
    left = left - (as_many or 1)
    if left > 0 then return end
    local done = VALUES_A_STEP - left
    left = VALUES_A_STEP
    pace(done)
  end
end

-- writing ------------------------------------------------------------------------------------------------------------

-- A table of all of them lets Lua's own gsub do the work: the parts of a large message are full of quotation marks.
local ESCAPES = {["\127"] = "\\u007f"}
for byte = 0, 31 do ESCAPES[string.char(byte)] = ("\\u%04x"):format(byte) end
for character, escaped in pairs {['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t"} do
  ESCAPES[character] = escaped
end

local function quoted(text)
  if not utf8.len(text) then
    error("expected text in UTF-8, got other bytes: rename the file or project with plain letters", 0)
  end
  return '"' .. text:gsub('[%c"\\\127]', ESCAPES) .. '"'
end

local function number(value)
  if value ~= value or value == math.huge or value == -math.huge then
    error("expected a finite number, got " .. tostring(value), 0)
  end
  local whole = math.tointeger(value)
  if whole then return ("%d"):format(whole) end
  -- A plug-in may have set a locale with a decimal comma for the whole process.
  return (("%.17g"):format(value):gsub(",", "."))
end

local encode

--- The parts as one text. A long one is put together as a tick begins: memory has to be found for all of it at once.
local function joined(parts, separator, size, step)
  if size > LONG then step(VALUES_A_TICK) end
  return table.concat(parts, separator)
end

local function encode_table(value, depth, step)
  if depth > DEEPEST then error("expected at most " .. DEEPEST .. " levels of nesting", 0) end
  local parts, size = {}, 0
  if json.is_list(value) then
    local count = #value
    if count == 0 then return "[]" end
    for index = 1, count do
      parts[index] = encode(value[index], depth + 1, step)
      size = size + #parts[index]
    end
    parts[1] = "[" .. parts[1]
    parts[count] = parts[count] .. "]"
    return joined(parts, ",", size, step)
  end
  local names = {}
  for name in pairs(value) do
    if type(name) ~= "string" then error("expected string keys; make arrays with json.list", 0) end
    names[#names + 1] = name
  end
  table.sort(names)
  for index, name in ipairs(names) do
    local text = encode(value[name], depth + 1, step)
    parts[2 * index - 1] = (index == 1 and "{" or ",") .. quoted(name) .. ":"
    parts[2 * index] = text -- by itself, because a long one would be copied once more
    size = size + #text
  end
  parts[#parts + 1] = #names == 0 and "{}" or "}"
  return joined(parts, "", size, step)
end

encode = function(value, depth, step)
  step()
  local kind = type(value)
  if value == json.null then return "null" end
  if kind == "table" then return encode_table(value, depth, step) end
  if kind == "string" then return quoted(value) end
  if kind == "number" then return number(value) end
  if kind == "boolean" then return tostring(value) end
  error("expected something JSON can hold, got a " .. kind, 0)
end

--- A value as JSON text; `pace` as for `decode`. Nothing of `value` may change until the text is there.
function json.encode(value, pace)
  return encode(value, 1, stepping(pace))
end

-- reading ------------------------------------------------------------------------------------------------------------

local PLAIN = {b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/"}

-- What is being read: `text` from byte `at` on, then the slices from `next_slice` on. A slice is put to what is left
-- when it is needed: all of them at once would be megabytes, which cost REAPER more than a tick. These are no fields of
-- a table, which would take a sixth longer; so what was being read when `pace` is called is put back when it returns.
local text, at, gone, slices, next_slice, step

local function fail(what, where)
  error(("expected JSON, got %s at byte %d"):format(what, gone + (where or at)), 0)
end

--- Take in another slice, forgetting what was read; false if there is none.
local function more()
  local slice = slices[next_slice]
  if not slice then return false end
  gone = gone + at - 1
  text, at, next_slice = text:sub(at) .. slice, 1, next_slice + 1
  step(1 + #slice // BYTES_A_VALUE)
  return true
end

--- The next character that is no space, where reading goes on; empty at the end.
local function after_space()
  while true do
    at = text:find("[^ \t\r\n]", at) or #text + 1
    if at <= #text then return text:sub(at, at) end
    if not more() then return "" end
  end
end

--- What matches a `pattern` that any number of characters match, all of it: a slice may end in its middle.
local function run_of(pattern)
  while true do
    local found = text:match(pattern, at)
    if at + #found <= #text or not more() then return found end
  end
end

local function code_unit(where)
  local digits = text:match("^%x%x%x%x", where)
  if not digits then fail("a broken \\u escape", where) end
  return tonumber(digits, 16)
end

--- The character of the escape whose letter stands here; reading goes on after it.
local function escape()
  while #text - at < LONGEST_ESCAPE and more() do end
  local from = at
  local letter = text:sub(from, from)
  at = from + 1
  if PLAIN[letter] then return PLAIN[letter] end
  if letter ~= "u" then fail("an unknown escape", from) end
  local unit = code_unit(from + 1)
  at = from + 5
  if unit >= 0xD800 and unit <= 0xDBFF and text:sub(from + 5, from + 6) == "\\u" then
    local low = code_unit(from + 7)
    if low >= 0xDC00 and low <= 0xDFFF then
      at = from + 11
      return utf8.char(0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00))
    end
  end
  if unit >= 0xD800 and unit <= 0xDFFF then unit = 0xFFFD end -- half of a pair
  return utf8.char(unit)
end

--- A string, at whose quotation mark we are.
local function read_string()
  local plain, after = text:match('^"([^%c"\\]*)"()', at)
  if plain then -- most texts, and many times faster
    at = after
    return plain
  end
  local parts = {}
  at = at + 1
  while true do
    local stop = text:find('[%c"\\]', at)
    parts[#parts + 1] = text:sub(at, (stop or 0) - 1)
    at = (stop or #text) + 1
    local character = stop and text:sub(stop, stop)
    if not stop then
      if not more() then fail("the end inside a string", #text) end
    elseif character == '"' then
      return table.concat(parts)
    elseif character == "\127" then
      parts[#parts + 1] = character
    elseif character == "\\" then
      parts[#parts + 1] = escape()
      step()
    else
      fail("a control character inside a string", stop)
    end
  end
end

local function read_number()
  local digits = run_of("^[-+.eE%d]*"):match("^-?%d+%.?%d*[eE]?[+-]?%d*")
  local whole = digits and digits:match("^-?(%d+)")
  local valid = whole
    and (whole == "0" or whole:sub(1, 1) ~= "0") and not digits:find("%.$") and not digits:find("%.[eE]")
  local value = valid and tonumber(digits)
  if not value then fail("something that is no number") end
  at = at + #digits
  return value
end

local WORDS = {t = "true", f = "false", n = "null"}
local MEANT = {t = true, f = false, n = json.null}

local decode

local function read_list(depth)
  local values = json.list()
  at = at + 1
  if after_space() == "]" then
    at = at + 1
    return values
  end
  while true do
    values[#values + 1] = decode(depth + 1)
    local mark = after_space()
    if mark ~= "]" and mark ~= "," then fail("no comma in a list") end
    at = at + 1
    if mark == "]" then return values end
  end
end

local function read_object(depth)
  local fields = {}
  at = at + 1
  local mark = after_space()
  if mark == "}" then
    at = at + 1
    return fields
  end
  while true do
    if mark ~= '"' then fail("a field without a name") end
    local name, after = text:match('^"([^%c"\\]*)":()', at)
    if name then -- most names
      at = after
    else
      name = read_string()
      if after_space() ~= ":" then fail("no colon after a name") end
      at = at + 1
    end
    local value = decode(depth + 1)
    if value == json.null then value = nil end
    fields[name] = value
    mark = after_space()
    if mark ~= "}" and mark ~= "," then fail("no comma in an object") end
    at = at + 1
    if mark == "}" then return fields end
    mark = after_space()
  end
end

decode = function(depth)
  step()
  if depth > DEEPEST then fail("more than " .. DEEPEST .. " levels") end
  local first = after_space()
  if first == "{" then return read_object(depth) end
  if first == "[" then return read_list(depth) end
  if first == '"' then return read_string() end
  if first == "" then fail("the end") end
  local word = WORDS[first]
  if not word then return read_number() end
  if run_of("^%l*") ~= word then fail("an unknown word") end
  at = at + #word
  return MEANT[first]
end

local function decode_whole()
  local value = decode(1)
  if after_space() ~= "" then fail("more text after the value") end
  return value
end

--- The value of a whole JSON text, or of its slices; `pace`, if given, is called with the work done every
--- `VALUES_A_STEP` values.
function json.decode(whole, pace)
  local function resting(count)
    local held_text, held_at, held_gone, held_slices, held_next, held_step = text, at, gone, slices, next_slice, step
    text, slices = nil, nil -- who is never resumed shall not keep them
    pace(count)
    text, at, gone, slices, next_slice, step = held_text, held_at, held_gone, held_slices, held_next, held_step
  end
  text, at, gone, slices, next_slice = "", 1, 0, type(whole) == "table" and whole or {whole}, 1
  step = stepping(pace and resting)
  local read, value = pcall(decode_whole)
  text, slices, step = nil, nil, nil -- also of what is broken: it may be megabytes
  if not read then error(value, 0) end
  return value
end

return json
