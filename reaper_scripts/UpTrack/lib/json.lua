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
    left = VALUES_A_STEP
    pace(as_many or VALUES_A_STEP)
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

local function fail(what, at)
  error(("expected JSON, got %s at byte %d"):format(what, at), 0)
end

local function after_space(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

local function code_unit(text, at)
  local digits = text:match("^%x%x%x%x", at)
  if not digits then fail("a broken \\u escape", at) end
  return tonumber(digits, 16)
end

--- The character of the escape whose letter stands at `at`, and where reading goes on.
local function escape(text, at)
  local letter = text:sub(at, at)
  if PLAIN[letter] then return PLAIN[letter], at + 1 end
  if letter ~= "u" then fail("an unknown escape", at) end
  local unit = code_unit(text, at + 1)
  if unit >= 0xD800 and unit <= 0xDBFF and text:sub(at + 5, at + 6) == "\\u" then
    local low = code_unit(text, at + 7)
    if low >= 0xDC00 and low <= 0xDFFF then
      return utf8.char(0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00)), at + 11
    end
  end
  if unit >= 0xD800 and unit <= 0xDFFF then unit = 0xFFFD end -- half of a pair
  return utf8.char(unit), at + 5
end

local function read_string(text, at, step)
  local from = at + 1
  local plain = text:match('^[^%c"\\]*"()', from)
  if plain then return text:sub(from, plain - 2), plain end -- most texts, and many times faster
  local parts = {}
  while true do
    local stop = text:find('[%c"\\]', from)
    if not stop then fail("the end inside a string", #text) end
    parts[#parts + 1] = text:sub(from, stop - 1)
    local character = text:sub(stop, stop)
    if character == '"' then return table.concat(parts), stop + 1 end
    if character == "\127" then
      parts[#parts + 1], from = character, stop + 1
    elseif character == "\\" then
      parts[#parts + 1], from = escape(text, stop + 1)
      step()
    else
      fail("a control character inside a string", stop)
    end
  end
end

local function read_number(text, at)
  local digits = text:match("^-?%d+%.?%d*[eE]?[+-]?%d*", at)
  local whole = digits and digits:match("^-?(%d+)")
  local valid = whole
    and (whole == "0" or whole:sub(1, 1) ~= "0") and not digits:find("%.$") and not digits:find("%.[eE]")
  local value = valid and tonumber(digits)
  if not value then fail("something that is no number", at) end
  return value, at + #digits
end

local WORDS = {["true"] = true, ["false"] = false, ["null"] = json.null}

local decode

local function read_list(text, at, depth, step)
  local values = json.list()
  at = after_space(text, at + 1)
  if text:sub(at, at) == "]" then return values, at + 1 end
  while true do
    values[#values + 1], at = decode(text, at, depth + 1, step)
    at = after_space(text, at)
    local mark = text:sub(at, at)
    if mark == "]" then return values, at + 1 end
    if mark ~= "," then fail("no comma in a list", at) end
    at = after_space(text, at + 1)
  end
end

local function read_object(text, at, depth, step)
  local fields = {}
  at = after_space(text, at + 1)
  if text:sub(at, at) == "}" then return fields, at + 1 end
  while true do
    if text:sub(at, at) ~= '"' then fail("a field without a name", at) end
    local name, value
    name, at = read_string(text, at, step)
    at = after_space(text, at)
    if text:sub(at, at) ~= ":" then fail("no colon after a name", at) end
    value, at = decode(text, after_space(text, at + 1), depth + 1, step)
    if value == json.null then value = nil end
    fields[name] = value
    at = after_space(text, at)
    local mark = text:sub(at, at)
    if mark == "}" then return fields, at + 1 end
    if mark ~= "," then fail("no comma in an object", at) end
    at = after_space(text, at + 1)
  end
end

decode = function(text, at, depth, step)
  step()
  if depth > DEEPEST then fail("more than " .. DEEPEST .. " levels", at) end
  local first = text:sub(at, at)
  if first == "{" then return read_object(text, at, depth, step) end
  if first == "[" then return read_list(text, at, depth, step) end
  if first == '"' then return read_string(text, at, step) end
  local word = text:match("^%l+", at)
  if word and WORDS[word] ~= nil then return WORDS[word], at + #word end
  if first == "" then fail("the end", #text) end
  return read_number(text, at)
end

--- The value of a whole JSON text; `pace`, if given, is called with the work done every `VALUES_A_STEP` values.
function json.decode(text, pace)
  local value, at = decode(text, after_space(text, 1), 1, stepping(pace))
  at = after_space(text, at)
  if at <= #text then fail("more text after the value", at) end
  return value
end

return json
