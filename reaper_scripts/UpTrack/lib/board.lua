--[[
What our scripts tell each other, through REAPER's own memory (ExtState, not saved): an action says how far it is, the
results window shows it and may ask it to stop.
]]

local json = require("json")

local board = {}

local SECTION = "UpTrack board"

--- Say how far this REAPER's analysis is: {phase, sentence, fraction, stage, queued, id}; nil wipes it out.
function board.show(progress)
  reaper.SetExtState(SECTION, "progress", progress and json.encode(progress) or "", false)
end

local seen, decoded = "", nil

--- What an action said last; nil if none is at work.
function board.progress()
  local text = reaper.GetExtState(SECTION, "progress")
  if text ~= seen then
    local read, value = pcall(json.decode, text)
    seen, decoded = text, read and type(value) == "table" and value or nil
  end
  return decoded
end

--- Ask whoever is at work to stop.
function board.ask_to_stop()
  reaper.SetExtState(SECTION, "stop", "1", false)
end

--- Whether somebody asked; asking is over with that.
function board.asked_to_stop()
  if reaper.GetExtState(SECTION, "stop") == "" then return false end
  reaper.SetExtState(SECTION, "stop", "", false)
  return true
end

--- Say that a project has a new report.
function board.announce()
  local news = (tonumber(reaper.GetExtState(SECTION, "news")) or 0) + 1
  reaper.SetExtState(SECTION, "news", ("%d"):format(news), false)
end

--- A text that changes whenever there is a new report.
function board.latest()
  return reaper.GetExtState(SECTION, "news")
end

--- Say that the results window is open, or not any more.
function board.window(is_open)
  reaper.SetExtState(SECTION, "window", is_open and "1" or "", false)
end

function board.window_is_open()
  return reaper.GetExtState(SECTION, "window") ~= ""
end

return board
