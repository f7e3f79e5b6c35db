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
  local seconds = math.min(heard.seconds, stream.seconds)
  return ("%s played without a break."):format(length_of(seconds)), seconds >= 1
end

--- What the tab says: {step, sentence, able}. Steps: "none", "clicks", "heard", "deaf".
function live_audio:shown(now_s)
  local heard = self.heard
  local stream = heard and chosen(heard.streams)
  if heard and heard.problem and heard.problem ~= "" and not stream then
    return {step = "deaf", sentence = heard.problem, able = false}
  end
  if stream then
    local what, able = capturable(self, stream, now_s)
    if stream.silent_s <= SILENT_AFTER_S or able then
      return {step = "heard", sentence = described(stream) .. " " .. what, able = able}
    end
  end
  if not self.there then return {step = "none", sentence = PUT_IT_THERE, able = false} end
  return {step = "clicks", sentence = "", able = false}
end

local function ask(self, now_s)
  if self.waiting_s and now_s - self.waiting_s < ANSWER_WITHIN_S then return end
  if now_s - self.asked_s < ASK_EVERY_S then return end
  self.asked_s, self.waiting_s = now_s, now_s
  self.at.with_daemon(function(talk)
    if talk then talk:hears() else self:forget() end
  end)
end

--- The daemon's answer.
function live_audio:hears(message)
  self.heard, self.waiting_s = message, nil
  local stream = chosen(message.streams)
  if stream and stream.silent_s <= SILENT_AFTER_S then reastream.remember(self.at.project) end
end

--- The daemon is gone, or another project is in front.
function live_audio:forget()
  self.heard, self.waiting_s = nil, nil
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
