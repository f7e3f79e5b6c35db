--[[
Text of ours kept in a project (extended state), so that it comes back whole when the project is opened again.

What REAPER does to long values, line breaks and quotation marks when it saves a project is not documented, and public
scripts tell of all three getting lost. So a text is written in short pieces, KEY.1, KEY.2 ..., without any of those
characters; KEY itself says how many there are.
]]

local kept = {}

local SECTION = "UpTrack"
local PIECE = 3500 -- bytes; some libraries cut values at 4096

-- Tables, not functions: gsub then does a whole report without a single step of Lua.
local ESCAPES, CHARACTERS = {}, {}
for code = 0, 255 do
  ESCAPES[string.char(code)] = ("%%%02X"):format(code)
  CHARACTERS[("%02X"):format(code)] = string.char(code)
end

local function escaped(text)
  return (text:gsub('[%%"\'`%c]', ESCAPES))
end

local function plain(text)
  return (text:gsub("%%(%x%x)", CHARACTERS))
end

local function get(proj, key)
  local _, text = reaper.GetProjExtState(proj, SECTION, key)
  return text
end

local function put(proj, key, text)
  if get(proj, key) ~= text then reaper.SetProjExtState(proj, SECTION, key, text) end
end

local function pieces_of(proj, key)
  return math.tointeger(tonumber(get(proj, key))) or 0
end

--- The text under a key; empty if there is none, or if a piece of it is missing.
function kept.read(proj, key)
  local parts = {}
  for number = 1, pieces_of(proj, key) do
    parts[number] = get(proj, key .. "." .. number)
    if parts[number] == "" then return "" end
  end
  return plain(table.concat(parts))
end

--- Keep a text; an empty one takes the key away. Nothing is written where nothing changes.
function kept.write(proj, key, text)
  local before, whole = pieces_of(proj, key), escaped(text)
  local count, from = 0, 1
  while from <= #whole do
    local last = math.min(from + PIECE - 1, #whole)
    -- Cut between characters: a continuation byte is 10xxxxxx.
    while last < #whole and whole:byte(last + 1) & 0xC0 == 0x80 do last = last - 1 end
    count = count + 1
    put(proj, key .. "." .. count, whole:sub(from, last))
    from = last + 1
  end
  for number = count + 1, before do put(proj, key .. "." .. number, "") end
  put(proj, key, count > 0 and ("%d"):format(count) or "")
end

return kept
