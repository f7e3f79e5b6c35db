--[[
How the window writes numbers, places and lists. Figures come measured and rounded from the daemon; here they only get
their sign, their unit and few enough digits to be read at a glance.
]]

local words = {}

local MINUS = "−"

--- A number with at most this many decimals, without trailing zeros, with a real minus.
function words.number(value, decimals)
  local text = ("%." .. decimals .. "f"):format(value):gsub(",", ".") -- a plug-in may have set a decimal comma
  if text:find("%.") then text = text:gsub("0+$", ""):gsub("%.$", "") end
  if text:match("^%-0?$") then text = "0" end
  return (text:gsub("^%-", MINUS))
end

function words.signed(value, decimals)
  local text = words.number(value, decimals)
  return value > 0 and text ~= "0" and "+" .. text or text
end

--- Minutes and seconds.
function words.clock(time_s)
  local whole = math.floor(math.abs(time_s) + 0.5)
  return ("%s%d:%02d"):format(time_s <= -0.5 and MINUS or "", whole // 60, whole % 60)
end

--- A bar for a ruler: "37.1" begins bar 37.
function words.bar(bar)
  return bar:match("^(.*)%.1$") or bar
end

--- Where something begins: its bar if the project has them, its time otherwise.
function words.place(finding)
  return finding.bar or words.clock(finding.start_s)
end

function words.frequency(hz)
  return hz >= 1000 and words.number(hz / 1000, 2) .. " kHz" or words.number(hz, 0) .. " Hz"
end

--- A stretch of the spectrum, as the report writes it: "30–60 Hz", "800 Hz–2.5 kHz".
function words.band(low_hz, high_hz)
  if low_hz and high_hz then
    local low, high = words.frequency(low_hz), words.frequency(high_hz)
    if low == high then return low end
    local number, unit = low:match("^(%S+) (%S+)$")
    return (high:sub(-#unit - 1) == " " .. unit and number or low) .. "–" .. high
  end
  if low_hz then return "above " .. words.frequency(low_hz) end
  return high_hz and "below " .. words.frequency(high_hz)
end

function words.value(value, unit)
  return words.number(value, 2) .. (unit and unit ~= "" and " " .. unit or "")
end

function words.share(share)
  return words.number(share * 100, 0) .. " %"
end

--- Points a finding costs.
function words.points(points)
  return words.number(points, points < 10 and 1 or 0)
end

--- The parts that are there, with dots between.
function words.joined(...)
  local parts = {}
  for index = 1, select("#", ...) do
    local part = select(index, ...)
    if part and part ~= "" then parts[#parts + 1] = part end
  end
  return table.concat(parts, " · ")
end

--- First letter large.
function words.title(text)
  return (text:gsub("^%l", string.upper))
end

--- One step of advice with its numbers: "High shelf on hats −2.1 dB at 8 kHz, Q 0.7".
function words.action(action)
  local text = action.text or action.kind or ""
  if action.gain_db and action.gain_db ~= 0 then text = text .. " " .. words.signed(action.gain_db, 1) .. " dB" end
  local frequency = action.frequency_hz and words.frequency(action.frequency_hz)
  if frequency and not text:find(frequency, 1, true) then text = text .. " at " .. frequency end
  if action.q then text = text .. ", Q " .. words.number(action.q, 2) end
  return text
end

return words
