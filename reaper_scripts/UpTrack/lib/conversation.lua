--[[
One script's conversation with the daemon: hello, requests, and what comes back, over whichever wire `link` found.

A conversation is driven by `tick`, once a deferred round; it looks at a mailbox 8 times a second while something is
expected, else once, and at a socket in each round. What it hears becomes calls of `events`, all optional:

  welcome(message)            the daemon knows us
  queued(id, position), progress(id, fraction, stage), failed(id, sentence), feedback(id, message)
                              about a request of this conversation
  taken(id, message)          what was captured of live audio
  live(message)               what live audio the daemon hears
  stray(message)              feedback for a request of an earlier run of this script
  noted(id, message), dismissed(id, message), refused(id, sentence)
                              about a fix or a dismissal of this conversation
  ended(sentence, silent)     it is over: the daemon refused us, or never answered (then `silent` is true)

A daemon that was started anew, or has forgotten us over a long silence, is greeted and told again: what is said keeps
its id, so nothing is done twice.

A request holds the project's tempo map and an acknowledgement every finding's id, so both are written a little each
round, and what is said meanwhile waits behind them.
]]

local json = require("json")
local link = require("link")
local pace = require("pace")
local project = require("project")
local version = require("version")

local conversation = {}
conversation.__index = conversation

local PROTOCOL = 1
local WELCOME_WITHIN_S = 10
local ASK_AFTER_S = 30 -- of silence: is the daemon still there?
local LOST_AFTER_S = 90
local LEAVE_WITHIN_S = 5
local SIGN_OF_LIFE_EVERY_S = 20
local PLAYING, PAUSED, RECORDING = 1, 2, 4
local MAY_BE_LARGE = {analyze = true, ["feedback.applied"] = true}
local KNOWS_US_NOT = {["hello.first"] = true, ["session.unknown"] = true, ["session.missing"] = true}

--- Open one for a role of `link`; nil and a sentence where no daemon runs.
function conversation.open(role, events)
  local opened, sentence = link.open(role)
  if not opened then return nil, sentence end
  return setmetatable({
    link = opened, events = events, requests = {}, jobs = {}, step = "closed",
    outgoing = {}, budget = pace.budget(),
    is_time = pace.looks(), heard_s = reaper.time_precise(), asked_s = reaper.time_precise(),
  }, conversation)
end

local function tell(self, event, ...)
  local act = self.events[event]
  if act then act(...) end
end

local function finish(self, sentence, silent)
  if self.step == "closed" then return end
  self.step = "closed"
  self.link:close()
  tell(self, "ended", sentence, silent or false)
end

local function send(self, message)
  self.said_s = reaper.time_precise()
  local waits = MAY_BE_LARGE[message.type] or #self.outgoing > 0
  if waits and message.type ~= "hello" then
    self.outgoing[#self.outgoing + 1] = message
    return true
  end
  local sent, sentence = self.link:send(message)
  if not sent then finish(self, sentence) end
  return sent
end

--- Go on writing what waits to be said, for one round's work.
local function write_some(self, now_s)
  self.budget.begin()
  self.writer = self.writer or coroutine.create(function()
    while #self.outgoing > 0 do
      local sent, sentence = self.link:send(self.outgoing[1], self.budget.spend)
      if not sent then return finish(self, sentence) end
      table.remove(self.outgoing, 1)
    end
  end)
  local went, problem = coroutine.resume(self.writer)
  if coroutine.status(self.writer) == "dead" then self.writer = nil end
  if not went then error(problem, 0) end
  self.asked_s = now_s -- nobody can have answered what is not said yet
end

--- Say hello. The project's bars are not in it: hello must fit into one file.
function conversation:greet(proj, path)
  self.step, self.asked_s = "hello", reaper.time_precise()
  -- Nothing is said before the welcome, after which every request is asked again anyway.
  local unsaid = {}
  for _, message in ipairs(self.outgoing) do
    if not self.requests[message.id] then unsaid[#unsaid + 1] = message end
  end
  self.outgoing, self.writer = unsaid, nil
  return send(self, {
    type = "hello",
    id = self.link:new_id(),
    protocol = PROTOCOL,
    token = self.link.token,
    host = "reaper",
    host_version = reaper.GetAppVersion(),
    script_version = version,
    instance = self.link.instance,
    capabilities = json.list {"markers", "regions", "fixes"},
    project = {name = project.name(proj), path = path},
  })
end

--- Say something that wants an answer; returns the id its events carry.
local function request(self, message)
  message.id = self.link:new_id()
  self.requests[message.id] = message
  self.asked_s = reaper.time_precise()
  send(self, message)
  return message.id
end

--- Ask for an analysis.
function conversation:ask(wanted)
  wanted.type = "analyze"
  return request(self, wanted)
end

--- Ask for what was just heard live as a file: {seconds, ago_s}.
function conversation:capture(wanted)
  wanted.type = "capture"
  return request(self, wanted)
end

--- Ask what live audio comes in.
function conversation:hears()
  return request(self, {type = "live.get"})
end

function conversation:cancel(id)
  if self.requests[id] then send(self, {type = "cancel", id = self.link:new_id(), request = id}) end
end

--- Say what our REAPER is about: "rendering" before it stands still, so that nobody takes it for dead.
function conversation:state(word)
  send(self, {type = "state", id = self.link:new_id(), state = word})
end

function conversation:applied(feedback, placed, skipped)
  return send(self, {
    type = "feedback.applied", id = self.link:new_id(), run = feedback.run,
    placed = json.list(placed), skipped = json.list(skipped),
  })
end

function conversation:dismiss(run, finding, scope, undo)
  return request(self, {
    type = "finding.dismiss", run = run, finding = finding, scope = scope, undo = undo or nil,
  })
end

function conversation:fixed(run, finding, action)
  return request(self, {type = "fix.applied", run = run, finding = finding, action = action})
end

--- Wait until what we said last is read, and end.
function conversation:leave()
  if self.step == "closed" then return end
  self.step, self.asked_s = "leaving", reaper.time_precise()
end

function conversation:is_open()
  return self.step ~= "closed"
end

function conversation:is_welcome()
  return self.step == "welcome"
end

--- What was asked under this id, now that it is answered; nil if nothing was.
local function settle(self, id)
  local asked = id and self.requests[id]
  if not asked then return nil end
  self.requests[id] = nil
  for job, one in pairs(self.jobs) do
    if one == id then self.jobs[job] = nil end
  end
  return asked
end

local heard = {}

function heard:welcome(message)
  if self.step ~= "hello" then return end -- we are leaving
  self.step, self.greeted_again = "welcome", false
  self.url = message.url
  for _, asked in pairs(self.requests) do send(self, asked) end -- of before the daemon was started anew
  tell(self, "welcome", message)
end

function heard:refused(message)
  local sentence = message.sentence or "the daemon refused without saying why."
  if KNOWS_US_NOT[message.code] then
    if self.step == "hello" then return end -- an answer to what we said before we greeted it
    if not self.greeted_again then
      self.greeted_again = true
      self:greet(self.project, self.project_path)
      return
    end
    finish(self, sentence)
  elseif self.step == "hello" then
    finish(self, sentence)
  else
    local asked = settle(self, message.id)
    local for_an_analysis = asked and (asked.type == "analyze" or asked.type == "capture")
    if asked then tell(self, for_an_analysis and "failed" or "refused", message.id, sentence) end
  end
end

heard["job.queued"] = function(self, message)
  if not self.requests[message.id] then return end
  self.jobs[message.job] = message.id
  tell(self, "queued", message.id, message.position or 0)
end

heard["job.progress"] = function(self, message)
  local id = self.jobs[message.job]
  if id then tell(self, "progress", id, message.fraction or 0, message.stage or "") end
end

heard["job.failed"] = function(self, message)
  local id = self.jobs[message.job] or message.id
  if settle(self, id) then tell(self, "failed", id, message.sentence or "the analysis failed.") end
end

function heard:feedback(message)
  message.markers, message.more = message.markers or json.list(), message.more or json.list()
  local id = self.jobs[message.job] or message.id
  if settle(self, id) then return tell(self, "feedback", id, message) end
  -- Meant for a run that was ended before: its project may be another one, so nothing is placed.
  local ids = {}
  for index, marker in ipairs(message.markers) do ids[index] = marker.id end
  self:applied(message, {}, ids)
  tell(self, "stray", message)
end

heard["capture.taken"] = function(self, message)
  if settle(self, message.id) then tell(self, "taken", message.id, message) end
end

heard["live.streams"] = function(self, message)
  if settle(self, message.id) then tell(self, "live", message) end
end

heard["fix.noted"] = function(self, message)
  if settle(self, message.id) then tell(self, "noted", message.id, message) end
end

heard["finding.dismissed"] = function(self, message)
  if settle(self, message.id) then tell(self, "dismissed", message.id, message) end
end

local function check_patience(self, now_s)
  local silent_s = now_s - math.max(self.heard_s, self.asked_s)
  if self.step == "hello" and silent_s > WELCOME_WITHIN_S then
    finish(self, "the daemon does not answer. Try `uptrack daemon status`.", true)
  elseif self.step == "leaving" and (#self.outgoing == 0 and self.link:all_read() or silent_s > LEAVE_WITHIN_S) then
    finish(self)
  elseif self.step == "welcome" and next(self.requests) then
    if silent_s > LOST_AFTER_S then
      finish(self, "the daemon has not been heard of for a while. Try `uptrack daemon status`, then try again.")
    elseif silent_s > ASK_AFTER_S and not self.pinged then
      self.pinged = true
      send(self, {type = "ping", id = self.link:new_id()})
    end
  end
end

--- Who has nothing to say says so, and what REAPER is about.
local function give_sign_of_life(self, now_s)
  if self.step ~= "welcome" or now_s - self.said_s < SIGN_OF_LIFE_EVERY_S then return end
  local transport = project.is_open(self.project) and reaper.GetPlayStateEx(self.project) or 0
  local plays = transport & PLAYING ~= 0 and transport & PAUSED == 0
  self:state(transport & RECORDING ~= 0 and "recording" or plays and "playing" or "idle")
end

--- One deferred round: at most one look at the wire.
function conversation:tick(now_s)
  if self.step == "closed" then return end
  if self.step == "opening" then
    if self.link:forget_old() then self:greet(self.project, self.project_path) end
    return
  end
  if #self.outgoing > 0 and self.step ~= "hello" then write_some(self, now_s) end
  if self.step == "closed" then return end
  -- A long message is decoded a little each round, and a socket is looked at in each: neither lists anything.
  local expecting = self.step ~= "welcome" or next(self.requests) ~= nil
  if not self.link:is_busy() and self.link.kind ~= "osc" and not self.is_time(now_s, expecting) then return end
  local messages = self.link:receive()
  if #messages > 0 or self.link:is_busy() then self.heard_s, self.pinged = now_s, false end
  for _, message in ipairs(messages) do
    local act = heard[message.type]
    if act and self.step ~= "closed" then act(self, message) end
  end
  if self.step ~= "closed" then check_patience(self, now_s) end
  give_sign_of_life(self, now_s)
end

--- Begin: who asks, for which project. What an earlier run left is thrown away first, a little each round.
function conversation:begin(proj, path)
  self.project, self.project_path, self.step = proj, path, "opening"
end

return conversation
