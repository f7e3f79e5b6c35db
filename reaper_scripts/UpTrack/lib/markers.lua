--[[
UpTrack's markers and regions: placing them, finding them again, and never touching anybody else's.

Every name begins with the tag. What we placed is written into a ledger that is kept in the project
(`marker_ledger`). A part is what was analysed (`part_names`): an analysis of one changes nothing of another's, but that
one of the whole project, or of a longer time selection, takes the place of one of a selection that lies in it.
Only what the ledger holds is ever changed or removed, and of that only what still is as we left it:

- one that was moved stays where the user put it, for as long as its finding is there;
- one that was renamed is the user's note from then on: it is never changed and never removed by a later run;
- one that was deleted stays away while its finding is no worse, until the user asks for it;
- one that is gone stays in the ledger, because undo can bring it back.

`plan` says what there is to do as a list of functions, so that nothing to do means no undo step, and much to do can be
spread over ticks. A finding with a length becomes a region, unless it is about most of the run.
]]

local edits = require("edits")
local kept = require("kept")
local marker_ledger = require("marker_ledger")
local pace = require("pace")
local part_names = require("part_names")
local placing_steps = require("placing_steps")

local markers = {}

markers.TAG = "[UpTrack]"

local KEY, STEPS_AN_ENTRY = marker_ledger.KEY, marker_ledger.STEPS_AN_ENTRY
local WRITTEN_AT_ONCE = 100 -- entries
local MOST_GONE = 2000 -- entries kept of what is not on the timeline any more
local CUSTOM_COLOUR = 0x1000000
local SHORTEST_REGION_S = 1
local LONGEST_REGION = 0.6 -- of the run
local SAME_S = 1e-4
local RANKS = {info = 1, minor = 2, moderate = 3, major = 4, blocker = 5}

-- what is there -------------------------------------------------------------------------------------------------------

--- The GUID of the marker or region at an index; nil where REAPER gives none.
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
  for _, entry in ipairs(marker_ledger.read(proj, spend)) do known[entry.guid] = true end
  return function(index) return known[guid_of(proj, index) or ""] or false end
end

markers.guid_of = guid_of

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
    value = marker_ledger.value_of(marker.value),
    step = options.step,
  }
end

--- What `plan` and its like take beside the project: the settings, and what a feedback says of the run.
---   regions  findings with a length become regions
---   run_s    length of the run in seconds
---   part     what was analysed: "" for the project, or the name of a part (`part_names`)
---   worse    a set of the findings that are worse than in the version before
---   spend    called for each entry and each marker; may yield, and never returns where the project was closed
function markers.options(feedback, settings, part, spend)
  local worse = {}
  for _, change in ipairs(feedback.since and feedback.since.changes or {}) do
    if change.status == "worse" and change.finding then worse[change.finding] = true end
  end
  return {
    regions = settings.regions == "yes", run_s = feedback.duration_s or math.huge, part = part or "", worse = worse,
    spend = spend,
  }
end

local function rank_of(entry)
  return RANKS[entry.name:match("^%[UpTrack%] (%a+):")] or 0
end

--- Whether a finding is worse now than when an entry was written. The same file measured again has the same value, and
--- is as much worse than the version before as it was the first time.
local function is_worse(entry, wanted, options)
  return rank_of(wanted) > rank_of(entry) or options.worse[wanted.id] and entry.value ~= wanted.value or false
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
  if not reaper.DeleteProjectMarkerByIndex(proj, now.index) then return false end
  entry.taken = true
  if moved(entry, now) then entry.moved_s, entry.moved_end_s = now.start_s, now.end_s end
  marker_ledger.write(entry)
  return true
end

--- Take it away where it is as we left it.
local function delete_untouched(proj, entry)
  local now = there(proj, entry)
  return now ~= nil and not moved(entry, now) and delete(proj, entry)
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
  entry.value = wanted.value
  marker_ledger.write(entry)
  return true
end

--- Put a goal on the timeline, where the user had moved the entry it follows, if that is wished for.
local function place(proj, goal, moved_from)
  local at_s, at_end_s = goal.start_s, goal.end_s
  if moved_from and moved_from.moved_s then goal.start_s, goal.end_s = moved_from.moved_s, moved_from.moved_end_s end
  goal.guid = add(proj, goal)
  goal.start_s, goal.end_s = at_s, at_end_s -- so that it is known as moved
  if goal.guid then marker_ledger.write(goal) end
  return goal.guid ~= nil
end

local function region_stands(proj, guid)
  local index = index_of(proj, guid)
  return index ~= nil and index >= 0 and guid_of(proj, index) == guid
end

--- Says of an entry whether the region it was placed for is not there any more: nobody can analyse that again. What is
--- asked of REAPER is asked once a region, and only by an analysis of the project itself.
local function orphans(proj, part)
  local standing = {}
  local is_of_project = part_names.is_of_project(part)
  return function(entry)
    local guid = is_of_project and part_names.region_guid(entry.part)
    if not guid then return false end
    if standing[guid] == nil then standing[guid] = region_stands(proj, guid) end
    return not standing[guid]
  end
end

--- What stands, and what did. Of a part's findings `by_id` holds the entry that stands for each (of several, as undo
--- brought one back, the one that was placed last), `gone` those that do not stand any more, the last one first.
--- `states` is what each entry is like now, `missing` how many are gone.
local function survey(proj, ledger, part, spend)
  local found = {by_id = {}, gone = {}, states = {}, missing = 0, steps = placing_steps.held(proj)}
  for index = #ledger, 1, -1 do
    local entry = ledger[index]
    local now = there(proj, entry)
    if now then
      found.states[entry] = now
      found.steps[entry.step] = true -- what of a step stands, undo has not taken back
      if entry.part == part and not found.by_id[entry.id] then found.by_id[entry.id] = entry end
      if entry.taken then -- and undo, or the user's redo, has brought it back
        entry.taken, entry.moved_s, entry.moved_end_s = false, nil, nil
        marker_ledger.write(entry)
      end
    else
      found.missing = found.missing + 1
      if entry.part == part then
        found.gone[entry.id] = found.gone[entry.id] or {}
        table.insert(found.gone[entry.id], entry)
      end
    end
    spend(STEPS_AN_ENTRY)
  end
  return found
end

--- The last entry of a finding that is gone though its step was not undone; nil if there is none.
local function last_gone(found, id)
  for _, entry in ipairs(found.gone[id] or {}) do
    if entry.step ~= "-" and found.steps[entry.step] then return entry end
  end
  return nil
end

--- A plan of `operations` on a ledger that was read under `head`: what is to be done, and how it is written down.
local function plan_on(proj, ledger, found, head, options)
  local spend, states = options.spend, found.states
  local is_damaged = head ~= "" and #ledger == 0 -- a piece is missing: behind it nothing would be read
  local plan = {operations = {}, placed = {}, skipped = {}, left = {}, released = {}}
  local news, has_placed, keep = {}, false, nil

  function plan.later(operation)
    plan.operations[#plan.operations + 1] = operation
  end

  --- Of an operation that changes an entry: true where it did.
  function plan.noted(entry, changed)
    if changed then news[#news + 1] = entry.line end
    return changed
  end

  function plan.place(goal, moved_from)
    has_placed = place(proj, goal, moved_from) or has_placed
    if goal.guid then
      ledger[#ledger + 1], states[goal] = goal, goal
      news[#news + 1] = goal.line
    end
    local list = goal.guid and plan.placed or plan.skipped
    list[#list + 1] = goal.id
  end

  local function lines_now(spend_some)
    local lines, count, too_many = {}, 0, found.missing - MOST_GONE
    for index = 1, #ledger do
      local entry = ledger[index]
      if too_many > 0 and not states[entry] then
        too_many = too_many - 1 -- the oldest are forgotten first
      elseif not plan.released[entry.guid] then
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
    for _, entry in ipairs(marker_ledger.read(proj, spend_some)) do
      if not known[entry.guid] then ledger[#ledger + 1], states[entry] = entry, entry end
    end
    return true
  end

  --- Once all operations are there: whether the ledger is so long that it is written in more than a tick.
  function plan.ready()
    if #ledger + #plan.operations <= WRITTEN_AT_ONCE then return plan end
    function plan.prepare()
      catch_up(spend)
      keep = kept.prepare(proj, KEY, lines_now(spend), spend)
    end
    function plan.clear() kept.clear(proj, KEY, spend) end
    return plan
  end

  function plan.note()
    if #news == 0 then return end
    local others_wrote = kept.head(proj, KEY) ~= head
    local keep_more = is_damaged and kept.write or kept.append
    keep_more(proj, KEY, "\n" .. table.concat(news, "\n"))
    if not others_wrote then head = kept.head(proj, KEY) end
    news, is_damaged = {}, false
  end

  local function note_step()
    if has_placed then placing_steps.note(proj, options.step) end
    has_placed = false
  end

  --- Write down what was done, and nothing else.
  function plan.finish_briefly()
    note_step()
    plan.note()
  end

  function plan.finish()
    note_step()
    local behind = catch_up()
    if keep and not behind then return keep() end
    kept.write(proj, KEY, lines_now(function() end))
  end

  return plan
end

--- Read the ledger and begin a plan of a step of its own.
local function begin(proj, options)
  local head = kept.head(proj, KEY)
  local ledger = marker_ledger.read(proj, options.spend)
  local found = survey(proj, ledger, options.part, options.spend)
  options.step = placing_steps.new()
  return plan_on(proj, ledger, found, head, options), found
end

--- What has to be done so that the timeline shows `wanted` (markers of a feedback); see `markers.options`.
--- Returns {operations, placed, skipped, left, note, finish, prepare}: run all operations, then `finish`, which writes
--- the ledger; where the ledger is long there is `prepare` for in between, which may yield, so that `finish` fits into
--- a tick. `note` adds to the ledger what operations did since the last time: at the end of a tick, because an action
--- may be ended before the next. `left` are the findings whose markers the user has deleted.
function markers.plan(proj, wanted, options)
  local spend = options.spend
  local plan, found = begin(proj, options)
  local by_id, states, is_wanted = found.by_id, found.states, {}

  for _, marker in ipairs(wanted) do
    local entry, goal = by_id[marker.id], entry_for(marker, options)
    local gone = goal and not entry and last_gone(found, marker.id)
    is_wanted[marker.id] = true
    if not goal then
      plan.skipped[#plan.skipped + 1] = marker.id
    elseif gone and not gone.taken and not is_worse(gone, goal, options) then
      plan.left[#plan.left + 1] = marker.id
    elseif entry and (renamed(entry, states[entry]) or moved(entry, states[entry])) then
      plan.placed[#plan.placed + 1] = marker.id -- the user's hand was on it
    elseif entry and entry.region == goal.region then
      plan.placed[#plan.placed + 1] = marker.id
      if not same(entry, goal) then
        plan.later(function() return plan.noted(entry, change(proj, entry, goal)) end)
      elseif entry.value ~= goal.value then
        entry.value = goal.value
        marker_ledger.write(entry)
        spend(STEPS_AN_ENTRY)
      end
    else
      plan.later(function()
        if entry then plan.noted(entry, delete(proj, entry)) end
        plan.place(goal)
      end)
    end
    spend(STEPS_AN_ENTRY)
  end

  local function measured(entry)
    return entry.part == options.part or part_names.is_within(entry.part, options.part)
  end
  local is_orphan = orphans(proj, options.part)
  for entry, now in pairs(states) do
    local stands = is_wanted[entry.id] and by_id[entry.id] == entry
    if not stands and measured(entry) then
      if renamed(entry, now) then
        plan.released[entry.guid] = true
      else
        plan.later(edits.removing(function() return plan.noted(entry, delete(proj, entry)) end))
      end
    elseif not stands and not renamed(entry, now) and not moved(entry, now) and is_orphan(entry) then
      plan.later(edits.removing(function()
        -- It was planned some ticks ago: undo may have brought the region back since.
        if region_stands(proj, part_names.region_guid(entry.part)) then return false end
        return plan.noted(entry, delete_untouched(proj, entry))
      end))
    end
    spend(1)
  end
  spend(pace.STEPS_A_TICK) -- what follows begins with a tick of its own
  return plan.ready()
end

--- What has to be done so that those of `wanted` stand again that UpTrack took away itself, where the user had them,
--- and those that never stood; or, with `users`, those that the user deleted or undid. What stands is left as it is.
function markers.plan_return(proj, wanted, options, users)
  local plan, found = begin(proj, options)
  for _, marker in ipairs(wanted) do
    local goal, gone = entry_for(marker, options), last_gone(found, marker.id)
    local by_us = gone ~= nil and gone.taken
    local is_asked_for = by_us or not found.gone[marker.id]
    if users then is_asked_for = not by_us end -- what is fixed or meant is no user's deletion
    if goal and not found.by_id[marker.id] and is_asked_for then
      plan.later(function() plan.place(goal, gone) end)
    end
    options.spend(STEPS_AN_ENTRY)
  end
  options.spend(pace.STEPS_A_TICK)
  plan.finish = plan.finish_briefly -- a few lines, however long the ledger
  return plan
end

--- What has to be done so that no marker of some findings (a set of ids) is left, but for what the user has renamed;
--- with no ids, none at all, whatever it is called by now. `spend`, if given, is called for each entry, and may yield.
function markers.plan_removal(proj, ids, spend)
  local plan, news = {operations = {}}, {}
  for _, entry in ipairs(marker_ledger.read(proj, spend)) do
    if (not ids or ids[entry.id]) and there(proj, entry) then
      plan.operations[#plan.operations + 1] = edits.removing(function()
        local deleted = delete(proj, entry, ids == nil)
        if deleted then news[#news + 1] = entry.line end
        return deleted
      end)
    end
    if spend then spend(STEPS_AN_ENTRY) end
  end
  -- The entries stay: undo can bring their markers back, and they are ours then, too.
  function plan.note()
    if #news > 0 then kept.append(proj, KEY, "\n" .. table.concat(news, "\n")) end
    news = {}
  end
  plan.finish = plan.note
  return plan
end

return markers
