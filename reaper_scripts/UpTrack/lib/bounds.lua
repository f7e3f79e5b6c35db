--[[
The bounds of a fix: whatever a report asks for, no click does more than a careful hand would. Level moves and width as
the findings are worded (4 dB with an equaliser, 3 dB with a fader, 30 % of width, larger problems are advice); the rest
is what makes sense of the parameter at all: a ceiling that leaves room and does not crush the mix, a nudge that stays
within a hit, a band that can be heard and that ReaEQ has.

What lies outside is held to the nearest bound, and said. What is no number cannot be held, and is refused.
]]

local bounds = {}

local EQ_GAIN = {field = "gain_db", least = -4, most = 4, unit = "dB", what = "a gain"}
local FREQUENCY = {field = "frequency_hz", least = 20, most = 20000, unit = "Hz", what = "a frequency"}
local Q = {field = "q", least = 0.1, most = 40, unit = "", what = "a Q", otherwise = 1.0}

local OF_TOOL = {
  bell = {FREQUENCY, EQ_GAIN, Q},
  ["low shelf"] = {FREQUENCY, EQ_GAIN},
  ["high shelf"] = {FREQUENCY, EQ_GAIN},
  ["high-pass"] = {FREQUENCY},
  notch = {FREQUENCY, Q},
  gain = {{field = "gain_db", least = -3, most = 3, unit = "dB", what = "a gain"}},
  width = {{field = "amount", least = -30, most = 30, unit = "%", what = "a change of width"}},
  ceiling = {{field = "amount", least = -6, most = 0, unit = "dBTP", what = "a ceiling"}},
  delay = {{field = "amount", least = -20, most = 20, unit = "ms", what = "an offset"}},
  polarity = {},
}

local function figure(value, unit)
  local text = ("%.2f"):format(value):gsub(",", "."):gsub("0+$", ""):gsub("%.$", "")
  if text == "-0" then text = "0" end
  return (text:gsub("^%-", "−")) .. (unit ~= "" and " " .. unit or "")
end

--- A step with every parameter its tool uses within its bounds, and the sentences about those that were not; nil and a
--- sentence where one of them is missing or no number.
function bounds.hold(step)
  local held, told = {}, {}
  for name, value in pairs(step) do held[name] = value end
  for _, bound in ipairs(OF_TOOL[step.tool]) do
    local value = step[bound.field]
    if value == nil then value = bound.otherwise end
    if type(value) ~= "number" or value ~= value or math.abs(value) == math.huge then
      local what = bound.what:gsub("^an? ", "")
      return nil, ("The report gives no %s for this move, so it cannot be made from here."):format(what)
    end
    local within = math.max(bound.least, math.min(value, bound.most))
    if within ~= value then
      local sentence = "The report asks for %s of %s, more than a fix may do: it is held to %s."
      if math.abs(value) < math.abs(within) then sentence = sentence:gsub("more", "less") end
      told[#told + 1] = sentence:format(bound.what, figure(value, bound.unit), figure(within, bound.unit))
    end
    held[bound.field] = within
  end
  return held, told
end

return bounds
