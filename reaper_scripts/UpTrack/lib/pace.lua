--[[
How much a script may do at once. REAPER draws, plays and listens to its user on the thread our scripts run on, so work
is cut into ticks and the folder is not looked into more often than somebody waits for it.

A tick's work is counted in steps, so that a test can say exactly where it stops; a clock stands beside it, because no
step costs the same on every computer.

Lua's collector is part of that work. By itself it pays for a long text all at once, which took up to 13 ms; so it is
stopped, and goes on by small steps as a tick begins.
]]

local pace = {}

-- Values of JSON. One costs 130 instructions to read, half of that to write, and 2.5 to 3.5 us either way; so 500 take
-- 1.3 to 1.8 ms where this was tried, and 2 ms are no more than 75,000 instructions.
pace.STEPS_A_TICK = 500
pace.STEPS_AT_START = 250 -- in the tick in which a script is loaded, which costs some of it
pace.TICK_S = 0.0010 -- what is begun in it is done by 2 ms
pace.EXPECTING_EVERY_S = 1 / 8
pace.IDLE_EVERY_S = 1

local COLLECT_S, COLLECT_STEPS = 0.00025, 100 -- of a tick, while there is something to collect
local COLLECT_FROM = 1.5 -- times what was left after the last time
local LEAST_KB, MOST_KB = 2048, 262144 -- never below the one; over the other Lua looks after itself
local SMALL_STEP = 8 -- the power of two that says how many bytes Lua 5.4 takes for a step: a tenth of a millisecond

collectgarbage("stop")
if _VERSION == "Lua 5.4" then collectgarbage("incremental", 0, 0, SMALL_STEP) end -- those of 5.3 are small

local kept_kb, collecting = LEAST_KB, false

--- Collect for a while, if there is enough to collect.
local function collect()
  local now_kb = collectgarbage("count")
  if now_kb > MOST_KB then return collectgarbage("restart") end
  collecting = collecting or now_kb > COLLECT_FROM * kept_kb
  local ends_s, steps = reaper.time_precise() + COLLECT_S, 0
  while collecting and steps < COLLECT_STEPS and reaper.time_precise() < ends_s do
    steps = steps + 1
    if collectgarbage("step", 0) then
      collecting, kept_kb = false, math.max(LEAST_KB, collectgarbage("count"))
    end
  end
end

local left, until_s = 0, 0
local is_shared = false

local function refill(steps)
  left, until_s = steps or pace.STEPS_A_TICK, reaper.time_precise() + pace.TICK_S
end

--- A round of a script begins: all its work shares what one tick may cost, or fewer `steps`.
function pace.tick(steps)
  is_shared = true
  refill(steps)
  collect()
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
