--[[
What arrives, from JSON text to messages: decoded a little a tick, in the order it came, parts joined.

A wire pushes texts as they come and takes the messages that are ready. Decoding runs in a coroutine that stops when
the tick's work is used up and goes on at the next `take`, so that three megabytes cost REAPER no more at a time than
three lines; a message behind a large one waits for it. What is no JSON object is dropped.
]]

local json = require("json")
local pace = require("pace")
local parts = require("parts")

local incoming = {}
incoming.__index = incoming

incoming.MOST_A_LOOK = 32

--- Read one text, or the slices of one, in as many ticks as it takes; nil if it is no object.
local function read(self, text)
  self.budget.spend(1)
  local done, message = pcall(json.decode, text, self.budget.spend)
  return done and type(message) == "table" and not json.is_list(message) and message or nil
end

local function work(self)
  while true do
    if self:waiting() == 0 then
      coroutine.yield()
    else
      local message = read(self, self.texts[self.first])
      if message and message.type == "part" then
        local whole = self.joiner:add(message)
        message = whole and read(self, whole)
        -- A part inside parts is nothing anybody sends.
        if message and message.type == "part" then message = nil end
      end
      self.texts[self.first] = nil
      self.first = self.first + 1
      self.ready[#self.ready + 1] = message
    end
  end
end

function incoming.new()
  local self = setmetatable({texts = {}, first = 1, last = 0, ready = {}}, incoming)
  self.budget, self.joiner = pace.budget(), parts.joiner()
  self.worker = coroutine.create(function() work(self) end)
  return self
end

--- Take over one text, to be read in its turn.
function incoming:push(text)
  self.last = self.last + 1
  self.texts[self.last] = text
end

--- How many texts are not read yet.
function incoming:waiting()
  return self.last - self.first + 1
end

--- Whether a text is not read to its end, or a message not taken yet.
function incoming:is_busy()
  return self:waiting() > 0 or #self.ready > 0
end

--- One tick's work, and the messages that are ready, at most `MOST_A_LOOK`.
function incoming:take()
  self.budget.begin()
  local went, problem = coroutine.resume(self.worker)
  if not went then error(problem, 0) end
  local messages = self.ready
  self.ready = {}
  if #messages > incoming.MOST_A_LOOK then
    self.ready = table.move(messages, incoming.MOST_A_LOOK + 1, #messages, 1, {})
    messages = table.move(messages, 1, incoming.MOST_A_LOOK, 1, {})
  end
  return messages
end

return incoming
