--[[
Messages larger than their wire: cut into `part` messages, and joined again.

A part's `data` is a slice of the whole message's JSON text, cut between characters. What the other side can make us
hold is bounded: messages being joined at once, bytes of them, and seconds since the last part.
]]

local json = require("json")

local parts = {}

local MOST_PARTS = 4096
local MOST_BEING_JOINED = 8
local MOST_BYTES = 16 * 1024 * 1024
local PATIENCE_S = 60
-- Of text looked through at once for what has to be escaped, in a fifth of a millisecond or two.
local BYTES_A_STEP = 4096
local STEPS_A_COUNT = 100

-- cutting ------------------------------------------------------------------------------------------------------------

--- Bytes a slice of JSON text takes inside a JSON string: only quotes and backslashes are left to be escaped in it.
local function quoted_bytes(slice)
  return #slice + select(2, slice:gsub('["\\]', "%0"))
end

--- The byte after the longest slice from `from` on that fits into `room`.
local function end_of_slice(text, from, room, spend)
  local stop, left, bytes = from, room, BYTES_A_STEP
  while bytes > 0 and stop <= #text do
    local taken = quoted_bytes(text:sub(stop, stop + bytes - 1))
    if spend then spend(1 + STEPS_A_COUNT * bytes // BYTES_A_STEP) end
    if taken <= left then
      stop, left = math.min(stop + bytes, #text + 1), left - taken
    else
      bytes = bytes // 2 -- what did not fit whole fits in part
    end
  end
  -- Cut between characters: a continuation byte is 10xxxxxx.
  while stop <= #text and text:byte(stop) & 0xC0 == 0x80 do stop = stop - 1 end
  return stop
end

--- The parts of a message's JSON text, each at most `limit` bytes once encoded; nil and a sentence if too many.
--- `spend`, if given, is called on the way, and may yield.
function parts.split(text, limit, id, session, spend)
  local envelope = {type = "part", id = id, session = session, part = MOST_PARTS, parts = MOST_PARTS, data = ""}
  local room = limit - #json.encode(envelope)
  local cut, from = {}, 1
  while from <= #text do
    local stop = end_of_slice(text, from, room, spend)
    cut[#cut + 1] = {type = "part", id = id, session = session, part = #cut + 1, data = text:sub(from, stop - 1)}
    from = stop
  end
  if #cut > MOST_PARTS then
    return nil, ("A message of %d bytes is too large to be sent. Try a project with a shorter tempo map."):format(#text)
  end
  for _, part in ipairs(cut) do part.parts = #cut end
  return cut
end

-- joining ------------------------------------------------------------------------------------------------------------

local Joiner = {}
Joiner.__index = Joiner

--- Joins parts that come in any order, some of them twice.
function parts.joiner()
  return setmetatable({order = {}, unfinished = {}, bytes = 0}, Joiner)
end

local function forget(self, id)
  self.bytes = self.bytes - self.unfinished[id].bytes
  self.unfinished[id] = nil
  for index, known in ipairs(self.order) do
    if known == id then return table.remove(self.order, index) end
  end
end

local function is_count(value, highest)
  return math.type(value) == "integer" and value >= 1 and value <= highest
end

local function make_room(self, now_s)
  for index = #self.order, 1, -1 do
    local id = self.order[index]
    if now_s - self.unfinished[id].heard_s > PATIENCE_S then forget(self, id) end
  end
  -- The oldest goes: it is the one that lost a part.
  while #self.order > MOST_BEING_JOINED or self.bytes > MOST_BYTES do forget(self, self.order[1]) end
end

--- Keep a part; gives the slices of the whole message's text, in their order, once its last part is here. What is no
--- part is dropped.
function Joiner:add(part)
  if not (is_count(part.parts, MOST_PARTS) and is_count(part.part, part.parts)) then return nil end
  if type(part.id) ~= "string" or type(part.data) ~= "string" then return nil end
  local id, now_s = part.id, reaper.time_precise()
  local message = self.unfinished[id]
  if message and message.parts ~= part.parts then
    forget(self, id)
    message = nil
  end
  if not message then
    message = {parts = part.parts, slices = {}, missing = part.parts, bytes = 0}
    self.unfinished[id] = message
    self.order[#self.order + 1] = id
  end
  message.heard_s = now_s
  if not message.slices[part.part] then
    message.slices[part.part] = part.data
    message.missing = message.missing - 1
    message.bytes, self.bytes = message.bytes + #part.data, self.bytes + #part.data
  end
  if message.missing > 0 then
    make_room(self, now_s)
    return nil
  end
  forget(self, id)
  return message.slices
end

return parts
