--[[
@description UpTrack: analyze an existing audio file
@version 0.1.0
@author The UpTrack Companion authors
@link https://uptrack.pro
@provides
  [nomain] lib/bridge.lua
  [nomain] lib/incoming.lua
  [nomain] lib/json.lua
  [nomain] lib/link.lua
  [nomain] lib/mailbox_wire.lua
  [nomain] lib/markers.lua
  [nomain] lib/once.lua
  [nomain] lib/osc_packet.lua
  [nomain] lib/osc_wire.lua
  [nomain] lib/pace.lua
  [nomain] lib/parts.lua
  [nomain] lib/tempo_map.lua
@about
  Asks for a rendered mix, has the UpTrack daemon on this computer analyse it, and puts what was found on the timeline
  as markers. The file's first sample is taken to lie at the edit cursor. Running it again replaces UpTrack's markers
  and no others; one undo step takes them back. Needs no extension. Nothing leaves the computer.
]]

local VERSION = "0.1.0"
local PROTOCOL = 1
local LOOK_EVERY_S = 0.125
local WELCOME_WITHIN_S = 10
local ASK_AFTER_S = 30 -- of silence: is the daemon still there?
local LOST_AFTER_S = 90
local LEAVE_WITHIN_S = 5

local folder = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = folder .. "lib/?.lua;" .. package.path

local json = require("json")
local link = require("link")
local markers = require("markers")
local tempo_map = require("tempo_map")

local run = {} -- this run: link, project, file, request, job, and when we last heard and asked

local function say(sentence)
  reaper.ShowConsoleMsg("UpTrack: " .. sentence .. "\n")
end

local function show(sentence)
  reaper.Help_Set("UpTrack: " .. sentence, true)
end

local function is_open(project)
  return reaper.ValidatePtr2(0, project, "ReaProject*")
end

local function project_name(project)
  local name = reaper.GetProjectName(project):gsub("%.[rR][pP][pP]$", "")
  return {name = name ~= "" and name or nil, path = run.project_path}
end

local function project_facts(project)
  local facts = project_name(project)
  facts.start_s = run.start_s
  facts.tempo_map = tempo_map.read(project)
  return facts
end

local function stop(sentence)
  show("")
  if sentence then say(sentence) end
  run.step = nil
end

local function send(message)
  local sent, sentence = run.link:send(message)
  if not sent then stop(sentence) end
  return sent
end

local function say_hello()
  run.step, run.asked_s = "hello", reaper.time_precise()
  return send({
    type = "hello",
    id = run.link:new_id(),
    protocol = PROTOCOL,
    token = run.link.token,
    host = "reaper",
    host_version = reaper.GetAppVersion(),
    script_version = VERSION,
    instance = run.link.instance,
    capabilities = json.list {"markers"},
    -- No tempo map here: hello must fit into one file, for parts are taken from hosts that are welcome only.
    project = project_name(run.project),
  })
end

local function ask_for_analysis()
  run.step, run.asked_s = "analysis", reaper.time_precise()
  show("waiting for the analysis of " .. run.file)
  return send({
    type = "analyze",
    id = run.request,
    mix = {path = run.file},
    project = project_facts(run.project),
  })
end

local function report(feedback, placed, skipped)
  say(feedback.status or "done")
  for _, marker in ipairs(feedback.markers) do
    say(("  %s  %s: %s"):format(marker.bar or ("%.1f s"):format(marker.start_s), marker.severity, marker.text))
  end
  if #skipped > 0 then say(("%d of %d markers could not be placed."):format(#skipped, #placed + #skipped)) end
end

local function ids_of(wanted)
  local ids = {}
  for index, marker in ipairs(wanted) do ids[index] = marker.id end
  return ids
end

local function answer(feedback, placed, skipped)
  return send({
    type = "feedback.applied",
    id = run.link:new_id(),
    run = feedback.run,
    placed = json.list(placed),
    skipped = json.list(skipped),
  })
end

--- Place what came, as soon as our project is the one in front: REAPER's undo works on that one only.
local function place(feedback)
  if not is_open(run.project) then
    answer(feedback, {}, ids_of(feedback.markers))
    return stop("the project was closed before the analysis was done, so no marker was placed.")
  end
  if reaper.EnumProjects(-1) ~= run.project then
    run.feedback = feedback
    return show("the analysis is done; bring its project to the front to get the markers")
  end
  run.feedback = nil
  local placed, skipped = markers.place(run.project, feedback.markers)
  if not answer(feedback, placed, skipped) then return end
  report(feedback, placed, skipped)
  run.step, run.asked_s = "leaving", reaper.time_precise()
  show("")
end

local heard = {}

function heard.welcome()
  if run.step == "hello" then ask_for_analysis() end
end

function heard.refused(message)
  if message.code == "hello.first" then -- the daemon was started anew and does not know us
    if run.step == "hello" then return end -- an answer to what we said before we greeted it
    if not run.greeted_again then
      run.greeted_again = true
      return say_hello()
    end
  end
  stop(message.sentence or "the daemon refused without saying why.")
end

heard["job.queued"] = function(message)
  if message.id == run.request then run.job = message.job end
end

heard["job.progress"] = function(message)
  if message.job ~= run.job then return end
  show(("%d %%, %s"):format(math.floor(100 * (message.fraction or 0) + 0.5), message.stage or ""))
end

heard["job.failed"] = function(message)
  if message.job == run.job then stop(message.sentence or "the analysis failed.") end
end

function heard.feedback(message)
  message.markers = message.markers or json.list()
  if message.job == run.job then return place(message) end
  -- Meant for an action that was ended before: its project may be another one, so nothing is placed.
  answer(message, {}, ids_of(message.markers))
end

local function check_patience(now_s)
  local silent_s = now_s - math.max(run.heard_s, run.asked_s)
  if run.step == "hello" and silent_s > WELCOME_WITHIN_S then
    stop("the daemon does not answer. Try `uptrack daemon status`.")
  elseif run.step == "leaving" and (run.link:all_read() or silent_s > LEAVE_WITHIN_S) then
    stop()
  elseif run.step == "analysis" and not run.feedback then
    if silent_s > LOST_AFTER_S then
      stop("the daemon has not been heard of for a while. Try `uptrack daemon status`, then run this action again.")
    elseif silent_s > ASK_AFTER_S and not run.pinged then
      run.pinged = true
      send({type = "ping", id = run.link:new_id()})
    end
  end
end

local function look()
  if not run.step then return end
  local now_s = reaper.time_precise()
  if now_s >= run.look_s or run.link:is_busy() then
    run.look_s = now_s + LOOK_EVERY_S
    for _, message in ipairs(run.link:receive()) do
      run.heard_s, run.pinged = now_s, false
      local act = heard[message.type]
      if act and run.step then act(message) end
    end
    if run.feedback then place(run.feedback) end
    if run.step then check_patience(now_s) end
  end
  if run.step then reaper.defer(look) end
end

local function main()
  local path
  run.project, path = reaper.EnumProjects(-1)
  run.project_path = path ~= "" and path or nil -- an unsaved project has none
  run.start_s = reaper.GetCursorPositionEx(run.project)
  local chosen, file = reaper.GetUserFileNameForRead("", "UpTrack: choose the rendered mix", "wav")
  if not chosen then return end
  local opened, sentence = link.open("files")
  if not opened then return say(sentence) end
  run.link, run.file = opened, file
  run.link:forget_old()
  run.request = run.link:new_id()
  run.heard_s, run.look_s = reaper.time_precise(), 0
  -- Started again while it runs, this action ends itself and begins anew instead of asking (REAPER 7.03 and later).
  if reaper.APIExists("set_action_options") then reaper.set_action_options(1 | 2) end
  if say_hello() then look() end
end

main()
