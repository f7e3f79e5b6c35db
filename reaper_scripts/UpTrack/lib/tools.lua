--[[
The moves our fixes are made of: each made on one track, read back, and taken back. A step that comes here is one that
`bounds` has held, so that no click does more than a careful hand would.

An equaliser or limiter is always our own instance with our own name, never the user's. What REAPER took is read back
and compared with what was asked; if it differs, the move is taken back at once and said to have failed.

Each tool has
  describe(step)          what it will do, in a line
  apply(track, step)      does it; a record of what `revert` needs, or nil and a sentence
  revert(track, record)   true, or nil and a sentence where it was changed by hand since
  refusal(track, step)    a sentence where it would do nothing on this track, or something else; optional
  fate(track, record)     "stands", "gone" (undone), or "changed" by the user's hand since
  has_gain                whether it changes a level by the step's gain
and a record is plain data, kept in the project.
]]

local tools = {}

local FREQUENCY, GAIN, Q = 0, 1, 2
-- Band types of TrackFX_SetEQParam.
local BANDS = {["high-pass"] = 0, ["low shelf"] = 1, bell = 2, notch = 3, ["high shelf"] = 4}
local ALWAYS_NEW = -1

local function decibels(value)
  return (("%+.1f dB"):format(value):gsub("^%-", "−"))
end

local function hertz(value)
  if value >= 1000 then return (("%.1f kHz"):format(value / 1000):gsub("%.0 ", " ")) end
  return ("%.0f Hz"):format(value)
end

local function amplitude(db)
  return 10 ^ (db / 20)
end

--- Bandwidth in octaves of a bell of this Q: what ReaEQ calls its third parameter.
local function octaves(q)
  local x = 1 / (2 * q)
  return 2 / math.log(2) * math.log(x + math.sqrt(x * x + 1))
end

-- effects of our own --------------------------------------------------------------------------------------------------

local function find_fx(track, guid)
  for fx = 0, reaper.TrackFX_GetCount(track) - 1 do
    if reaper.TrackFX_GetFXGUID(track, fx) == guid then return fx end
  end
  return nil
end

local function add_fx(track, name, title)
  local fx = reaper.TrackFX_AddByName(track, name, false, ALWAYS_NEW)
  if fx < 0 then return nil, name .. " is not installed in this REAPER." end
  reaper.TrackFX_SetNamedConfigParm(track, fx, "renamed_name", "UpTrack: " .. title)
  return fx
end

local function remove_fx(track, record)
  local fx = find_fx(track, record.fx)
  if not fx then return true end -- the user removed it: that is what was wanted
  if not reaper.TrackFX_Delete(track, fx) then return nil, "REAPER did not remove the effect." end
  return true
end

local function fate_of_fx(track, record)
  return find_fx(track, record.fx) and "stands" or "gone"
end

--- Index of a band's parameter among all of ReaEQ's.
local function eq_parameter(track, fx, band, kind)
  local parameter = 0
  while true do
    local is_eq, band_type, band_index, parameter_kind = reaper.TrackFX_GetEQParam(track, fx, parameter)
    if not is_eq then return nil end
    if band_type == band and band_index == 0 and parameter_kind == kind then return parameter end
    parameter = parameter + 1
  end
end

--- What ReaEQ shows for a parameter, as a number.
local function shown(track, fx, band, kind)
  local parameter = eq_parameter(track, fx, band, kind)
  if not parameter then return nil end
  local _, text = reaper.TrackFX_GetFormattedParamValue(track, fx, parameter)
  return tonumber((text:gsub(",", "."):match("[-+]?%d+%.?%d*")))
end

local function close(value, wanted, tolerance)
  return value ~= nil and math.abs(value - wanted) <= tolerance
end

--- Switch every band off but the one that is ours: a user may have made a curve of his own the default.
local function silence_others(track, fx, band)
  local parameter = 0
  while true do
    local is_eq, band_type, band_index, kind = reaper.TrackFX_GetEQParam(track, fx, parameter)
    if not is_eq then return end
    if kind == FREQUENCY and band_type >= 0 and not (band_type == band and band_index == 0) then
      reaper.TrackFX_SetEQBandEnabled(track, fx, band_type, band_index, false)
    end
    parameter = parameter + 1
  end
end

local function set_eq(track, fx, band, step, gain_db)
  local set = reaper.TrackFX_SetEQParam
  silence_others(track, fx, band)
  reaper.TrackFX_SetEQBandEnabled(track, fx, band, 0, true)
  if not set(track, fx, band, 0, FREQUENCY, step.frequency_hz, false) then return false end
  if gain_db and not set(track, fx, band, 0, GAIN, amplitude(gain_db), false) then return false end
  if step.q and not set(track, fx, band, 0, Q, octaves(step.q), false) then return false end
  return close(shown(track, fx, band, FREQUENCY), step.frequency_hz, 0.02 * step.frequency_hz)
    and (not gain_db or close(shown(track, fx, band, GAIN), gain_db, 0.1))
end

local function eq_tool(kind, has_gain)
  local band, tool = BANDS[kind], {has_gain = has_gain}

  function tool.describe(step)
    local gain = has_gain and decibels(step.gain_db) .. " " or ""
    local q = (kind == "bell" or kind == "notch") and (", Q %.1f"):format(step.q) or ""
    return ("%s: %sat %s%s, in a ReaEQ of its own"):format(kind, gain, hertz(step.frequency_hz), q)
  end

  function tool.apply(track, step)
    local fx, sentence = add_fx(track, "ReaEQ (Cockos)", tool.describe(step):gsub(", in a ReaEQ.*", ""))
    if not fx then return nil, sentence end
    local wanted = {frequency_hz = step.frequency_hz, q = (kind == "bell" or kind == "notch") and step.q}
    if not set_eq(track, fx, band, wanted, has_gain and step.gain_db) then
      reaper.TrackFX_Delete(track, fx)
      return nil, "ReaEQ did not take what was asked of it, so it was removed again."
    end
    return {fx = reaper.TrackFX_GetFXGUID(track, fx)}
  end

  tool.revert, tool.fate = remove_fx, fate_of_fx
  return tool
end

for _, kind in ipairs {"bell", "low shelf", "high shelf"} do tools[kind] = eq_tool(kind, true) end
for _, kind in ipairs {"high-pass", "notch"} do tools[kind] = eq_tool(kind, false) end

-- the limiter ---------------------------------------------------------------------------------------------------------

tools.ceiling = {}

--- A track's fader comes after its effects: turned up, it lifts whatever a limiter holds down.
function tools.ceiling.refusal(track)
  if close(reaper.GetMediaTrackInfo_Value(track, "D_VOL"), 1, 1e-4) then return nil end
  return "The fader of this track comes after its limiter and is not at 0 dB: put it there first."
end

function tools.ceiling.describe(step)
  return ("limiter: ceiling at %s dBTP, last on the track, in a ReaLimit of its own")
    :format((("%.1f"):format(step.amount):gsub("^%-", "−")))
end

function tools.ceiling.apply(track, step)
  local fx, sentence = add_fx(track, "ReaLimit (Cockos)", ("ceiling %.1f dBTP"):format(step.amount))
  if not fx then return nil, sentence end
  -- A threshold at the ceiling adds no gain: only what is over it is touched.
  for name, value in pairs {CEILING = step.amount, THRESHOLD = step.amount, TRUEPEAK = 1} do
    -- With a decimal point whatever a plug-in made of the locale.
    reaper.TrackFX_SetNamedConfigParm(track, fx, name, (("%g"):format(value):gsub(",", ".")))
  end
  local taken = true
  for name, value in pairs {CEILING = step.amount, THRESHOLD = step.amount, TRUEPEAK = 1} do
    local _, text = reaper.TrackFX_GetNamedConfigParm(track, fx, name)
    taken = taken and close(tonumber((text:gsub(",", "."))), value, 0.05)
  end
  if not taken then
    reaper.TrackFX_Delete(track, fx)
    return nil, "ReaLimit did not take the ceiling, so it was removed again."
  end
  return {fx = reaper.TrackFX_GetFXGUID(track, fx)}
end

tools.ceiling.revert, tools.ceiling.fate = remove_fx, fate_of_fx

-- the track itself ----------------------------------------------------------------------------------------------------

local function get(track, name)
  return reaper.GetMediaTrackInfo_Value(track, name)
end

--- Whether the track has all these values.
local function has(track, values)
  for name, value in pairs(values) do
    if not close(get(track, name), value, 1e-4) then return false end
  end
  return true
end

local function set_all(track, values)
  for name, value in pairs(values) do reaper.SetMediaTrackInfo_Value(track, name, value) end
  return has(track, values)
end

--- A tool for values of the track: `becomes(track, step)` gives what they are to be, by name.
local function value_tool(names, describe, becomes)
  local tool = {describe = describe}

  function tool.apply(track, step)
    local before = {}
    for _, name in ipairs(names) do before[name] = get(track, name) end
    local after = becomes(track, step)
    if not set_all(track, after) then
      set_all(track, before)
      return nil, "REAPER did not take the new value, so nothing was changed."
    end
    return {before = before, after = after}
  end

  function tool.fate(track, record)
    return has(track, record.after) and "stands" or has(track, record.before) and "gone" or "changed"
  end

  function tool.revert(track, record)
    local fate = tool.fate(track, record)
    if fate == "gone" then return true end
    if fate == "changed" then return nil, "The track was changed by hand since, so it was left as it is." end
    set_all(track, record.before)
    return true
  end

  return tool
end

tools.gain = value_tool({"D_VOL"}, function(step)
  return ("fader: %s"):format(decibels(step.gain_db))
end, function(track, step)
  return {D_VOL = get(track, "D_VOL") * amplitude(step.gain_db)}
end)

tools.gain.has_gain = true

local TRIM, BYPASSED = 0, 5 -- of a track's automation mode, and of the one that overrides all

--- Whether envelopes move the faders of this track. In trim/read, which is how tracks begin, a fader trims what its
--- envelope does.
local function is_moved_by_envelopes(track)
  local override = reaper.GetGlobalAutomationOverride()
  if override >= 0 then return override ~= TRIM and override ~= BYPASSED end
  return reaper.GetTrackAutomationMode(track) ~= TRIM
end

local function is_active(envelope)
  if reaper.CountEnvelopePoints(envelope) == 0 then return false end
  if not reaper.APIExists("GetSetEnvelopeInfo_String") then return true end
  local known, active = reaper.GetSetEnvelopeInfo_String(envelope, "ACTIVE", "", false)
  return not known or active ~= "0"
end

function tools.gain.refusal(track)
  local envelope = reaper.GetTrackEnvelopeByName(track, "Volume")
  if not envelope or not is_moved_by_envelopes(track) or not is_active(envelope) then return nil end
  return "In its automation mode this track's volume envelope moves the fader, and a move of ours would do nothing: "
    .. "change the envelope, or set the mode to Trim/Read."
end

tools.polarity = value_tool({"B_PHASE"}, function() return "polarity: inverted" end, function(track)
  return {B_PHASE = get(track, "B_PHASE") == 0 and 1 or 0}
end)

local STEREO_PAN = 5 -- the only pan mode with a width of its own

tools.width = value_tool({"D_WIDTH", "I_PANMODE"}, function(step)
  return (("width: %+.0f %% of what it is"):format(step.amount):gsub("%-", "−"))
end, function(track, step)
  -- A share of the width, so that it never crosses zero and swaps the sides.
  return {I_PANMODE = STEREO_PAN, D_WIDTH = get(track, "D_WIDTH") * (1 + step.amount / 100)}
end)

function tools.width.refusal(track)
  if get(track, "I_PANMODE") == STEREO_PAN or close(get(track, "D_PAN"), 0, 1e-6) then return nil end
  return "This track is panned in a mode that has no width: set its pan mode to stereo pan first."
end

local OFF, IN_SAMPLES = 1, 2 -- bits of I_PLAY_OFFSET_FLAG; a new track's offset is switched off

tools.delay = value_tool({"D_PLAY_OFFSET", "I_PLAY_OFFSET_FLAG"}, function(step)
  return (("playback offset: %+.2f ms"):format(step.amount):gsub("%-", "−"))
end, function(track, step)
  local is_off = math.tointeger(get(track, "I_PLAY_OFFSET_FLAG")) & OFF ~= 0
  return {D_PLAY_OFFSET = (is_off and 0 or get(track, "D_PLAY_OFFSET")) + step.amount / 1000, I_PLAY_OFFSET_FLAG = 0}
end)

function tools.delay.refusal(track)
  if math.tointeger(get(track, "I_PLAY_OFFSET_FLAG")) & (OFF | IN_SAMPLES) ~= IN_SAMPLES then return nil end
  return "The playback offset of this track is set in samples: change it by hand."
end

return tools
