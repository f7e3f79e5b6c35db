--[[
The results window as a script keeps it: open it, call `tick` from every deferred round, act on the intents.

  window.open("UpTrack", place)                 -- place: what window.place() gave when it was last closed, or nil
  local intents = window.tick(state)            -- nil once the user has closed the window
  window.close()

A tick in which nothing has changed reads keys and mouse, draws nothing, and costs next to nothing.
]]

local canvas = require("results.canvas")
local input = require("results.input")
local view = require("results.view")

local window = {}

local frame

function window.open(title, place)
  canvas.open(title, place)
  view.forget()
  frame = nil
end

--- Where the window is now: {dock, x, y, w, h}, to be kept and given to `open` the next time.
function window.place()
  return canvas.place()
end

function window.close()
  canvas.close()
end

--- Whether the next frame would differ from the one that is seen.
function window.has_to_draw(state)
  return not frame or view.dirty(state)
end

--- One round: what the user did, and what there is to see of it, unless it is to be drawn `later`.
function window.tick(state, later)
  local events = canvas.read()
  if events.closed then return nil end
  local intents = frame and input.handle(state, frame, events) or {}
  if not later and window.has_to_draw(state) then frame = view.draw(state) end
  canvas.show()
  return intents
end

return window
