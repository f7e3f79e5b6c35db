--[[
The OSC wire: messages as UDP datagrams to the daemon and back, for REAPERs that have LuaSocket.

Datagrams get lost, doubled and reordered, so everything we say is repeated until we know it was heard: a request by
the answer that carries its id, anything else by the pong to a ping that travels in the same datagram. An `analyze` is
asked again, rarely, until its job has ended, because the daemon says only once that a job failed. What the daemon
repeats is passed on once (`once.lua`), and feedback that comes again after we acknowledged it is acknowledged again.

The socket is connected, so the system itself drops what does not come from the daemon's port. Nothing here waits.
]]

local incoming = require("incoming")
local json = require("json")
local osc_packet = require("osc_packet")
local parts = require("parts")

local osc_wire = {kind = "osc"}
osc_wire.__index = osc_wire

local FIRST_REPEAT_S, SLOWEST_REPEAT_S = 0.25, 8
local STEPS_A_PART = 10
local SLOWEST_HELLO_S = 2
local ASK_ABOUT_JOB_EVERY_S = 15
local MOST_HEARD_A_LOOK, MOST_SAID_A_LOOK = 32, 16
local MOST_WAITING = 1024 -- texts not decoded yet; what comes beyond is repeated by the daemon
local SILENT_AFTER_TRIES = 3
local BUFFER_BYTES = 1024 * 1024
local SECTION, LOADING = "UpTrack", "loading_luasocket"
local PLACE_OF_PACKAGE = "/Scripts/Mavriq ReaScript Repository/Various/Mavriq-Lua-Sockets/?."

-- LuaSocket ----------------------------------------------------------------------------------------------------------

--- LuaSocket's core, from Lua's own path or where ReaPack puts it; nil if there is none.
function osc_wire.luasocket()
  if package.loaded["socket.core"] then return package.loaded["socket.core"] end
  local places = package.cpath
  for _, ending in ipairs({"dll", "so"}) do
    places = places .. ";" .. reaper.GetResourcePath() .. PLACE_OF_PACKAGE .. ending
  end
  if not package.searchpath("socket.core", places) then return nil end
  -- A library built for another Lua can take REAPER down with it. Then this note is still there at the next start, and
  -- the library is left alone until REAPER itself is another.
  local version = reaper.GetAppVersion()
  if reaper.GetExtState(SECTION, LOADING) == version then return nil end
  reaper.SetExtState(SECTION, LOADING, version, true)
  local before = package.cpath
  package.cpath = places
  local loaded, socket = pcall(require, "socket.core")
  package.cpath = before
  reaper.SetExtState(SECTION, LOADING, "", true)
  return loaded and type(socket) == "table" and socket or nil
end

--- A wire to the daemon's port, or nil. `once` remembers what was heard, also over a daemon's restart.
function osc_wire.open(socket, port, once)
  local udp = (socket.udp4 or socket.udp)()
  if not udp then return nil end
  udp:settimeout(0)
  if not udp:setpeername("127.0.0.1", port) then
    udp:close()
    return nil
  end
  pcall(udp.setoption, udp, "recv-buffer-size", BUFFER_BYTES) -- newer LuaSockets only
  local self = setmetatable({udp = udp, once = once, incoming = incoming.new()}, osc_wire)
  self.said = {} -- what is not known to have been heard, in the order it was said
  self.outgoing = {} -- datagrams to be sent as soon as this look's share allows
  self.acknowledgements = {} -- by run
  self.allowance = MOST_SAID_A_LOOK
  return self
end

-- sending ------------------------------------------------------------------------------------------------------------

local ANSWERED = {
  hello = true, analyze = true, ping = true, ["finding.dismiss"] = true, ["fix.applied"] = true,
  ["live.get"] = true, capture = true,
}

--- Put a ping beside a datagram, so that its pong tells that both arrived.
local function with_ping(entry, number, message)
  local ping = ("%s/heard/%d"):format(entry.id, number)
  entry.unheard[ping] = number
  return osc_packet.bundle({message, osc_packet.message(json.encode({type = "ping", id = ping}))})
end

--- Write an entry's message as datagrams, with the session it is said in; nil and a sentence if it cannot be.
local function write(self, entry, spend)
  local fields, session = {}, self.session
  for name, value in pairs(entry.message) do fields[name] = value end
  local kind = fields.type
  if kind ~= "hello" and kind ~= "ping" then fields.session = session end
  local encoded, text = pcall(json.encode, fields, spend)
  if not encoded then return nil, "A message could not be written: " .. text .. "." end
  entry.session, entry.unheard, entry.datagrams = session, {}, {}
  local texts = {text}
  -- Room for a bundle and a ping with our id and a number.
  local most = osc_packet.LARGEST_BYTES - osc_packet.size(#entry.id + 64) - osc_packet.HEAD_BYTES
    - osc_packet.BUNDLE_BYTES - 2 * osc_packet.ELEMENT_BYTES - 4
  if #text > most then
    if kind == "hello" then return nil, "The project's name or path is too long to greet the daemon with." end
    local cut, sentence = parts.split(text, most, entry.id, session, spend)
    if not cut then return nil, sentence end
    for index, part in ipairs(cut) do
      texts[index] = json.encode(part)
      if spend then spend(STEPS_A_PART) end
    end
  end
  for number, one in ipairs(texts) do
    local datagram = osc_packet.message(one)
    entry.datagrams[number] = ANSWERED[kind] and datagram or with_ping(entry, number, datagram)
  end
  return true
end

--- Send what waits, as much as is fair in one look.
local function flush(self)
  while self.allowance > 0 and #self.outgoing > 0 do
    local datagram = table.remove(self.outgoing, 1)
    local sent, why = self.udp:send(datagram.bytes)
    if not sent and why == "timeout" then -- the system's buffer is full
      table.insert(self.outgoing, 1, datagram)
      return
    end
    if not sent then self.unreachable = true end
    local entry = datagram.entry
    entry.leaving = entry.leaving - 1
    if entry.leaving == 0 then entry.next_s = reaper.time_precise() + entry.wait_s end
    self.allowance = self.allowance - 1
  end
end

--- Say an entry's datagrams once more, but for those that are known to have been heard. It is repeated some time after
-- the last of them has left: a long one is written and sent in several looks.
local function say(self, entry, spend)
  if entry.leaving > 0 then return true end
  if not entry.datagrams or entry.session ~= self.session then
    local written, sentence = write(self, entry, spend)
    if not written then return nil, sentence end
  end
  local numbers = {}
  for _, number in pairs(entry.unheard) do numbers[number] = true end
  for number, bytes in ipairs(entry.datagrams) do
    if ANSWERED[entry.message.type] or numbers[number] then
      self.outgoing[#self.outgoing + 1] = {entry = entry, bytes = bytes}
      entry.leaving = entry.leaving + 1
    end
  end
  entry.tries, entry.next_s = entry.tries + 1, reaper.time_precise() + entry.wait_s
  flush(self)
  return true
end

local function find(self, id)
  for index, entry in ipairs(self.said) do
    if entry.id == id then return entry, index end
  end
  return nil
end

local function drop(self, entry)
  local _, index = find(self, entry.id)
  if index then table.remove(self.said, index) end
end

--- Send one message that has an id. `spend`, if given, is called while a large one is written, and may yield.
function osc_wire:send(message, spend)
  -- A new greeting takes the place of an older one, and what is asked again the place of the same question.
  for index = #self.said, 1, -1 do
    local other = self.said[index]
    if other.id == message.id or message.type == "hello" and other.message.type == "hello" then
      table.remove(self.said, index)
    end
  end
  local entry = {message = message, id = message.id, wait_s = FIRST_REPEAT_S, tries = 0, leaving = 0, next_s = 0}
  local said, sentence = say(self, entry, spend)
  if not said then return nil, sentence end
  self.said[#self.said + 1] = entry
  if message.type == "feedback.applied" then self.acknowledgements[message.run] = message end
  return true
end

--- Repeat what is due, a little later each time.
local function repeat_due(self, now_s)
  local due = {}
  for _, entry in ipairs(self.said) do
    if entry.leaving == 0 and now_s >= entry.next_s then due[#due + 1] = entry end
  end
  for _, entry in ipairs(due) do
    local slowest_s = entry.message.type == "hello" and SLOWEST_HELLO_S or SLOWEST_REPEAT_S
    if not entry.job then entry.wait_s = math.min(2 * entry.wait_s, slowest_s) end
    say(self, entry)
  end
end

-- receiving ----------------------------------------------------------------------------------------------------------

local function read_socket(self)
  for _ = 1, MOST_HEARD_A_LOOK do
    local datagram, why = self.udp:receive(osc_packet.LARGEST_BYTES + 1)
    if datagram then
      local text = osc_packet.text(datagram)
      if text and self.incoming:waiting() < MOST_WAITING then self.incoming:push(text) end
    elseif why == "timeout" then
      return
    else
      self.unreachable = true -- nobody listens at the daemon's port, says the system
    end
  end
end

--- Take a pong to a ping of our own, or any answer, off what is repeated. True if the caller need not hear of it.
local function settle(self, message, now_s)
  local id = message.id
  if message.type == "pong" then
    local owner = tostring(id):match("^(.*)/heard/%d+$")
    local entry = owner and find(self, owner)
    if entry then
      entry.unheard[id] = nil
      if not next(entry.unheard) then drop(self, entry) end
    end
    if owner then return true end
  end
  local entry = id and find(self, id)
  if not entry then return false end
  if message.type == "welcome" then
    if self.session ~= message.session then self.once:forget_answers() end
    self.session = message.session
  end
  if message.type == "job.queued" then
    entry.job, entry.wait_s, entry.next_s = message.job, ASK_ABOUT_JOB_EVERY_S, now_s + ASK_ABOUT_JOB_EVERY_S
  elseif message.type ~= "job.failed" then
    drop(self, entry)
  end
  -- The first of our repeated cancels did it, and the second found nothing to do.
  return message.type == "refused" and message.code == "job.ended" and entry.tries > 1
end

--- What a message about a job says of the `analyze` that asked for it.
local function follow_job(self, message, now_s)
  for index, entry in ipairs(self.said) do
    if entry.job == message.job then
      entry.next_s = now_s + ASK_ABOUT_JOB_EVERY_S
      if message.type ~= "job.progress" then table.remove(self.said, index) end
      return
    end
  end
end

local function asks_unanswered(self)
  for _, entry in ipairs(self.said) do
    if entry.message.type == "analyze" and not entry.job then return true end
  end
  return false
end

local function hear(self, message, messages, now_s)
  self.unreachable = false
  if settle(self, message, now_s) then return end
  -- Also where it was heard before: a request that was asked again has ended as well.
  if message.job and message.type ~= "job.queued" then follow_job(self, message, now_s) end
  if self.once:is_new(message, asks_unanswered(self)) then
    messages[#messages + 1] = message
  elseif message.type == "feedback" and self.acknowledgements[message.run] then
    local acknowledgement = self.acknowledgements[message.run]
    if not find(self, acknowledgement.id) then self:send(acknowledgement) end
  end
end

--- What has arrived, each message once; and what is to be repeated is repeated.
function osc_wire:receive()
  local now_s, messages = reaper.time_precise(), {}
  self.allowance = MOST_SAID_A_LOOK
  flush(self)
  read_socket(self)
  for _, message in ipairs(self.incoming:take()) do hear(self, message, messages, now_s) end
  if not asks_unanswered(self) then
    for _, message in ipairs(self.once:released()) do hear(self, message, messages, now_s) end
  end
  repeat_due(self, now_s)
  return messages
end

-- the rest -----------------------------------------------------------------------------------------------------------

--- Whether the daemon has heard everything we said; a request whose job still runs was heard.
function osc_wire:all_read()
  for _, entry in ipairs(self.said) do
    if not entry.job then return false end
  end
  return true
end

--- Whether there is more to do at once: another look in the next tick is worth it.
function osc_wire:is_busy()
  return self.incoming:is_busy() or #self.outgoing > 0
end

--- Whether the daemon seems to be gone: the system says so, or something was said three times without an answer.
function osc_wire:is_silent()
  if self.unreachable then return true end
  for _, entry in ipairs(self.said) do
    if entry.tries > SILENT_AFTER_TRIES and not entry.job then return true end
  end
  return false
end

--- Messages nobody is known to have heard, and jobs nobody is known to have ended; for whoever takes over.
function osc_wire:unsettled()
  local messages = {}
  for index, entry in ipairs(self.said) do messages[index] = entry.message end
  return messages
end

--- A new socket holds nothing old.
function osc_wire.forget_old() return true end

function osc_wire:close()
  self.udp:close()
end

return osc_wire
