--[[
UpTrack's markers and regions: placing them, finding them again, and never touching anybody else's.

Every name begins with the tag. What we placed is written into a ledger that is kept in the project: GUID, part,
finding, place and name of each. A part is what was analysed (the project, the time selection, a region, a file): an
analysis of one changes nothing of another's, but that one of the whole project takes the place of one of a selection.
Only what the ledger holds is ever changed or removed, and of that only what still is as we left it:

- one that was moved stays where the user put it, for as long as its finding is there;
- one that was renamed is the user's note from then on: it is never changed and never removed by a later run;
- one that is gone stays in the ledger, because undo can bring it back.

`plan` says what there is to do as a list of functions, so that nothing to do means no undo step, and much to do can be
spread over ticks. A finding with a length becomes a region, unless it is about most of the run.
]]

local kept = require("kept")
local pace = require("pace")

local markers = {}

markers.TAG = "[UpTrack]"
markers.SELECTION = "selection" -- the part a time selection is

local KEY = "markers"
local WRITTEN_AT_ONCE = 100 -- entries
local MOST_GONE = 2000 -- entries kept of what is not on the timeline any more
local STEPS_AN_ENTRY = 3
local CUSTOM_COLOUR = 0x1000000
local SHORTEST_REGION_S = 1
local LONGEST_REGION = 0.6 -- of the run
local SAME_S = 1e-4

-- the ledger ----------------------------------------------------------------------------------------------------------

--- The ledger, oldest first. `spend` is called for each entry, and may yield. Of two lines about one marker the later
--- one holds: it was added while many were changed.
local function read_ledger(proj, spend)
  local text = kept.read(proj, KEY, spend)
  local ledger, places = {}, {}
  for line in text:gmatch("[^\n]+") do
    local guid, part, id, region, start_s, end_s, colour, name =
      line:match("^({[%x%-]+})\t([^\t]*)\t([^\t]*)\t([01])\t([^\t]*)\t([^\t]*)\t(%d+)\t(.*)$")
    if guid and tonumber(start_s) and tonumber(end_s) then
      local place = places[guid] or #ledger + 1
      places[guid] = place
      ledger[place] = {
        guid = guid, part = part, id = id, region = region == "1", start_s = tonumber(start_s), end_s = tonumber(end_s),
        colour = math.tointeger(tonumber(colour)), name = name, line = line,
      }
      if spend then spend(STEPS_AN_ENTRY) end
    end
  end
  return ledger
end

--- Seconds with a decimal point whatever a plug-in made of the locale.
local function number(value)
  return (("%.9f"):format(value):gsub(",", "."))
end

--- An entry as the ledger's text holds it; made when the entry changes, so that thousands are not written at once.
local function line_of(one)
  return table.concat({
    one.guid, one.part, one.id, one.region and "1" or "0", number(one.start_s), number(one.end_s),
    ("%d"):format(one.colour), one.name,
  }, "\t")
end

-- what is there -------------------------------------------------------------------------------------------------------

local function guid_of(proj, index)
  local found, guid = reaper.GetSetProjectInfo_String(proj, "MARKER_GUID:" .. index, "", false)
  return found and guid:match("^{[%x%-]+}$") or nil
end

local function index_of(proj, guid)
  local found, index = reaper.GetSetProjectInfo_String(proj, "MARKER_INDEX_FROM_GUID:" .. guid, "", false)
  return found and math.tointeger(tonumber(index)) or nil
end

local function at(proj, index)
  local found, region, start_s, end_s, name, shown_number, colour = reaper.EnumProjectMarkers3(proj, index)
  if found == 0 then return nil end
  return {region = region, start_s = start_s, end_s = end_s, name = name, number = shown_number, colour = colour}
end

--- The ledger's entry as it is on the timeline now; nil if it is gone.
local function there(proj, entry)
  local index = index_of(proj, entry.guid)
  -- The index is asked again: a wrong answer here would cost somebody else's marker.
  if not index or index < 0 or guid_of(proj, index) ~= entry.guid then return nil end
  local now = at(proj, index)
  if now then now.index = index end
  return now
end

local function renamed(entry, now)
  return now.name ~= entry.name
end

local function moved(entry, now)
  return math.abs(now.start_s - entry.start_s) > SAME_S
    or entry.region and math.abs(now.end_s - entry.end_s) > SAME_S
end

--- Whether the marker at an index is on the ledger. `spend` is called for each entry, and may yield.
function markers.ours(proj, spend)
  local known = {}
  for _, entry in ipairs(read_ledger(proj, spend)) do known[entry.guid] = true end
  return function(index) return known[guid_of(proj, index) or ""] or false end
end

-- what is wanted ------------------------------------------------------------------------------------------------------

local function colour_of(text)
  local red, green, blue = tostring(text):match("^#(%x%x)(%x%x)(%x%x)$")
  if not red then return 0 end
  return reaper.ColorToNative(tonumber(red, 16), tonumber(green, 16), tonumber(blue, 16)) | CUSTOM_COLOUR
end

--- A marker's name: one line, whatever the text holds.
local function name_of(marker)
  local text = ("%s %s: %s"):format(markers.TAG, marker.severity or "info", marker.text or marker.rule or "")
  return (text:gsub("%c+", " "))
end

local function entry_for(marker, options)
  if type(marker.start_s) ~= "number" then return nil end
  local end_s = type(marker.end_s) == "number" and marker.end_s or marker.start_s
  local length_s = end_s - marker.start_s
  local region = options.regions and length_s >= SHORTEST_REGION_S and length_s <= LONGEST_REGION * options.run_s
  return {
    part = options.part,
    id = (tostring(marker.id):gsub("%c", " ")),
    region = region,
    start_s = marker.start_s,
    end_s = region and end_s or marker.start_s,
    colour = colour_of(marker.colour),
    name = name_of(marker),
  }
end

local function same(entry, wanted)
  return entry.name == wanted.name and entry.colour == wanted.colour and entry.region == wanted.region
    and not moved(entry, wanted)
end

-- doing it ------------------------------------------------------------------------------------------------------------

--- How many markers and regions begin no later than this: they lie in the order of their places.
local function count_until(proj, start_s)
  local low, high = 0, (reaper.CountProjectMarkers(proj))
  while low < high do
    local middle = (low + high) // 2
    local now = at(proj, middle)
    if now and now.start_s <= start_s then low = middle + 1 else high = middle end
  end
  return low
end

--- GUID of what has just been added under this number. It is the last of those at its place, or near the last.
local function guid_of_number(proj, added, wanted)
  for index = count_until(proj, wanted.start_s + SAME_S) - 1, 0, -1 do
    local now = at(proj, index)
    if now and now.start_s < wanted.start_s - SAME_S then return nil end
    if now and now.region == wanted.region and now.number == added and now.name == wanted.name then
      return guid_of(proj, index)
    end
  end
  return nil
end

local function add(proj, wanted)
  local added = reaper.AddProjectMarker2(
    proj, wanted.region, wanted.start_s, wanted.end_s, wanted.name, -1, wanted.colour
  )
  if added < 0 then return nil end
  local guid = guid_of_number(proj, added, wanted)
  -- What cannot be told from others would stay for ever: an older REAPER gives no GUIDs.
  if not guid then reaper.DeleteProjectMarker(proj, added, wanted.region) end
  return guid
end

--- Take an entry's marker away; one that was renamed only where `renamed_too` says so.
local function delete(proj, entry, renamed_too)
  local now = there(proj, entry)
  if not now or renamed(entry, now) and not renamed_too then return false end
  return reaper.DeleteProjectMarkerByIndex(proj, now.index)
end

--- True where it was changed.
local function change(proj, entry, wanted)
  local now = there(proj, entry)
  -- It was planned some ticks ago: the user may have been here since.
  if not now or renamed(entry, now) or moved(entry, now) then return false end
  reaper.SetProjectMarkerByIndex2(
    proj, now.index, wanted.region, wanted.start_s, wanted.end_s, now.number, wanted.name, wanted.colour, 0
  )
  entry.start_s, entry.end_s, entry.name, entry.colour = wanted.start_s, wanted.end_s, wanted.name, wanted.colour
  entry.line = line_of(entry)
  return true
end

--- Which entry stands for a finding of a part: of several (undo brought one back) the one that was placed last. Also
--- what each entry is like now, and how many are gone.
local function holders(proj, ledger, part, spend)
  local by_id, states, gone = {}, {}, 0
  for index = #ledger, 1, -1 do
    local entry = ledger[index]
    local now = there(proj, entry)
    if now then
      states[entry] = now
      if entry.part == part and not by_id[entry.id] then by_id[entry.id] = entry end
    else
      gone = gone + 1
    end
    spend(STEPS_AN_ENTRY)
  end
  return by_id, states, gone
end

--- What has to be done so that the timeline shows `wanted` (markers of a feedback).
---   options.regions  findings with a length become regions
---   options.run_s    length of the run in seconds
---   options.part     what was analysed: "" for the project, or the name of a part
---   options.spend    called for each entry and each marker; may yield, and never returns where the project was closed
--- Returns {operations, placed, skipped, note, finish, prepare}: run all operations, then `finish`, which writes the
--- ledger; where the ledger is long there is `prepare` for in between, which may yield, so that `finish` fits into a
--- tick. `note` adds to the ledger what operations did since the last time: at the end of a tick, because an action may
--- be ended before the next.
function markers.plan(proj, wanted, options)
  local spend = options.spend
  local head = kept.head(proj, KEY)
  local ledger = read_ledger(proj, spend)
  local is_damaged = head ~= "" and #ledger == 0 -- a piece is missing: behind it nothing would be read
  local by_id, states, gone = holders(proj, ledger, options.part, spend)
  local plan = {operations = {}, placed = {}, skipped = {}}
  local is_wanted, news = {}, {}
  local function later(operation) plan.operations[#plan.operations + 1] = operation end

  for _, marker in ipairs(wanted) do
    local entry, goal = by_id[marker.id], entry_for(marker, options)
    is_wanted[marker.id] = true
    if not goal then
      plan.skipped[#plan.skipped + 1] = marker.id
    elseif entry and (renamed(entry, states[entry]) or moved(entry, states[entry])) then
      plan.placed[#plan.placed + 1] = marker.id -- the user's hand was on it
    elseif entry and entry.region == goal.region then
      plan.placed[#plan.placed + 1] = marker.id
      if not same(entry, goal) then
        later(function()
          local changed = change(proj, entry, goal)
          if changed then news[#news + 1] = entry.line end
          return changed
        end)
      end
    else
      later(function()
        if entry then delete(proj, entry) end
        goal.guid = add(proj, goal)
        if goal.guid then
          goal.line = line_of(goal)
          ledger[#ledger + 1], states[goal] = goal, goal
          news[#news + 1] = goal.line
        end
        local list = goal.guid and plan.placed or plan.skipped
        list[#list + 1] = marker.id
      end)
    end
    spend(STEPS_AN_ENTRY)
  end

  local function measured(entry)
    return entry.part == options.part or options.part == "" and entry.part == markers.SELECTION
  end
  local released = {}
  for entry, now in pairs(states) do
    local stands = is_wanted[entry.id] and by_id[entry.id] == entry
    if not stands and measured(entry) then
      if renamed(entry, now) then
        released[entry.guid] = true
      else
        later(function() return delete(proj, entry) end)
      end
    end
    spend(1)
  end
  spend(pace.STEPS_A_TICK) -- what follows begins with a tick of its own

  local function lines_now(spend_some)
    local lines, count, too_many = {}, 0, gone - MOST_GONE
    for index = 1, #ledger do
      local entry = ledger[index]
      if too_many > 0 and not states[entry] then
        too_many = too_many - 1 -- the oldest are forgotten first
      elseif not released[entry.guid] then
        count = count + 1
        lines[count] = entry.line
      end
      spend_some(1)
    end
    return table.concat(lines, "\n")
  end

  --- Take over what another script has written into the ledger since we read it.
  local function catch_up(spend_some)
    local now = kept.head(proj, KEY)
    if now == head then return false end
    head = now
    local known = {}
    for _, entry in ipairs(ledger) do known[entry.guid] = true end
    for _, entry in ipairs(read_ledger(proj, spend_some)) do
      if not known[entry.guid] then ledger[#ledger + 1], states[entry] = entry, entry end
    end
    return true
  end

  local keep

  if #ledger + #plan.operations > WRITTEN_AT_ONCE then
    function plan.prepare()
      catch_up(spend)
      keep = kept.prepare(proj, KEY, lines_now(spend), spend)
    end
  end

  function plan.note()
    if #news == 0 then return end
    local others_wrote = kept.head(proj, KEY) ~= head
    local keep_more = is_damaged and kept.write or kept.append
    keep_more(proj, KEY, "\n" .. table.concat(news, "\n"))
    if not others_wrote then head = kept.head(proj, KEY) end
    news, is_damaged = {}, false
  end

  function plan.finish()
    local behind = catch_up()
    if keep and not behind then return keep() end
    kept.write(proj, KEY, lines_now(function() end))
  end
  return plan
end

--- What has to be done so that no marker of a finding is left, but for what the user has renamed; with no id, none at
--- all, whatever it is called by now. `spend`, if given, is called for each entry, and may yield.
function markers.plan_removal(proj, id, spend)
  local plan = {operations = {}}
  for _, entry in ipairs(read_ledger(proj, spend)) do
    if (not id or entry.id == id) and there(proj, entry) then
      plan.operations[#plan.operations + 1] = function() return delete(proj, entry, id == nil) end
    end
    if spend then spend(STEPS_AN_ENTRY) end
  end
  -- The ledger stays as it is: undo can bring them back, and they are ours then, too.
  return plan
end

return markers
