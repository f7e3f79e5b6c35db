--[[
Text of ours kept in a project (extended state), so that it comes back whole when the project is opened again.

What REAPER does to long values, line breaks and quotation marks when it saves a project is not documented, and public
scripts tell of all three getting lost. So a text is written in short pieces, KEY.1, KEY.2 ..., without any of those
characters; KEY itself says how many there are, and which writing it was.
]]

local kept = {}

local SECTION = "UpTrack"
local PIECE = 3500 -- bytes; some libraries cut values at 4096
local STEPS_A_PIECE = 20

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

--- True where that changed something.
local function put(proj, key, text)
  if get(proj, key) == text then return false end
  reaper.SetProjExtState(proj, SECTION, key, text)
  return true
end

local function pieces_in(head)
  return math.tointeger(tonumber(head:match("^%d+"))) or 0
end

--- What changes with every text that is written under a key, and is empty where there is none.
function kept.head(proj, key)
  return get(proj, key)
end

--- The text under a key; empty if there is none, or if a piece of it is missing. `spend`, if given, is called for each
--- piece, and may yield; then what is written meanwhile is what is read.
function kept.read(proj, key, spend)
  local head, parts
  repeat
    head, parts = get(proj, key), {}
    local cut = "" -- of an escape, at a piece's end
    for number = 1, pieces_in(head) do
      local piece = get(proj, key .. "." .. number)
      if piece == "" then
        parts = {}
        break
      end
      piece = cut .. piece
      cut = piece:match("%%%x?$") or ""
      parts[number] = plain(piece:sub(1, #piece - #cut))
      if spend then spend(STEPS_A_PIECE) end
    end
  until get(proj, key) == head
  return table.concat(parts)
end

--- Keep a text; an empty one takes the key away. Nothing is written where nothing changes.
function kept.write(proj, key, text)
  local before, whole = get(proj, key), escaped(text)
  local count, from, changed = 0, 1, false
  while from <= #whole do
    local last = math.min(from + PIECE - 1, #whole)
    -- Cut between characters: a continuation byte is 10xxxxxx.
    while last < #whole and whole:byte(last + 1) & 0xC0 == 0x80 do last = last - 1 end
    count = count + 1
    changed = put(proj, key .. "." .. count, whole:sub(from, last)) or changed
    from = last + 1
  end
  for number = count + 1, pieces_in(before) do put(proj, key .. "." .. number, "") end
  if count == 0 then
    put(proj, key, "")
  elseif changed or pieces_in(before) ~= count then
    put(proj, key, ("%d %s"):format(count, reaper.genGuid(""):sub(2, 9)))
  end
end

return kept
