--[[
Text of ours kept in a project (extended state), so that it comes back whole when the project is opened again.

What REAPER does to long values, line breaks and quotation marks when it saves a project is not documented, and public
scripts tell of all three getting lost. So a text is written in short pieces, KEY.1, KEY.2 ..., without any of those
characters; KEY itself says how many there are, and which writing it was.

A long text is written in two steps, so that it need not all happen in one tick: its pieces under names of their own,
KEY.b1, KEY.b2 ... where KEY.1, KEY.2 ... are in use and the other way round; then KEY turns to them.
]]

local kept = {}

local SECTION = "UpTrack"
local PIECE = 3500 -- bytes; some libraries cut values at 4096
local STEPS_A_PIECE = 20
local STEPS_A_CALL = 4

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

--- How many pieces a text has, and what stands before their numbers.
local function pieces_in(head)
  return math.tointeger(tonumber(head:match("^%d+"))) or 0, head:match("^%d+ %S+ (b)$") or ""
end

local function head_of(count, sort)
  return ("%d %s%s"):format(count, reaper.genGuid(""):sub(2, 9), sort == "b" and " b" or "")
end

local function key_of(key, sort, number)
  return ("%s.%s%d"):format(key, sort, number)
end

local function nothing() end

--- Where to cut a text so that the first part has no more than `most` bytes, and no character is cut.
local function cut_at(text, from, most)
  local last = math.min(from + most - 1, #text)
  while last < #text and text:byte(last + 1) & 0xC0 == 0x80 do last = last - 1 end -- a continuation byte is 10xxxxxx
  return last
end

--- A text as the pieces that are kept of it.
local function pieces_of(text, spend)
  local pieces, from, escaped_part = {}, 1, ""
  repeat
    local last = cut_at(text, from, PIECE)
    escaped_part = escaped_part .. escaped(text:sub(from, last))
    from = last + 1
    local begin = 1
    while #escaped_part - begin + 1 >= (from > #text and 1 or PIECE) do
      local stop = cut_at(escaped_part, begin, PIECE)
      pieces[#pieces + 1] = escaped_part:sub(begin, stop)
      begin = stop + 1
    end
    escaped_part = escaped_part:sub(begin)
    spend(STEPS_A_PIECE)
  until from > #text
  return pieces
end

--- What changes with every text that is written under a key, and is empty where there is none.
function kept.head(proj, key)
  return get(proj, key)
end

--- The text under a key in slices; none if there is no text, or if a piece of it is missing. `spend`, if given, is
--- called for each piece, and may yield; then what is written meanwhile is what is read.
function kept.slices(proj, key, spend)
  local head, parts
  repeat
    head, parts = get(proj, key), {}
    local cut = "" -- of an escape, at a piece's end
    local count, sort = pieces_in(head)
    for number = 1, count do
      local piece = get(proj, key_of(key, sort, number))
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
  return parts
end

--- The same as one text.
function kept.read(proj, key, spend)
  return table.concat(kept.slices(proj, key, spend))
end

local function forget(proj, key, sort, from, to)
  for number = from, to do put(proj, key_of(key, sort, number), "") end
end

--- Of a text that somebody was ended over before it was kept there may be any number of pieces.
local function forget_from(proj, key, sort, number)
  while get(proj, key_of(key, sort, number)) ~= "" do
    forget(proj, key, sort, number, number)
    number = number + 1
  end
end

--- Keep a text; an empty one takes the key away. Nothing is written where nothing changes.
function kept.write(proj, key, text)
  local before, sort = pieces_in(get(proj, key))
  local pieces, changed = pieces_of(text, nothing), false
  for number, piece in ipairs(pieces) do changed = put(proj, key_of(key, sort, number), piece) or changed end
  forget(proj, key, sort, #pieces + 1, before)
  if #pieces == 0 then
    put(proj, key, "")
    forget_from(proj, key, sort == "b" and "" or "b", 1)
  elseif changed or before ~= #pieces then
    put(proj, key, head_of(#pieces, sort))
  end
end

--- Add to the end of a text, without writing what is there already.
function kept.append(proj, key, text)
  local count, sort = pieces_in(get(proj, key))
  local pieces = pieces_of(text, nothing)
  for number, piece in ipairs(pieces) do put(proj, key_of(key, sort, count + number), piece) end
  put(proj, key, head_of(count + #pieces, sort))
end

local function are_there(proj, key, sort, pieces)
  for number, piece in ipairs(pieces) do
    if get(proj, key_of(key, sort, number)) ~= piece then return false end
  end
  return true
end

--- Have a long text ready to be kept. `spend` is called for each piece, and may yield; the function that is returned
--- keeps it, at once. Until then what was kept before is what is read. Undo may take pieces away meanwhile, and another
--- script may write: then all of it is written when it is kept. `kept.clear` takes away what the text before leaves.
function kept.prepare(proj, key, text, spend)
  local function keep_now() kept.write(proj, key, text) end
  local head = get(proj, key)
  local before, sort = pieces_in(head)
  local pieces = pieces_of(text, spend)
  local same = before == #pieces
  for number = 1, same and before or 0 do
    same = same and get(proj, key_of(key, sort, number)) == pieces[number]
    spend(1)
  end
  if same then
    return function()
      if get(proj, key) ~= head then keep_now() end
    end
  end
  local other = sort == "b" and "" or "b"
  for number, piece in ipairs(pieces) do
    if get(proj, key) ~= head then return keep_now end -- somebody else's text may stand there now
    put(proj, key_of(key, other, number), piece)
    spend(STEPS_A_PIECE)
  end
  return function()
    if get(proj, key) ~= head or not are_there(proj, key, other, pieces) then return keep_now() end
    put(proj, key, #pieces > 0 and head_of(#pieces, other) or "")
  end
end

--- Take away the pieces of which nothing is read any more, of the text before or of one that was never kept. `spend` is
--- called for each, and may yield; it ends where another text is written meanwhile.
function kept.clear(proj, key, spend)
  local head = get(proj, key)
  local count, sort = pieces_in(head)
  for _, unread in ipairs {{sort == "b" and "" or "b", 1}, {sort, count + 1}} do
    local unread_sort, number = unread[1], unread[2]
    while get(proj, key) == head and get(proj, key_of(key, unread_sort, number)) ~= "" do
      put(proj, key_of(key, unread_sort, number), "")
      number = number + 1
      spend(STEPS_A_CALL)
    end
  end
end

return kept
