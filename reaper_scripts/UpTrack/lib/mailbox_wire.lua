--[[
The mailbox wire: messages as files in a folder pair, for which nothing has to be installed.

We make `MAILBOX/<instance>/to_host` and `to_daemon`; each message is one JSON file with a growing number, written under
another name and renamed, so that neither side ever reads half of one. Whoever reads a message deletes it.

Nothing here waits, and a look costs no more than one listing of a bounded number of names: REAPER is asked name by
name, and a folder full of somebody's stray files would otherwise cost its user a fifth of a processor.
]]

local incoming = require("incoming")
local json = require("json")
local pace = require("pace")
local parts = require("parts")

local mailbox_wire = {kind = "mailbox"}
mailbox_wire.__index = mailbox_wire

local LARGEST_BYTES = 64 * 1024
local PART_BYTES = 16 * 1024 -- escaping and writing one are a tick's work
local NAMES_A_LOOK = 256
local MOST_FORGOTTEN_A_LOOK = 64
local TMP_OLD_AFTER_S = 60
local STEPS_A_FILE = 250

local separator = package.config:sub(1, 1)

local function joined(...)
  return table.concat({...}, separator)
end

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read(LARGEST_BYTES + 1)
  file:close()
  return text or ""
end

local function make_folders(self)
  -- to_host first: the daemon takes a folder with to_daemon in it for a whole mailbox.
  reaper.RecursiveCreateDirectory(self.inbox, 0)
  reaper.RecursiveCreateDirectory(self.outbox, 0)
end

--- Remove drafts an earlier run left when it was ended while writing; their names tell when they were made.
local function sweep_drafts(self)
  local drafts = {}
  reaper.EnumerateFiles(self.outbox, -1)
  for index = 0, NAMES_A_LOOK - 1 do
    local name = reaper.EnumerateFiles(self.outbox, index)
    if not name then break end
    local made_ms = tonumber(name:match("^(%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d)%-%x+%.tmp$"))
    if made_ms and os.time() - made_ms // 1000 > TMP_OLD_AFTER_S then drafts[#drafts + 1] = name end
  end
  for _, name in ipairs(drafts) do os.remove(joined(self.outbox, name)) end
end

--- Open the mailbox of one instance. `run` is part of every file's name: an earlier run may have written this second.
function mailbox_wire.open(root, instance, run)
  local folder = joined(root, instance)
  local self = setmetatable({run = run, incoming = incoming.new(), last_number = 0}, mailbox_wire)
  self.inbox, self.outbox = joined(folder, "to_host"), joined(folder, "to_daemon")
  self.names, self.listed, self.undeletable = {}, 0, {}
  make_folders(self)
  return self
end

-- sending ------------------------------------------------------------------------------------------------------------

local function put(self, text)
  self.last_number = math.max(self.last_number + 1, os.time() * 1000)
  local name = joined(self.outbox, ("%015d-%s"):format(self.last_number, self.run))
  local file, why = io.open(name .. ".tmp", "wb")
  if not file then
    make_folders(self) -- the daemon removes a folder that was silent for an hour
    file, why = io.open(name .. ".tmp", "wb")
  end
  if not file then
    return nil, "The mailbox cannot be written (" .. tostring(why) .. "). Is the daemon still running?"
  end
  local written = file:write(text)
  local closed = file:close()
  if not (written and closed) or not os.rename(name .. ".tmp", name .. ".json") then
    os.remove(name .. ".tmp")
    return nil, "The mailbox did not take a message. Check that the disk is not full."
  end
  self.last_sent = name .. ".json"
  return true
end

--- Send one message that has an id. `spend`, if given, is called while a large one is written, and may yield.
function mailbox_wire:send(message, spend)
  local encoded, text = pcall(json.encode, message, spend)
  if not encoded then return nil, "A message could not be written: " .. text .. "." end
  if #text <= LARGEST_BYTES then return put(self, text) end
  local cut, sentence = parts.split(text, PART_BYTES, message.id, nil, spend)
  for _, part in ipairs(cut or {}) do
    local sent
    sent, sentence = put(self, json.encode(part))
    if not sent then break end
    if spend then spend(STEPS_A_FILE) end
  end
  if sentence then return nil, sentence end
  return true
end

--- Whether the daemon has read everything we sent: it takes files in order, so the last one tells.
function mailbox_wire:all_read()
  local file = self.last_sent and io.open(self.last_sent, "rb")
  if not file then return true end
  file:close()
  return false
end

-- receiving ----------------------------------------------------------------------------------------------------------

local function by_number(one, other)
  if one.number ~= other.number then return one.number < other.number end
  return one.name < other.name
end

--- Go on with the listing; true once every name in the folder was seen. Messages are sorted only then.
local function list(self)
  -- REAPER keeps a listing until asked for index -1; asked name by name, it answers from what it kept.
  if self.listed == 0 then reaper.EnumerateFiles(self.inbox, -1) end
  for _ = 1, NAMES_A_LOOK do
    local name = reaper.EnumerateFiles(self.inbox, self.listed)
    if not name then
      self.listed = 0
      table.sort(self.names, by_number)
      return true
    end
    local digits = name:match("^(%d+).*%.json$")
    if digits and #digits <= 18 then self.names[#self.names + 1] = {name = name, number = tonumber(digits)} end
    self.listed = self.listed + 1
  end
  return false
end

--- Delete a message that was read; if the disk will not have it, remember not to read it again.
local function delete(self, name)
  local gone = os.remove(joined(self.inbox, name))
  self.undeletable[name] = not gone or nil
end

--- Read the next waiting files into memory, as many as a slow disk gives in a tick; those behind one that cannot be
--- opened wait with it.
local function read_some(self)
  local read, until_s = 0, pace.until_s()
  while read < #self.names and self.incoming:waiting() < incoming.MOST_A_LOOK do
    if read > 0 and reaper.time_precise() >= until_s then break end
    local name = self.names[read + 1].name
    local text = not self.undeletable[name] and read_file(joined(self.inbox, name))
    if text == nil then
      -- A scanner may hold the file for a moment (Windows), or it is gone: the next listing tells which.
      self.names = {}
      return
    end
    delete(self, name)
    if text then self.incoming:push(text) end
    read = read + 1
  end
  self.names = table.move(self.names, read + 1, #self.names, 1, {})
end

--- What has arrived, in order, at most 32 messages; unreadable ones are dropped.
function mailbox_wire:receive()
  -- While something is being decoded, nothing is listed. Names left over from the last listing come before any newer
  -- one, so they are read without another.
  if self.incoming:waiting() > 0 then return self.incoming:take() end
  if (self.listed == 0 and #self.names > 0) or list(self) then read_some(self) end
  return self.incoming:take()
end

--- Whether there is more to do at once: another look in the next tick is worth it, and lists nothing.
function mailbox_wire:is_busy()
  return self.incoming:is_busy()
end

--- Throw away some of what an earlier action left, unread or as a draft; true once nothing is left. Call it until then
--- before anything is said; it lists one folder at a time.
function mailbox_wire:forget_old()
  if not self.swept then
    self.swept = true
    sweep_drafts(self)
    return false
  elseif not self.all_listed then
    self.all_listed = list(self)
    return false
  end
  local gone, until_s = 0, pace.until_s()
  while gone < math.min(#self.names, MOST_FORGOTTEN_A_LOOK) do
    if gone > 0 and reaper.time_precise() >= until_s then break end
    gone = gone + 1
    delete(self, self.names[gone].name)
  end
  self.names = table.move(self.names, gone + 1, #self.names, 1, {})
  return #self.names == 0
end

--- The folder stays: the daemon ends the session when nobody has spoken for a while, and an action may come again.
function mailbox_wire:close()
  self.incoming = incoming.new()
end

return mailbox_wire
