--[[
Work of an action that may be long, spread over ticks. It begins at once, and little work is done at once; what is left
goes on in `defer`, and is dropped where its project is closed meanwhile.
]]

local pace = require("pace")
local project = require("project")
local say = require("say")

local spread = {}

--- Run `body(spend)` on a project; `go_on(...)` is called with what it returns.
function spread.run(proj, body, go_on)
  local budget = pace.budget()
  local work = coroutine.create(body)
  local round

  local steps = pace.STEPS_AT_START

  local function went(alive, ...)
    if not alive then return say.line("something went wrong: " .. tostring((...))) end
    if coroutine.status(work) == "dead" then return go_on(...) end
    reaper.defer(round)
  end

  function round()
    if not project.is_open(proj) then return end
    pace.tick(steps)
    steps = pace.STEPS_A_TICK
    went(coroutine.resume(work, budget.spend))
  end

  if project.known_id(proj) then project.hold(proj) end
  round()
end

return spread
