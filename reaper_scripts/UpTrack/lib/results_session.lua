--[[
The results window at work: what it shows of the project in front, and what its buttons and keys do.

The window draws and reads input (`results/window.lua`); the report comes out of the project, where the actions keep it;
how far an analysis is comes from the board. Everything that takes longer than a moment is a coroutine that gets a
slice of each round. A conversation with the daemon is opened only when something has to be said.
]]

local actions = require("actions")
local again = require("again")
local board = require("board")
local browser = require("browser")
local conversation = require("conversation")
local daemon = require("daemon")
local fix_buttons = require("fix_buttons")
local fixes = require("fixes")
local json = require("json")
local kept_report = require("kept_report")
local live_audio = require("live_audio")
local looping = require("looping")
local pace = require("pace")
local project = require("project")
local ranges = require("ranges")
local remove = require("remove")
local render = require("render")
local report_text = require("report_text")
local say = require("say")
local skew = require("skew")
local settings = require("settings")
local state_of = require("results.state")
local window = require("results.window")

local session = {}

local SECTION = "UpTrack window"
local PLAY_STOP = 40044 -- "Transport: Play/stop"
local NOTHING_YET = "No report yet. Analyze the mix, or the selected tracks as stems."
local STEPS_A_FINDING = 5
local MOST_MARKERS = 12 -- what a report gives markers to
local POINT_BEFORE_S, POINT_AFTER_S = 1, 3
local NOTE_PLACE_EVERY_S = 1
local LOOK_AT_FIXES_EVERY_S = 1 -- a fader that is dragged changes the project in every round

local at = {} -- the session: state, project, feedback, talk, work, and what a click has begun

-- what is shown -------------------------------------------------------------------------------------------------------

local function changed()
  at.state.revision = at.state.revision + 1
end

local function finding_of(marker, on_timeline, records)
  local finding = {}
  for name, value in pairs(marker) do finding[name] = value end
  finding.shown, finding.is_telling = on_timeline, on_timeline
  finding.actions = marker.actions or {}
  local record = records[marker.id]
  if record then finding.fix = fix_buttons.shown(record) end
  return finding
end

local function report_of(proj, feedback)
  local report, spend = {}, at.budget.spend
  local records = fixes.latest(proj, spend)
  for name, value in pairs(feedback) do report[name] = value end
  report.findings = {}
  for _, marker in ipairs(feedback.markers) do
    report.findings[#report.findings + 1] = finding_of(marker, true, records)
    spend(STEPS_A_FINDING)
  end
  for _, marker in ipairs(feedback.more) do
    report.findings[#report.findings + 1] = finding_of(marker, false, records)
    spend(STEPS_A_FINDING)
  end
  report.tracks, report.areas, report.sections = feedback.tracks or {}, feedback.areas or {}, feedback.sections or {}
  report.start_s, report.duration_s = feedback.start_s or 0, feedback.duration_s or 0
  return report
end

local function find(id)
  for _, finding in ipairs(at.state.report and at.state.report.findings or {}) do
    if finding.id == id then return finding end
  end
  return nil
end

--- Do something in slices; one thing at a time, in the order it was asked for. It is dropped where the project it is
--- about is closed meanwhile, and where it fails: then `dropped()` is called. It lets what other projects ask for pass
--- while its own is behind another tab.
local function work(body, proj, song, dropped)
  proj, dropped = proj or at.project, dropped or function() end
  if not reaper.ValidatePtr2(0, proj, "ReaProject*") then return dropped() end
  if project.known_id(proj) then project.hold(proj) end
  at.queue[#at.queue + 1] = {
    thread = coroutine.create(body), project = proj, song = song or project.known_id(proj), dropped = dropped,
  }
end

--- Whether the project something was asked for is closed, or another song lies under its pointer.
local function is_past(item)
  if not reaper.ValidatePtr2(0, item.project, "ReaProject*") then return true end
  return item.song ~= nil and not project.holds(item.project, item.song)
end

local function load_report()
  local proj = at.project
  work(function()
    local feedback = kept_report.read(proj, at.budget.spend)
    if feedback then at.fix:hear(proj, feedback) end
    local report = feedback and report_of(proj, feedback) or nil
    if proj ~= at.project then return end
    at.feedback, at.state.report = feedback, report
    changed()
  end)
end

--- Show what became of each fix; undo and hands may have been there.
local function look_at_fixes()
  if at.looking then return end
  at.looking = true
  work(function()
    at.looking = false
    local report, spend = at.state.report, at.budget.spend
    local latest
    for _, finding in ipairs(report and report.findings or {}) do
      local shown = finding.fix and finding.fix.state
      if shown and shown ~= "preview" and shown ~= "measuring" and shown ~= "refused" then
        latest = latest or fixes.latest(at.project, spend)
        local record = latest[finding.id]
        if record then finding.fix = fix_buttons.shown(record) end
      end
      spend(1)
    end
    if latest then changed() end
  end)
end

--- While something is recorded, a click must not move anything: a loop would cut the take. What ends a loop may be done
--- (`looping` waits for the take).
local function is_recording()
  return reaper.GetPlayStateEx(at.project) & 4 ~= 0
end

--- Follow the project in front, what actions have put into it, and what undo has taken out.
local function follow(now_s)
  local proj, path = project.in_front()
  local tab, news = project.in_tab(proj, path), board.latest()
  if tab ~= at.tab or news ~= at.news then
    if tab ~= at.tab then
      at.state.report, at.feedback, at.own, at.looking = nil, nil, nil, false
      at.live:forget()
      changed()
    end
    at.project, at.path, at.tab, at.news = proj, path, tab, news
    at.changes = reaper.GetProjectStateChangeCount(proj)
    at.has_leftover = true
    load_report()
  end
  if at.has_leftover and not is_recording() then
    looping.clear_leftover(proj)
    at.has_leftover = nil
  end
  local changes = reaper.GetProjectStateChangeCount(proj)
  if changes ~= at.changes and now_s >= at.look_s then
    at.changes, at.look_s = changes, now_s + LOOK_AT_FIXES_EVERY_S
    look_at_fixes()
  end
end

local function show_progress()
  local progress, state = at.own or board.progress(), at.state
  state.progress, state.sentence = nil, nil
  if progress then
    state.phase, state.sentence = progress.phase, progress.sentence
    if progress.phase == "waiting" or progress.phase == "analysing" then
      state.progress = {fraction = progress.fraction or 0, stage = progress.stage or "", queued = progress.queued}
    end
  elseif state.report then
    state.phase = "done"
  else
    state.phase, state.sentence = "empty", NOTHING_YET
  end
end

local function decibels(value)
  return value > 0 and 20 * math.log(value, 10) or -150
end

--- The master's peaks as REAPER's own meter has them, which takes no set-up at all, and what the daemon hears.
local function show_live(now_s)
  local is_shown = at.state.view.tab == "live"
  local audio = at.live:round(is_shown, now_s)
  if not is_shown then
    at.state.live = nil
    return
  end
  local master = reaper.GetMasterTrack(at.project)
  at.state.live = {
    left_db = decibels(reaper.Track_GetPeakInfo(master, 0)),
    right_db = decibels(reaper.Track_GetPeakInfo(master, 1)),
    -- In hundredths of dB, as the API says.
    hold_db = 100 * math.max(
      reaper.Track_GetPeakHoldDB(master, 0, false), reaper.Track_GetPeakHoldDB(master, 1, false)
    ),
    note = "Sample peaks of the master track, as REAPER meters them.",
    audio = audio,
  }
end

-- the daemon ----------------------------------------------------------------------------------------------------------

local function fail(sentence)
  -- The Live tab asks again and again; what is said already need not be.
  if not (at.own and at.own.sentence == sentence) then say.line(sentence) end
  at.own = {phase = "failed", sentence = sentence}
end

local function events()
  local heard = {}

  function heard.welcome(message)
    skew.say(message.version)
    if at.own and (at.own.phase == "no daemon" or at.own.wire) then at.own = nil end
    local waiting = at.unsaid
    at.unsaid = {}
    for _, speak in ipairs(waiting) do speak(at.talk) end
  end

  function heard.progress(id, fraction, stage)
    if at.checks[id] then at.own = {phase = "analysing", fraction = fraction, stage = stage} end
  end

  function heard.failed(id, sentence)
    local check = at.checks[id]
    at.checks[id] = nil
    if check then check(nil, sentence) end
  end

  function heard.feedback(id, message)
    local check = at.checks[id]
    at.checks[id] = nil
    at.talk:applied(message, {}, {})
    if check then check(message) end
  end

  local function answered(id, message, sentence)
    local go_on = at.answers[id]
    at.answers[id] = nil
    if go_on then go_on(message, sentence) end
  end

  function heard.live(message)
    at.live:hears(message)
  end

  heard.noted, heard.dismissed = answered, answered
  function heard.refused(id, sentence)
    fail(sentence)
    answered(id, nil, sentence)
  end

  function heard.ended(sentence)
    at.talk = nil
    at.live:forget()
    local checks, answers, unsaid = at.checks, at.answers, at.unsaid
    at.checks, at.answers, at.unsaid = {}, {}, {}
    for _, check in pairs(checks) do check(nil, sentence) end
    for _, answer in pairs(answers) do answer(nil, sentence) end
    for _, speak in ipairs(unsaid) do speak(nil, sentence) end
    if sentence then
      fail(sentence)
      at.own.wire = true -- over as soon as a daemon welcomes us
    end
  end

  return heard
end

--- Say something to the daemon: `speak(talk)` is called once it knows us, or `speak(nil, sentence)` if it never does.
local function with_daemon(speak)
  if at.talk and at.talk:is_welcome() then return speak(at.talk) end
  if at.talk then
    at.unsaid[#at.unsaid + 1] = speak
    return
  end
  local talk, sentence = conversation.open("results", events())
  if not talk then
    at.own = {phase = "no daemon", sentence = sentence}
    return speak(nil, sentence)
  end
  at.unsaid[1] = speak
  at.talk = talk
  talk:begin(at.project, at.path)
end

-- what the user asks for ----------------------------------------------------------------------------------------------

--- The finding's span, a moment around it where it has none.
local function span_of(finding)
  if finding.end_s - finding.start_s >= 0.5 then return finding.start_s, finding.end_s end
  return math.max(0, finding.start_s - POINT_BEFORE_S), finding.end_s + POINT_AFTER_S
end

--- Of findings that are not dismissed any more, those that get a marker: what the report gives one, and as many more as
--- there is room for, since a finding that was dismissed before the analysis was given none.
local function to_be_marked(all, findings)
  local room, marked = MOST_MARKERS, {}
  for _, one in ipairs(all) do
    if one.shown then room = room - 1 end
  end
  for _, one in ipairs(findings) do
    if fix_buttons.is_open(one) and (one.is_telling or room > 0) then
      marked[#marked + 1], room = one, room - 1
    end
  end
  return marked
end

local function dismiss(intent, finding)
  local feedback, proj, song = at.feedback, at.project, project.known_id(at.project)
  local findings = at.state.report.findings
  local function done(message)
    if not message then return end
    local changed_ones = {}
    for _, one in ipairs(findings) do
      if one.id == finding.id or message.finding == nil and one.rule == finding.rule then
        one.dismissed = not message.undone
        changed_ones[#changed_ones + 1] = one
      end
    end
    work(function()
      if message.undone then
        local description = "UpTrack: " .. finding.title .. " is not meant"
        at.fix:mark_again(proj, feedback, to_be_marked(findings, changed_ones), description)
      else
        at.fix:unmark(proj, changed_ones, "UpTrack: " .. finding.title .. " is meant")
      end
    end, proj, song)
    changed()
  end
  with_daemon(function(talk)
    if talk then at.answers[talk:dismiss(feedback.run, finding.id, intent.scope, intent.undo)] = done end
  end)
end

--- Make the run that is shown once more: with the same tracks as stems, or of the same file.
local function analyze_again()
  at.own = nil
  again.wish(at.project, at.feedback)
  actions.start(actions.ANALYZE_MIX, at.project)
end

local acts = {}

--- The view goes there, and playback if there is any: whether something is to be heard is the user's to say.
local function go_to(time_s)
  reaper.SetEditCurPos2(at.project, time_s, true, true)
end

--- Go to a finding and loop its passage. One about most of the mix has none: then nothing else may stay looped.
function acts.jump(_, finding)
  if is_recording() then return end
  local start_s, end_s = span_of(finding)
  if settings.read().loop ~= "yes" or ranges.is_most(finding, at.state.report) then
    looping.end_it()
  else
    looping.hold(at.project, finding.id, start_s, end_s)
  end
  go_to(start_s)
end

function acts.loop(_, finding)
  if looping.finding(at.project) == finding.id then return looping.end_it() end
  if is_recording() then return end
  local start_s, end_s = span_of(finding)
  looping.hold(at.project, finding.id, start_s, end_s)
  go_to(start_s)
end

acts["end loop"] = looping.end_it

acts.dismiss = dismiss
function acts.preview(_, finding) at.fix:preview(finding) end
function acts.apply(_, finding) at.fix:apply(finding) end
function acts.revert(_, finding) at.fix:revert(finding) end

function acts.seek(intent)
  if is_recording() then return end
  looping.end_it()
  go_to(intent.time_s)
end

function acts.cancel(intent, finding)
  if intent.what == "preview" then return at.fix:forget_preview(finding) end
  board.ask_to_stop()
  for id, check in pairs(at.checks) do
    if type(id) == "table" then -- not asked yet
      at.checks[id] = nil
      check(nil)
    else
      at.talk:cancel(id)
    end
  end
end

local ANALYZES = {mix = actions.ANALYZE_MIX, stems = actions.ANALYZE_STEMS, live = actions.ANALYZE_LIVE}

local function is_of_a_file()
  return at.feedback ~= nil and at.feedback.asked ~= nil and at.feedback.asked.file ~= nil
end

function acts.analyze(intent)
  if intent.what == "mix" and is_of_a_file() then return analyze_again() end
  at.own = nil
  actions.start(ANALYZES[intent.what], at.project)
end

acts["live setup"] = function()
  at.live:set_up()
end

acts["place markers"] = function()
  local proj, feedback, wanted = at.project, at.feedback, {}
  for _, finding in ipairs(at.state.report.findings) do
    if finding.is_telling and fix_buttons.is_open(finding) then wanted[#wanted + 1] = finding end
  end
  work(function()
    local placed = at.fix:mark_again(proj, feedback, wanted, "UpTrack: place markers again", true)
    say.routine(placed > 0 and ("placed %d markers again."):format(placed) or "all markers stand where they belong.")
  end)
end

acts["remove all"] = function()
  local proj = at.project
  work(function()
    remove.from(proj, at.budget.spend)
    board.announce()
  end)
end

function acts.console()
  if at.feedback then report_text.write(at.feedback, nil, true) end
end

function acts.page()
  with_daemon(function(talk, problem)
    local opened, sentence = browser.open(talk and talk.url)
    if not opened then say.line(problem or sentence) end
  end)
end

acts["start daemon"] = function()
  local started, sentence = daemon.start()
  at.own = not started and {phase = "no daemon", sentence = sentence} or nil
  board.show(nil)
end

function acts.play()
  reaper.Main_OnCommandEx(PLAY_STOP, 0, at.project)
end

function acts.close()
  at.closing = true
end

local function act(intent)
  local finding = intent.finding and find(intent.finding)
  if intent.finding and not finding then return end
  local does = acts[intent.kind]
  if does then does(intent, finding) end
end

-- the round -----------------------------------------------------------------------------------------------------------

--- What is next: the first that does not wait for its project to come in front again, nor for one that does.
local function next_work()
  local waiting = {}
  for place, item in ipairs(at.queue) do
    if item.is_behind and project.is_in_front(item.project) then item.is_behind = nil end
    if item.is_behind and not is_past(item) then waiting[item.project] = true end
    if not waiting[item.project] then return item, place end
  end
end

local function resume()
  local item, place = next_work()
  if not item then return end
  if is_past(item) then
    table.remove(at.queue, place)
    return item.dropped()
  end
  at.budget.begin()
  local alive, outcome = coroutine.resume(item.thread)
  item.is_behind = outcome == "behind"
  if coroutine.status(item.thread) == "dead" then table.remove(at.queue, place) end
  if alive then return end
  say.line("something went wrong in the results window: " .. tostring(outcome))
  item.dropped()
end

local function kept_place()
  local read, place = pcall(json.decode, reaper.GetExtState(SECTION, "place"))
  return read and type(place) == "table" and place or nil
end

--- Note where the window is while it is there: once it is closed, REAPER has taken it out of its dock already.
local function note_place(now_s)
  if now_s < at.note_s then return end
  at.place, at.note_s = window.place(), now_s + NOTE_PLACE_EVERY_S
end

local function keep_place()
  if at.place then reaper.SetExtState(SECTION, "place", json.encode(at.place), true) end
end

local function leave()
  keep_place()
  window.close()
  board.window(false) -- a take may keep the script here for a while
  looping.end_it()
end

local function round()
  local now_s = reaper.time_precise()
  pace.tick()
  follow(now_s)
  if at.talk then at.talk:tick(now_s) end
  -- Rendering stands still for a while: the window says so a round before.
  if (at.soon or #at.later > 0) and render.must_wait(at.project) then
    at.own = {phase = "waiting", stage = "for the recording to end"}
    at.waits = true
  elseif at.waits then
    at.own, at.waits = at.soon and {phase = "rendering"} or nil, nil
  elseif at.soon then
    work(at.soon.body, at.soon.project, at.soon.song)
    at.soon, at.own = nil, nil
  elseif #at.later > 0 and not next(at.checks) then
    at.soon = table.remove(at.later, 1)
    at.own = {phase = "rendering"}
  end
  -- A frame costs about what a tick may: who works now draws in the next round.
  local works = #at.queue > 0 and not (at.worked and window.has_to_draw(at.state))
  if works then resume() end
  at.worked = works
  show_progress()
  show_live(now_s)
  at.state.looped = looping.finding(at.project)
  local intents = window.tick(at.state, works)
  for _, intent in ipairs(intents or {}) do act(intent) end
  if not intents then return leave() end
  note_place(at.closing and at.note_s or now_s)
  if at.closing then return leave() end
  reaper.defer(round)
end

--- Open the window and stay until the user closes it.
function session.run()
  at.state, at.queue, at.later, at.worked = state_of.new(), {}, {}, true
  at.state.is_mac = reaper.GetOS():find("[Oo][Ss]") ~= nil -- "OSX64", "macOS-arm64"; others are "Win64", "Other"
  at.checks, at.answers, at.unsaid = {}, {}, {}
  at.budget, at.look_s = pace.budget(), reaper.time_precise()
  at.place, at.note_s = nil, at.look_s
  at.work, at.changed, at.with_daemon, at.analyze_again = work, changed, with_daemon, analyze_again
  at.fix, at.live = fix_buttons.new(at), live_audio.new(at)
  -- Started again while it is open, the window comes to the front anew instead of asking (REAPER 7.03 and later).
  if reaper.APIExists("set_action_options") then reaper.set_action_options(1 | 2) end
  window.open("UpTrack", kept_place())
  board.window(true)
  reaper.atexit(function()
    board.window(false)
    keep_place()
    window.close()
    looping.end_now()
  end)
  reaper.defer(round) -- loading all this was this tick's work
end

return session
