--[[
How much a script may do at once. REAPER draws, plays and listens to its user on the thread our scripts run on, so work
is cut into ticks and the folder is not looked into more often than somebody waits for it.

A tick's work is counted in steps, so that a test can say exactly where it stops; a clock stands beside it, because no
step costs the same on every computer.
]]

local pace = {}

-- Values of JSON. One costs 130 instructions to read, half of that to write, and 2.5 to 3.5 us either way; so 500 take
-- 1.3 to 1.8 ms where this was tried, and 2 ms are no more than 75,000 instructions.
pace.STEPS_A_TICK = 500
pace.STEPS_AT_START = 250 -- in the tick in which a script is loaded, which costs some of it
pace.TICK_S = 0.0015 -- what is begun in it is done by 2 ms
pace.EXPECTING_EVERY_S = 1 / 8
pace.IDLE_EVERY_S = 1

local left, until_s = 0, 0
local is_shared = false

local function refill(steps)
  left, until_s = steps or pace.STEPS_A_TICK, reaper.time_precise() + pace.TICK_S
end

--- A round of a script begins: all its work shares what one tick may cost, or fewer `steps`.
function pace.tick(steps)
  is_shared = true
  refill(steps)
end

--- When this tick's time is up.
function pace.until_s()
  return is_shared and until_s or reaper.time_precise() + pace.TICK_S
end

--- A budget of work: `begin()` before a coroutine goes on; `spend(steps)` yields it once the tick is used up. Where
--- nobody calls `pace.tick`, every `begin` is a tick.
function pace.budget()
  local budget = {}

  function budget.begin()
    if not is_shared then refill() end
  end

  function budget.spend(steps)
    left = left - steps
    if left <= 0 or reaper.time_precise() >= until_s then coroutine.yield() end
  end

  return budget
end

--- A function that says whether it is time for a look: 8 times a second while an answer is expected, else once.
function pace.looks()
  local last_s = -math.huge
  return function(now_s, expecting)
    if now_s - last_s < (expecting and pace.EXPECTING_EVERY_S or pace.IDLE_EVERY_S) then return false end
    last_s = now_s
    return true
  end
end

return pace
