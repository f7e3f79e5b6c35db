--[[
What the user has set for our actions, kept by REAPER itself (ExtState, persistent), and the dialog that changes it.

  genre       a genre family of `uptrack rules`, or empty: guessed from the sound
  target      club, stream or premaster
  range       what "Analyze mix" renders: project, selection (project where nothing is selected) or regions
  regions     yes: findings with a length become regions; no: markers only
  sws_notes   yes: stem notes go into SWS track notes as well, where SWS is installed
  window      yes: the results window opens with an analysis
  loop        yes: going to a finding selects its passage and loops it
  references  a file, a folder or the name of a stored profile; several with ";" between them
]]

local settings = {}

local SECTION = "UpTrack settings"
local SEPARATOR = "\n"

local FIELDS = {
  {name = "genre", default = "", caption = "Genre (empty: guess)"},
  {name = "target", default = "club", caption = "Target", one_of = {"club", "stream", "premaster"}},
  {name = "range", default = "selection", caption = "Analyze mix", one_of = {"project", "selection", "regions"}},
  {name = "regions", default = "yes", caption = "Spans as regions", one_of = {"yes", "no"}},
  {name = "sws_notes", default = "no", caption = "SWS track notes", one_of = {"yes", "no"}},
  {name = "window", default = "yes", caption = "Open results", one_of = {"yes", "no"}},
  {name = "loop", default = "yes", caption = "Loop findings", one_of = {"yes", "no"}},
  -- Last: REAPER's dialog stops counting fields at a quotation mark that has no partner, and a path may hold one.
  {name = "references", default = "", caption = "References (;)"},
}

settings.ANOTHER_SONG = "This is another song"
local ANOTHER = {name = "another", default = "no", caption = settings.ANOTHER_SONG, one_of = {"no", "yes"}}

local function allowed(field, value)
  if not field.one_of then return true end
  for _, one in ipairs(field.one_of) do
    if value == one then return true end
  end
  return false
end

--- All settings, by name; what is damaged counts as not set.
function settings.read()
  local values = {}
  for _, field in ipairs(FIELDS) do
    local value = reaper.HasExtState(SECTION, field.name) and reaper.GetExtState(SECTION, field.name) or field.default
    values[field.name] = allowed(field, value) and value or field.default
  end
  return values
end

local function caption_of(field)
  return field.one_of and ("%s (%s)"):format(field.caption, table.concat(field.one_of, "/")) or field.caption
end

local function trimmed(text)
  return text:match("^%s*(.-)%s*$")
end

--- Ask for all settings. Returns true once they are kept, nil where the user cancelled, nil and a sentence otherwise.
--- With `song` it is also asked whether the project in front is another song than it is taken for, which is no setting:
--- that comes third.
function settings.ask(song)
  local now, captions, values, fields = settings.read(), {}, {}, table.move(FIELDS, 1, #FIELDS, 1, {})
  if song then table.insert(fields, #fields, ANOTHER) end
  for index, field in ipairs(fields) do
    captions[index], values[index] = caption_of(field), now[field.name] or field.default
  end
  captions[#captions + 1] = "separator=" .. SEPARATOR
  captions[#captions + 1] = "extrawidth=220"
  local given, answer = reaper.GetUserInputs(
    "UpTrack: Settings", #fields, table.concat(captions, ","), table.concat(values, SEPARATOR)
  )
  if not given then return nil end
  local answers = {}
  for line in (answer .. SEPARATOR):gmatch("(.-)" .. SEPARATOR) do answers[#answers + 1] = trimmed(line) end
  for index, field in ipairs(fields) do
    if not allowed(field, answers[index] or "") then
      local sentence = "%s: expected %s, got “%s”. Nothing was changed."
      return nil, sentence:format(field.caption, table.concat(field.one_of, ", "), answers[index] or "")
    end
  end
  local is_another = false
  for index, field in ipairs(fields) do
    if field == ANOTHER then
      is_another = answers[index] == "yes"
    else
      reaper.SetExtState(SECTION, field.name, answers[index] or "", true)
    end
  end
  return true, nil, is_another
end

--- The references as the daemon wants them: a list of texts.
function settings.references(values)
  local list = {}
  for one in (values.references .. ";"):gmatch("(.-);") do
    if trimmed(one) ~= "" then list[#list + 1] = trimmed(one) end
  end
  return list
end

return settings
