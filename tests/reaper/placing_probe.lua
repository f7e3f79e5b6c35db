-- A script of the tests: places the markers of two analyses, turn by turn.
local folder = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = folder .. "../../reaper_scripts/UpTrack/lib/?.lua;" .. package.path

local edits, markers, project = require("edits"), require("markers"), require("project")

local MARKERS, STEPS_A_TURN = 150, 500

local function wanted(name)
  local list = {}
  for number = 1, MARKERS do
    list[number] = {id = name .. number, start_s = number, text = name, severity = "major", colour = "#ff0000"}
  end
  return list
end

--- Both as coroutines; the second begins `turns` later. Returns once both have ended.
function place_two(turns) -- luacheck: ignore
  local proj, left = project.in_front(), STEPS_A_TURN
  local function spend(steps)
    left = left - steps
    if left > 0 then return end
    left = STEPS_A_TURN
    coroutine.yield()
  end
  local function placing(name)
    return coroutine.create(function()
      local options = {spend = spend, regions = false, run_s = 100, part = name}
      edits.step(proj, name, markers.plan(proj, wanted(name), options))
    end)
  end
  local first, second = placing("first"), placing("second")
  local turn = 0
  repeat
    turn = turn + 1
    if coroutine.status(first) ~= "dead" then assert(coroutine.resume(first)) end
    if turn > turns and coroutine.status(second) ~= "dead" then assert(coroutine.resume(second)) end
  until coroutine.status(first) == "dead" and coroutine.status(second) == "dead"
end
