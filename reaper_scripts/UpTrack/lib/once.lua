--[[
What a daemon says over a wire that loses, doubles and reorders: heard once, and in an order that makes sense.

Answers are known by the id of what they answer, a job's progress by its fraction, its end by the job, feedback by its
run. What is said about a job waits until the answer that names the job is here: it may have been overtaken by it.
]]

local once = {}
once.__index = once

local MOST_REMEMBERED = 256
local MOST_HELD = 64

--- A set that forgets its oldest member when it is full.
local function bounded()
  local values, order = {}, {}
  local set = {}

  function set.get(key)
    return values[key]
  end

  function set.put(key, value)
    if values[key] == nil then
      order[#order + 1] = key
      if #order > MOST_REMEMBERED then values[table.remove(order, 1)] = nil end
    end
    values[key] = value
    return value
  end

  return set
end

function once.new()
  return setmetatable({answers = bounded(), jobs = bounded(), runs = bounded(), held = {}}, once)
end

local ABOUT_A_JOB = {["job.progress"] = true, ["job.failed"] = true, feedback = true}

local function job_of(self, id)
  return self.jobs.get(id) or self.jobs.put(id, {fraction = -1})
end

local function first_answer(self, message)
  local key = ("%s %s %s"):format(message.type, message.id, message.code or "")
  if self.answers.get(key) then return false end
  self.answers.put(key, true)
  return true
end

local first = {}

first["job.progress"] = function(self, message)
  local job, fraction = job_of(self, message.job), message.fraction
  if job.ended or type(fraction) ~= "number" or fraction <= job.fraction then return false end
  job.fraction = fraction
  return true
end

first["job.failed"] = function(self, message)
  local job = job_of(self, message.job)
  if job.ended then return false end
  job.ended = true
  return true
end

function first.feedback(self, message)
  job_of(self, message.job).ended = true
  if self.runs.get(message.run) then return false end
  self.runs.put(message.run, true)
  return true
end

--- Whether this message is heard for the first time. `waiting` tells that some `analyze` has no answer yet: then what
--- is said about a job nobody has named is kept, and comes out of `released`.
function once:is_new(message, waiting)
  local kind = message.type
  if ABOUT_A_JOB[kind] then
    if type(message.job) ~= "string" or kind == "feedback" and type(message.run) ~= "string" then return false end
    if waiting and not self.jobs.get(message.job) then
      if #self.held < MOST_HELD then self.held[#self.held + 1] = message end
      return false
    end
    return first[kind](self, message)
  end
  if kind == "job.queued" and type(message.job) == "string" then job_of(self, message.job) end
  return message.id == nil or first_answer(self, message)
end

--- In a new session the same may be asked again, and is answered again. Feedback stays the same for ever.
function once:forget_answers()
  self.answers, self.jobs = bounded(), bounded()
end

--- What was kept, now that somebody has named its job or nobody is going to.
function once:released()
  local held = self.held
  self.held = {}
  return held
end

return once
