--[[
Rendering from a script, by the rules users of other scripts paid for:

- Every render setting and the track selection is put back on every way out, or the user's own are lost and saved.
- Normalisation, limiting, fades, dither and the adding to the project are off: they would falsify what is measured.
- The files go into a fresh folder of their own, because an existing file raises a dialog that stops everything.
- REAPER renders while our script stands still, and says nothing when it fails or is cancelled: the files are looked at
  afterwards, by REAPER's own reader, which opens any path.
- The project in front stays in front; the pointer goes along with every call all the same.
- REAPER renders at the project's play rate: at 0.5 a file is twice as long, and every place in it another.

Stems are rendered apart from the mix, because they do not pass the master's effects.
]]

local tracks = require("tracks")

local render = {}

local RENDER_AND_CLOSE = 42230 -- "Render project, using the most recent render settings, auto-close render dialog"
local FLOAT_WAV = "ZXZhdyAAAAA=" -- "evaw" and 32: 32-bit floating point
local MASTER_MIX, SELECTED_TRACKS = 0, 2
local CUSTOM = 0
local MAIN_SECTION = 0
local MASTER_MONO = 40917 -- "Master track: Toggle stereo/mono (L+R)"; its state is that of the project in front
local RECORDING = 4 -- of GetPlayStateEx
-- Bits of RENDER_TAILFLAG: whether there is a tail, for custom bounds and for the entire project.
local TAIL_OF_CUSTOM, TAIL_OF_PROJECT = 1, 2
local SHORT_BY_S = 0.05
-- How closely a rate that may move along the range is looked at: a tape stop takes about a second.
local LOOK_EVERY_S, MOST_LOOKS = 0.1, 500
local SAME_RATE = 1e-6

-- RENDER_SETTINGS first: other values may be read against it.
local NUMBERS = {
  "RENDER_SETTINGS", "RENDER_BOUNDSFLAG", "RENDER_STARTPOS", "RENDER_ENDPOS", "RENDER_SRATE", "RENDER_CHANNELS",
  "RENDER_TAILFLAG", "RENDER_TAILMS", "RENDER_ADDTOPROJ", "RENDER_DITHER", "RENDER_NORMALIZE",
  "RENDER_NORMALIZE_TARGET", "RENDER_BRICKWALL", "RENDER_FADEIN", "RENDER_FADEOUT", "RENDER_FADEINSHAPE",
  "RENDER_FADEOUTSHAPE", "RENDER_PADSTART", "RENDER_PADEND", "RENDER_TRIMSTART", "RENDER_TRIMEND",
}
local TEXTS = {"RENDER_FILE", "RENDER_PATTERN", "RENDER_FORMAT", "RENDER_FORMAT2", "RENDER_EXTRAFILEDIR"}

local function joined(...)
  return table.concat({...}, package.config:sub(1, 1))
end

local function settings_of(proj)
  local kept = {numbers = {}, texts = {}}
  for _, key in ipairs(NUMBERS) do kept.numbers[key] = reaper.GetSetProjectInfo(proj, key, 0, false) end
  for _, key in ipairs(TEXTS) do
    -- Whatever it says beside: an empty text is one, too, and a key that an older REAPER does not know does nothing.
    local _, text = reaper.GetSetProjectInfo_String(proj, key, "", false)
    kept.texts[key] = text
  end
  return kept
end

--- Do something for each of a list, for the rest, too, where one of them fails. Returns what failed first; nil for
--- nothing.
local function for_each(list, act)
  local failed
  for _, one in ipairs(list) do
    local done, problem = pcall(act, one)
    if not done then failed = failed or problem end
  end
  return failed
end

--- Returns what failed first; nil for nothing. So does `restore_selection`.
local function restore_settings(proj, kept)
  local numbers = for_each(NUMBERS, function(key) reaper.GetSetProjectInfo(proj, key, kept.numbers[key], true) end)
  local texts = for_each(TEXTS, function(key)
    if kept.texts[key] then reaper.GetSetProjectInfo_String(proj, key, kept.texts[key], true) end
  end)
  return numbers or texts
end

local function selection_of(proj)
  local selected = {}
  for index = 0, reaper.CountTracks(proj) - 1 do
    local track = reaper.GetTrack(proj, index)
    selected[#selected + 1] = {track = track, on = reaper.IsTrackSelected(track)}
  end
  local master = reaper.GetMasterTrack(proj)
  selected[#selected + 1] = {track = master, on = reaper.IsTrackSelected(master)}
  return selected
end

local function restore_selection(proj, selected)
  return for_each(selected, function(one)
    -- A script of somebody else's may have removed it meanwhile.
    if reaper.ValidatePtr2(proj, one.track, "MediaTrack*") then reaper.SetTrackSelected(one.track, one.on) end
  end)
end

local function set(proj, numbers, texts)
  for key, value in pairs(numbers) do reaper.GetSetProjectInfo(proj, key, value, true) end
  for key, text in pairs(texts) do reaper.GetSetProjectInfo_String(proj, key, text, true) end
end

--- Seconds of audio in a file; nil where there is none.
local function length_of(path)
  if not reaper.file_exists(path) then return nil end
  local source = reaper.PCM_Source_CreateFromFile(path)
  if not source then return nil end
  local length = reaper.GetMediaSourceLength(source)
  reaper.PCM_Source_Destroy(source)
  return length > 0 and length or nil
end

--- A folder that was never there before, inside UpTrack's own folder of audio; its files are deleted in time.
function render.new_folder(audio)
  local folder = joined(audio, "reaper-" .. reaper.genGuid(""):gsub("[^%w]", ""):lower())
  reaper.RecursiveCreateDirectory(folder, 0)
  return folder
end

--- Bounds are always given in seconds: what REAPER calls the entire project begins and ends at =START and =END.
--- A passage has no tail, or it would be longer than it says; for the whole project the user's own choice holds, but
--- not behind an =END, where other things may lie.
local function run(proj, range, what, folder, pattern)
  local tail = math.tointeger(reaper.GetSetProjectInfo(proj, "RENDER_TAILFLAG", 0, false)) or 0
  local tails = range.whole and not range.is_ended and tail & (TAIL_OF_PROJECT | TAIL_OF_CUSTOM) ~= 0
  set(proj, {
    RENDER_SETTINGS = what,
    RENDER_BOUNDSFLAG = CUSTOM,
    RENDER_TAILFLAG = tails and TAIL_OF_CUSTOM or 0,
    RENDER_STARTPOS = range.start_s,
    RENDER_ENDPOS = range.end_s,
    RENDER_SRATE = 0,
    RENDER_CHANNELS = 2,
    RENDER_ADDTOPROJ = 0,
    RENDER_DITHER = 0,
    RENDER_NORMALIZE = 0,
  }, {
    RENDER_FILE = folder,
    RENDER_PATTERN = pattern,
    RENDER_FORMAT = FLOAT_WAV,
    RENDER_FORMAT2 = "",
  })
  reaper.Main_OnCommandEx(RENDER_AND_CLOSE, 0, proj)
end

--- The files of a folder, by the number their name begins with.
local function numbered_files(folder)
  local found = {}
  reaper.EnumerateFiles(folder, -1)
  local index = 0
  while true do
    local name = reaper.EnumerateFiles(folder, index)
    if not name then return found end
    local number = tonumber(name:match("^(%d+)[^%d].*%.[wW][aA][vV]$"))
    if number then found[math.tointeger(number)] = joined(folder, name) end
    index = index + 1
  end
end

local function check(path, range, what)
  local length = path and length_of(path)
  if not length then
    return nil, ("REAPER rendered nothing for %s: the render was cancelled, or failed without saying why."):format(what)
  end
  if length < range.end_s - range.start_s - SHORT_BY_S then
    local sentence = "The render of %s is %.1f s long where %.1f s were asked for: it was cancelled."
    return nil, sentence:format(what, length, range.end_s - range.start_s)
  end
  return length
end

local function render_mix(proj, range, folder)
  run(proj, range, MASTER_MIX, folder, "mix")
  local path = joined(folder, "mix.wav")
  local length, sentence = check(path, range, "the mix")
  if not length then return nil, sentence end
  return path
end

--- Render tracks one by one into files; what is silent or failed is told, and the others stay.
local function render_stems(proj, range, chosen, folder)
  for _, one in ipairs(selection_of(proj)) do reaper.SetTrackSelected(one.track, false) end
  for _, track in ipairs(chosen) do reaper.SetTrackSelected(track, true) end
  -- By number, because names repeat and hold what no file name may.
  run(proj, range, SELECTED_TRACKS, joined(folder, "stems"), "$tracknumber-stem")
  local files = numbered_files(joined(folder, "stems"))
  local stems, missing = {}, {}
  for _, track in ipairs(chosen) do
    local name = tracks.name(track)
    local number = math.tointeger(reaper.GetMediaTrackInfo_Value(track, "IP_TRACKNUMBER"))
    local length, sentence = check(files[number], range, "track " .. name)
    if length then
      stems[#stems + 1] = {
        path = files[number], name = name, track = tracks.guid(track), colour = tracks.colour(track),
      }
    else
      missing[#missing + 1] = sentence
    end
  end
  if #stems == 0 then return nil, missing[1] end
  return stems, missing
end

--- Whether something is being recorded: a render would end the take.
function render.must_wait(proj)
  return reaper.GetPlayStateEx(proj) & RECORDING ~= 0
end

--- Why what is rendered now, of the project in front, is not the whole mix, in a few words and in a sentence; nil where
--- it is.
function render.caveat(proj)
  if reaper.GetMediaTrackInfo_Value(reaper.GetMasterTrack(proj), "B_MUTE") ~= 0 then
    return "master muted", "The master track is muted, and so is what is rendered: unmute it and analyze again."
  elseif reaper.AnyTrackSolo(proj) then
    return "rendered with a solo", "A track is soloed: what is rendered is the solo, not the mix. End it and analyze "
      .. "again to know about the mix."
  elseif reaper.GetToggleCommandStateEx(MAIN_SECTION, MASTER_MONO) == 1 then
    return "master in mono", "The master track is switched to mono, and so is what is rendered: switch it back and "
      .. "analyze again to know about the stereo mix."
  end
  return nil
end

local function is_other(rate)
  return math.abs(rate - 1) > SAME_RATE
end

--- A sentence where a range is not played at its own speed, by the project's play rate or by its envelope; nil where it
--- is.
local function other_speed(proj, range)
  local rate = reaper.Master_GetPlayRate(proj)
  if is_other(rate) then
    local sentence = "The play rate is %s, and REAPER renders at it, so places and levels would be wrong: set it to 1 "
      .. "and analyze again."
    return sentence:format((("%.4g"):format(rate):gsub(",", ".")))
  end
  local looks = math.min(MOST_LOOKS, math.ceil((range.end_s - range.start_s) / LOOK_EVERY_S))
  for look = 0, looks do
    local at_s = range.start_s + (range.end_s - range.start_s) * look / looks
    if is_other(reaper.Master_GetPlayRateAtTime(at_s, proj)) then
      local sentence = "The play rate's envelope leaves 1 at %.1f s, and REAPER renders along it, so places and levels "
        .. "would be wrong: bypass it and analyze again."
      return sentence:format(at_s)
    end
  end
  return nil
end

--- Render the mix of `range` {start_s, end_s, whole}, and `chosen` tracks as stems, into a new folder of `audio`.
--- Returns {mix, stems, missing}, or nil and a sentence. REAPER stands still meanwhile.
function render.run(proj, range, chosen, audio)
  local refusal = other_speed(proj, range)
  if refusal then return nil, refusal end
  local kept, selected = settings_of(proj), selection_of(proj)
  local folder = render.new_folder(audio)
  local result, problem
  local whole, slip = pcall(function()
    local mix, sentence = render_mix(proj, range, folder)
    if not mix then problem = sentence return end
    result = {mix = mix, stems = {}, missing = {}}
    if #chosen > 0 then
      reaper.RecursiveCreateDirectory(joined(folder, "stems"), 0)
      local stems, missing = render_stems(proj, range, chosen, folder)
      if not stems then result, problem = nil, missing return end
      result.stems, result.missing = stems, missing
    end
  end)
  local unselected = restore_selection(proj, selected)
  local unset = restore_settings(proj, kept)
  if not whole then error(slip, 0) end
  if unselected or unset then
    return nil, ("not everything could be put back as it was after rendering (%s): look at the track selection and at "
      .. "File → Render before you save."):format(unselected or unset)
  end
  if not result then return nil, problem end
  return result
end

return render
