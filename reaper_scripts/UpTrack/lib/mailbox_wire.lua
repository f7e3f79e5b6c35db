--[[
The mailbox: how this script and the UpTrack daemon talk, through files only, so that nothing has to be installed.

The daemon writes its whereabouts to ~/.uptrack/bridge.json. We make a folder pair `MAILBOX/<instance>/to_host` and
`to_daemon`; each message is one JSON file with a growing number, written under another name and renamed, so that
neither side ever reads half of one. Whoever reads a message deletes it. Nothing here waits: `receive` looks once.

Functions return nil and a sentence when something outside is not as it should be.
]]

local json = require("json")

local link = {}
link.__index = link

local LARGEST_BYTES = 64 * 1024
local MOST_PER_LOOK = 32
local PART_BYTES = 24 * 1024 -- of text; quoting inside JSON can double it
local SECTION = "UpTrack"

local separator = package.config:sub(1, 1)

local function joined(...)
  return table.concat({...}, separator)
end

--- The folder the daemon lives in: UPTRACK_HOME, or .uptrack in the user's own.
local function home()
  local named = os.getenv("UPTRACK_HOME")
  if named and named:match("%S") then return named:match("^%s*(.-)%s*$") end
  local user = os.getenv("HOME") or os.getenv("USERPROFILE")
  return user and joined(user, ".uptrack")
end

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read(LARGEST_BYTES + 1)
  file:close()
  return text or "" -- read gives nil at the end of a file, and an empty file begins there
end

--- Where the daemon is, as it says itself.
local function read_bridge()
  local folder = home()
  if not folder then return nil, "Neither HOME nor USERPROFILE is set, so the UpTrack folder cannot be found." end
  local path = joined(folder, "bridge.json")
  local text = read_file(path)
  if not text then
    return nil, "The UpTrack daemon is not running. Start it with `uptrack daemon start` and run this action again."
  end
  local read, bridge = pcall(json.decode, text)
  if not read or type(bridge) ~= "table" or type(bridge.mailbox) ~= "string" or type(bridge.token) ~= "string" then
    return nil, path .. " is damaged. Stop the daemon with `uptrack daemon stop` and start it again."
  end
  return bridge
end

--- One name for this run of REAPER: the daemon recognises it when the next action says hello.
local function instance_name()
  local name = reaper.GetExtState(SECTION, "instance")
  if not name:match("^r%-%w+$") then
    name = "r-" .. reaper.genGuid(""):gsub("[^%w]", ""):sub(1, 12)
    reaper.SetExtState(SECTION, "instance", name, false)
  end
  return name
end

--- Open this REAPER's mailbox.
function link.open()
  local bridge, sentence = read_bridge()
  if not bridge then return nil, sentence end
  local self = setmetatable({token = bridge.token, protocol = bridge.protocol, parts = {}}, link)
  self.instance = instance_name()
  self.folder = joined(bridge.mailbox, self.instance)
  self.inbox, self.outbox = joined(self.folder, "to_host"), joined(self.folder, "to_daemon")
  -- to_host first: the daemon takes a folder with to_daemon in it for a whole mailbox.
  reaper.RecursiveCreateDirectory(self.inbox, 0)
  reaper.RecursiveCreateDirectory(self.outbox, 0)
  self.run = reaper.genGuid(""):gsub("[^%w]", ""):sub(1, 8)
  self.last_number, self.last_id = 0, 0
  return self
end

--- An id for a message, never used twice.
function link:new_id()
  self.last_id = self.last_id + 1
  return ("%s-%d"):format(self.run, self.last_id)
end

local function put(self, text)
  self.last_number = math.max(self.last_number + 1, os.time() * 1000)
  -- The run's own name in it: another action may have written in the same second.
  local name = joined(self.outbox, ("%015d-%s"):format(self.last_number, self.run))
  local file, why = io.open(name .. ".tmp", "wb")
  if not file then return nil, "The mailbox cannot be written (" .. tostring(why) .. "). Is the daemon still running?" end
  local written = file:write(text)
  local closed = file:close()
  if not (written and closed) or not os.rename(name .. ".tmp", name .. ".json") then
    os.remove(name .. ".tmp")
    return nil, "The mailbox did not take a message. Check that the disk is not full."
  end
  return true
end

--- Send one message.
function link:send(message)
  local encoded, text = pcall(json.encode, message)
  if not encoded then return nil, "A message could not be written: " .. text .. "." end
  if #text <= LARGEST_BYTES then return put(self, text) end
  local parts = math.ceil(#text / PART_BYTES)
  local slices, from = {}, 1
  while from <= #text do
    local stop = math.min(from + PART_BYTES, #text + 1)
    -- Cut between characters: a continuation byte is 10xxxxxx.
    while stop <= #text and text:byte(stop) & 0xC0 == 0x80 do stop = stop - 1 end
    slices[#slices + 1] = text:sub(from, stop - 1)
    from = stop
  end
  parts = #slices
  local id = self:new_id()
  for number, data in ipairs(slices) do
    local sent, sentence = put(self, json.encode({type = "part", id = id, part = number, parts = parts, data = data}))
    if not sent then return nil, sentence end
  end
  return true
end

local function is_count(value, highest)
  return math.type(value) == "integer" and value >= 1 and value <= highest
end

--- Keep a part; the whole message once its last part is here.
local function assemble(self, part)
  if not (is_count(part.parts, 4096) and is_count(part.part, part.parts)) or type(part.data) ~= "string" then return nil end
  local id = tostring(part.id)
  local slices = self.parts[id] or {}
  self.parts[id] = slices
  slices[part.part] = part.data
  for number = 1, part.parts do
    if not slices[number] then return nil end
  end
  self.parts[id] = nil
  local read, message = pcall(json.decode, table.concat(slices, "", 1, part.parts))
  return read and type(message) == "table" and message or nil
end

--- Names of waiting messages, oldest first.
local function waiting(folder)
  local found = {}
  reaper.EnumerateFiles(folder, -1) -- REAPER caches listings until asked for index -1
  local index = 0
  while true do
    local name = reaper.EnumerateFiles(folder, index)
    if not name then break end
    local digits = name:match("^(%d+).*%.json$")
    if digits and #digits <= 18 then found[#found + 1] = {name = name, number = tonumber(digits)} end
    index = index + 1
  end
  table.sort(found, function(one, other)
    if one.number ~= other.number then return one.number < other.number end
    return one.name < other.name
  end)
  return found
end

--- What has arrived, in order, at most 32 messages; unreadable ones are dropped.
function link:receive()
  local messages = {}
  for index, file in ipairs(waiting(self.inbox)) do
    if index > MOST_PER_LOOK then break end
    local path = joined(self.inbox, file.name)
    local text = read_file(path)
    -- On Windows a scanner may hold the file for a moment; later messages must not overtake it.
    if not text then break end
    os.remove(path)
    local read, message = pcall(json.decode, text)
    if read and type(message) == "table" then
      if message.type == "part" then message = assemble(self, message) end
      messages[#messages + 1] = message
    end
  end
  return messages
end

--- Whether the daemon has read everything we sent.
function link:all_read()
  return #waiting(self.outbox) == 0
end

--- Throw away what an earlier action left unread.
function link:forget_old()
  for _, file in ipairs(waiting(self.inbox)) do os.remove(joined(self.inbox, file.name)) end
end

return link
