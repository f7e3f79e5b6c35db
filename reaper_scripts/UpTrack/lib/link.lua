--[[
The link: how our scripts and the UpTrack daemon talk, whichever wire there is.

OSC is tried first where REAPER has LuaSocket; the mailbox, which needs nothing, is what remains, also when OSC brings
no welcome within two seconds. Both are used the same way: say hello, then send messages and look for answers now and
then. Nothing waits, and a look does a bounded amount of work (`pace.lua` says how often to look).

Several of our scripts can run in one REAPER, so a link has a role ("mix", "stems", "files", "live", "results"), and
each role an instance of its own. `token` and `instance` belong into the hello. Before every hello the daemon's
whereabouts are read again, because a daemon that was started anew has another token; what was asked before is then
refused with `hello.first` on either wire, and is asked again after another hello.

Functions return nil and a sentence when something outside is not as it should be.
]]

local bridge = require("bridge")
local mailbox_wire = require("mailbox_wire")
local once = require("once")
local osc_wire = require("osc_wire")

local link = {}
link.__index = link

local WELCOME_BY_OSC_WITHIN_S = 2
local ASK_BRIDGE_EVERY_S = 1
local SECTION = "UpTrack"
local ROLES = {mix = true, stems = true, files = true, live = true, results = true}

local function new_name(length)
  return (reaper.genGuid(""):gsub("[^%w]", ""):sub(1, length))
end

--- One name for this run of REAPER: the daemon recognises it when the next action says hello.
local function this_reaper()
  local name = reaper.GetExtState(SECTION, "instance")
  if not name:match("^r%-%w+$") then
    name = "r-" .. new_name(12)
    reaper.SetExtState(SECTION, "instance", name, false)
  end
  return name
end

--- Take what bridge.json says for true from now on.
local function adopt(self, found)
  self.found = found
  self.token, self.protocol, self.version = found.token, found.protocol, found.version
end

local function use(self, wire)
  if self.wire then self.wire:close() end
  self.wire, self.kind = wire, wire.kind
end

local function use_mailbox(self)
  use(self, mailbox_wire.open(self.found.mailbox, self.instance, self.run))
end

local function use_best(self)
  local socket = not self.mailbox_only and self.found.osc_port and osc_wire.luasocket()
  local wire = socket and osc_wire.open(socket, self.found.osc_port, self.once)
  if wire then use(self, wire) else use_mailbox(self) end
end

--- Open this REAPER's link for one role.
function link.open(role)
  assert(ROLES[role], "a link is for mix, stems, files, live or results")
  local found, sentence = bridge.read()
  if not found then return nil, sentence end
  local self = setmetatable({once = once.new(), last_id = 0, asked_bridge_s = -math.huge}, link)
  self.instance = this_reaper() .. "-" .. role
  self.run = new_name(8)
  adopt(self, found)
  use_best(self)
  return self
end

--- An id for a message, never used twice.
function link:new_id()
  self.last_id = self.last_id + 1
  return ("%s-%d"):format(self.run, self.last_id)
end

--- Read bridge.json again; true if another daemon has written it since.
local function daemon_is_another(self)
  self.asked_bridge_s = reaper.time_precise()
  local found = bridge.read()
  if not found or found.token == self.token then return false end
  local before = self.found
  adopt(self, found)
  if self.kind == "osc" or found.mailbox ~= before.mailbox then use_best(self) end
  return true
end

local function greet(self, hello)
  local greeting = {}
  for name, value in pairs(hello) do greeting[name] = value end
  greeting.token, greeting.instance = self.token, self.instance
  self.hello, self.hello_s = hello, reaper.time_precise()
  return self.wire:send(greeting)
end

--- Send one message. A hello gets the token that is right now. `spend`, if given, is called while a large message is
--- written, and may yield; a hello is never large.
function link:send(message, spend)
  if message.id == nil then
    local named = {id = self:new_id()}
    for name, value in pairs(message) do named[name] = value end
    message = named
  end
  if message.type ~= "hello" then return self.wire:send(message, spend) end
  daemon_is_another(self)
  self.greeted_by_itself = false
  return greet(self, message)
end

--- Go on by mailbox with what OSC did not bring across.
local function fall_back(self)
  local unsettled = self.wire:unsettled()
  self.mailbox_only = true
  use_mailbox(self)
  self.wire:forget_old() -- its drafts; messages that wait there are for this run
  greet(self, self.hello)
  for _, message in ipairs(unsettled) do
    if message.type ~= "hello" then self.wire:send(message) end
  end
end

--- A daemon was started anew at another port: say what it would say, had our words reached it.
local function refuse_all(unsettled, messages)
  for _, message in ipairs(unsettled) do
    messages[#messages + 1] = {
      type = "refused",
      id = message.id,
      code = "hello.first",
      sentence = "The UpTrack daemon was started anew and does not know this script yet.",
      retry = false,
    }
  end
end

--- Whether the script has to hear of this message; a hello's own fate is noted on the way.
local function for_the_script(self, message)
  if message.type == "welcome" then
    self.hello = nil
  elseif message.type == "refused" and self.hello and message.id == self.hello.id then
    if message.code == "hello.token" and not self.greeted_by_itself and daemon_is_another(self) then
      self.greeted_by_itself = true
      greet(self, self.hello)
      return false
    end
    self.hello = nil
  end
  return true
end

local function look_after_osc(self, messages)
  local now_s = reaper.time_precise()
  if self.wire:is_silent() and now_s - self.asked_bridge_s >= ASK_BRIDGE_EVERY_S then
    local unsettled = self.wire:unsettled()
    if daemon_is_another(self) then
      if self.hello then greet(self, self.hello) else refuse_all(unsettled, messages) end
    end
  end
  if self.kind == "osc" and self.hello and now_s - self.hello_s >= WELCOME_BY_OSC_WITHIN_S then fall_back(self) end
end

--- What has arrived, in order, at most 32 messages; unreadable ones are dropped.
function link:receive()
  local messages = {}
  for _, message in ipairs(self.wire:receive()) do
    if for_the_script(self, message) then messages[#messages + 1] = message end
  end
  if self.kind == "osc" then look_after_osc(self, messages) end
  return messages
end

--- Whether a large message is on its way through us: then the next look need not wait.
function link:is_busy()
  return self.wire:is_busy()
end

--- Whether the daemon has read everything we sent.
function link:all_read()
  return self.wire:all_read()
end

--- Throw away some of what an earlier action left unread; true once nothing is left.
function link:forget_old()
  return self.wire:forget_old()
end

--- Let go of the wire; what the daemon has yet to say waits for the next hello of this instance.
function link:close()
  self.wire:close()
end

return link
