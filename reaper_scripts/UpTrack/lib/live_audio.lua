--[[
The Live tab at work: whether the daemon hears ReaStream, how to make it, and what can be captured of what was played.

`at` is the window's session: {project, state, own} and its functions `work(body)` (a coroutine that gets a slice of
each round) and `with_daemon(speak)`. The daemon is asked once a second, and only while the tab is shown.
]]

local playback = require("playback")
local reastream = require("reastream")
local say = require("say")

local live_audio = {}
live_audio.__index = live_audio

local ASK_EVERY_S = 1
local ANSWER_WITHIN_S = 10
local SILENT_AFTER_S = 2
local REMEMBER_AFTER_S = 4
local PUT_IT_THERE = "To have analyzed what you play, without rendering it: put ReaStream, which comes with REAPER, on "
  .. "the master. It sends to UpTrack on this computer only."

function live_audio.new(at)
  return setmetatable({at = at, asked_s = -math.huge}, live_audio)
end

--- The stream that is meant, as the daemon sees it too: ours, else the one that was heard last.
local function chosen(streams)
  local best
  for _, one in ipairs(streams or {}) do
    if one.stream == "uptrack" then return one end
    if not best or one.silent_s < best.silent_s then best = one end
  end
  return best
end

local function described(stream)
  local channels = ({"mono", "stereo"})[stream.channels] or ("%d channels"):format(stream.channels)
  local rate = ("%.1f"):format(stream.rate_hz / 1000):gsub(",", "."):gsub("%.0$", "")
  local text = ("UpTrack hears “%s”: %s kHz, %s."):format(stream.stream, rate, channels)
  if stream.missing_s > 0 then
    text = text .. (" %.1f s of it were lost on the way."):format(stream.missing_s)
  end
  return text
end

local function length_of(seconds)
  return ("%d:%02d"):format(seconds // 60, seconds // 1 % 60)
end

--- What can be captured now, in words; and whether anything can.
local function capturable(self, stream, now_s)
  local heard = playback.heard(self.at.project, now_s)
  if not heard then return "Play a passage: what you play without a break is what can be analyzed.", false end
  -- Both lie somewhere in the past: what counts is where they overlap.
  local from_s = math.min(heard.ago_s + heard.seconds, stream.silent_s + stream.seconds)
  local seconds = math.max(0, from_s - math.max(heard.ago_s, stream.silent_s))
  return ("%s played without a break."):format(length_of(seconds)), seconds >= 1
end

--- What the tab says: {step, sentence, able}. Steps: "none", "clicks", "heard", "deaf".
function live_audio:shown(now_s)
  local heard = self.heard
  local stream = heard and chosen(heard.streams)
  local problem = heard and heard.problem or ""
  if heard and not heard.port then return {step = "deaf", sentence = problem, able = false} end
  if stream then
    local what, able = capturable(self, stream, now_s)
    if stream.silent_s <= SILENT_AFTER_S or able then
      return {step = "heard", sentence = described(stream) .. " " .. what, able = able}
    end
  end
  if self.there then return {step = "clicks", sentence = problem, able = false} end
  return {step = "none", sentence = problem ~= "" and problem or PUT_IT_THERE, able = false}
end

local function ask(self, now_s)
  if self.waiting_s and now_s - self.waiting_s < ANSWER_WITHIN_S then return end
  if now_s - self.asked_s < ASK_EVERY_S then return end
  self.asked_s, self.waiting_s = now_s, now_s
  self.at.with_daemon(function(talk)
    if talk then talk:hears() else self:forget() end
  end)
end

--- Remember how our ReaStream is set once it has been heard for a while without being touched: one that was just
--- switched off is still heard by the last answer.
local function remember(self, stream, now_s)
  local chunk = stream and stream.silent_s <= SILENT_AFTER_S and reastream.chunk(self.at.project) or nil
  if chunk ~= self.chunk then
    self.chunk, self.chunk_s = chunk, now_s
  elseif chunk and now_s - self.chunk_s >= REMEMBER_AFTER_S then
    reastream.remember(chunk)
  end
end

--- The daemon's answer.
function live_audio:hears(message)
  self.heard, self.waiting_s = message, nil
  remember(self, chosen(message.streams), self.asked_s)
end

--- The daemon is gone, or another project is in front.
function live_audio:forget()
  self.heard, self.waiting_s, self.chunk = nil, nil, nil
end

--- One round; returns what the tab shows, nil while it is not shown.
function live_audio:round(is_shown, now_s)
  playback.watch(self.at.project, now_s)
  if not is_shown then return nil end
  if now_s - self.asked_s >= ASK_EVERY_S then self.there = reastream.is_there(self.at.project) end
  ask(self, now_s)
  return self:shown(now_s)
end

--- Put ReaStream on the master if it is not there, and show its window.
function live_audio:set_up()
  local at, proj = self.at, self.at.project
  at.work(function()
    if not reastream.is_there(proj) then
      local inserted, sentence = reastream.insert(proj)
      if not inserted then return say.line(sentence) end
    end
    self.there = true
    reastream.show(proj)
  end)
end

return live_audio
