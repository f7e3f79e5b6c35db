--[[
One analysis from the key press to the markers: what every "Analyze ..." action does once it knows what to render.

  analysis.run {
    role = "mix", project = proj, path = project file,
    jobs = {{range = {start_s, end_s, whole, part}, tracks = {...}}...}   to be rendered, or
    jobs = {{file = path, name, part, start_s = ...}...}                  that exist, each a song of its own, or
    jobs = {{capture = true}}                                             of what was just played
  }

The daemon is asked for first: rendering for minutes only to find that nobody listens helps no one. Where it does not
run it is started. Everything waits in `defer`; nothing is changed while another project tab is in front.
]]

local actions = require("actions")
local board = require("board")
local conversation = require("conversation")
local daemon = require("daemon")
local edits = require("edits")
local json = require("json")
local kept_report = require("kept_report")
local markers = require("markers")
local pace = require("pace")
local playback = require("playback")
local project = require("project")
local render = require("render")
local report_text = require("report_text")
local say = require("say")
local skew = require("skew")
local settings = require("settings")
local track_notes = require("track_notes")

local analysis = {}

local STARTING_WITHIN_S = 20
local TRY_EVERY_S = 0.5

local function show(sentence, progress)
  say.passing(sentence)
  board.show(progress)
end

-- asking --------------------------------------------------------------------------------------------------------------

local function request_for(run, job)
  local chosen, spend = run.settings, run.budget.spend
  return {
    mix = {path = job.file},
    stems = #(job.stems or {}) > 0 and json.list(job.stems) or nil,
    genre = chosen.genre ~= "" and chosen.genre or nil,
    target = chosen.target,
    references = #run.references > 0 and json.list(run.references) or nil,
    project = project.facts(run.project, run.path, job.start_s, job.part, job.name, spend),
  }
end

--- Render what a job needs; REAPER stands still meanwhile. Nil and a sentence where it failed.
local function render_job(run, job)
  if not job.range then return true end
  if not project.is_in_front(run.project) then
    return nil, "another project is in front now, so nothing was rendered."
  end
  local caveat, why = render.caveat(run.project)
  if caveat and run.caveat ~= caveat then say.line(why) end
  run.caveat, job.caveat = caveat, caveat
  local rendered, sentence = render.run(run.project, job.range, job.tracks or {}, run.talk.link.found.audio)
  if not rendered then return nil, sentence end
  job.file, job.stems, job.start_s, job.part = rendered.mix, rendered.stems, job.range.start_s, job.range.part
  for _, missing in ipairs(rendered.missing) do say.line(missing) end
  return true
end

--- Ask for what was just played; `taken` goes on with it.
local function capture(run, job)
  local heard, sentence = playback.heard(run.project, reaper.time_precise())
  if not heard then return run.stop(sentence) end
  job.until_s = heard.until_s
  run.id = run.talk:capture {seconds = heard.seconds, ago_s = heard.ago_s}
  show("capturing " .. job.what .. " ...", {phase = "waiting", id = run.id})
end

--- Ask for a job's analysis once its project is in front.
local function ask(run, job)
  run.work = coroutine.create(function()
    run.id = run.talk:ask(request_for(run, job))
    show("waiting for the analysis of " .. job.what, {phase = "waiting", id = run.id})
  end)
end

local function say_rendering(run, job)
  run.talk:state("rendering")
  run.says_rendering = true
  show("rendering " .. job.what .. " ...", {phase = "rendering"})
end

--- A job could not be had: the others still can. Of the last one it is the end.
local function go_on_without(run, sentence)
  if run.stopped or run.at >= #run.jobs then return run.stop(sentence) end
  say.line(("%s: %s"):format(run.jobs[run.at].what, sentence))
  run.id = nil
  return run.next_job()
end

--- Render the next job on the round after next, so that "rendering" is on the screen and on the wire by then.
local function next_job(run)
  if run.stopped then return end
  run.at = run.at + 1
  local job = run.jobs[run.at]
  if not job then return end
  if job.range and not render.must_wait(run.project) then say_rendering(run, job) end
  run.render_in = 2
end

local function rendering_is_over(run)
  if run.says_rendering then run.talk:state("idle") end
  run.says_rendering = false
end

--- Whether something is recorded, which a render would end: then the job waits, and its render is said anew.
local function wait_for_recording(run, job)
  if render.must_wait(run.project) then
    rendering_is_over(run)
    run.render_in = 1
    if not run.says_waiting then
      say.routine(job.what .. " is rendered once the recording has ended.")
      show("waiting for the recording to end", {phase = "waiting", stage = "for the recording to end"})
    end
    run.says_waiting = true
    return true
  end
  run.says_waiting = false
  if run.says_rendering then return false end
  say_rendering(run, job)
  run.render_in = 2
  return true
end

local function render_when_shown(run)
  if not run.render_in then return end
  run.render_in = run.render_in - 1
  if run.render_in > 0 then return end
  local job = run.jobs[run.at]
  if job.range and wait_for_recording(run, job) then return end
  run.render_in = nil
  if job.capture then return capture(run, job) end
  local rendered, sentence = render_job(run, job)
  if not run.talk:is_open() then return end
  rendering_is_over(run)
  if not rendered and not project.is_in_front(run.project) then return run.stop(sentence) end
  if not rendered then return go_on_without(run, sentence) end
  ask(run, job)
end

-- placing -------------------------------------------------------------------------------------------------------------

local function ids_of(list)
  local ids = {}
  for index, marker in ipairs(list) do ids[index] = marker.id end
  return ids
end

--- Put a feedback on the timeline, in a coroutine.
local function place(run, job, feedback)
  local proj = run.project
  while not project.is_in_front(proj) do coroutine.yield("behind") end
  local range = job.range
  if job.caveat then feedback.status = ("%s · %s"):format(feedback.status or "done", job.caveat) end
  local options = markers.options(feedback, run.settings, job.part, run.budget.spend)
  local plan = markers.plan(proj, feedback.markers, options)
  local in_sws = run.settings.sws_notes == "yes"
  for _, operation in ipairs(track_notes.plan(proj, feedback.tracks or {}, in_sws, run.budget.spend)) do
    plan.operations[#plan.operations + 1] = operation
  end
  local description = ("UpTrack: show %d findings"):format(#feedback.markers)
  edits.step(proj, description, plan)
  run.budget.spend(pace.STEPS_A_TICK) -- the step's end has used this tick up
  -- What was asked for, so that the window can ask for it again.
  local asked = {role = run.role, whole = range and range.whole or false, part = job.part}
  if not range and not job.capture then asked.file, asked.name = job.file, job.name end
  kept_report.write(proj, feedback, asked, run.budget.spend)
  run.placing = nil
  local not_there = table.move(plan.skipped, 1, #plan.skipped, 1, {})
  run.talk:applied(feedback, plan.placed, table.move(plan.left, 1, #plan.left, #not_there + 1, not_there))
  report_text.write(feedback, plan)
  board.announce()
  if run.at < #run.jobs then return next_job(run) end
  run.talk:leave()
end

-- the round -----------------------------------------------------------------------------------------------------------

local function resume(run)
  if not run.work then return end
  if not project.is_open(run.project) then
    run.work = nil
    if run.placing then run.talk:applied(run.placing, {}, ids_of(run.placing.markers)) end
    return run.stop("the project was closed before the analysis was done, so no marker was placed.")
  end
  run.budget.begin()
  local alive, word = coroutine.resume(run.work)
  if not alive then
    run.work = nil
    return run.stop("something went wrong: " .. tostring(word))
  end
  run.is_behind = word == "behind"
  if coroutine.status(run.work) == "dead" then
    run.work = nil
  elseif run.is_behind then
    say.passing(run.placing and "the analysis is done; bring its project to the front to get the markers"
      or "bring the project that is to be analyzed to the front: its bars can be read only there")
  end
end

--- Start the daemon and wait for it; nil and a sentence where that cannot be done from here.
local function start_daemon(run)
  local started, sentence = daemon.start()
  if not started then return nil, sentence end
  show("starting the daemon ...", {phase = "waiting"})
  local now_s = reaper.time_precise()
  run.started, run.try_s, run.give_up_s = true, now_s + TRY_EVERY_S, now_s + STARTING_WITHIN_S
  return true
end

--- A project that was saved under a new name is its song's next version, or another song: nobody but the user knows.
local function say_what_it_carries_on(run)
  local before = project.is_open(run.project) and project.carried_on_from(run.project, run.path)
  if not before then return end
  say.line(("this project carries on from %s, and is compared with it as the next version of that song. Is it another "
    .. "song, made from a template for example? Then say so in UpTrack: Settings, “%s”."):format(
    before, settings.ANOTHER_SONG))
end

local function events_of(run)
  local events = {}

  function events.welcome(message)
    skew.say(message.version)
    if run.at > 0 then return end
    say_what_it_carries_on(run)
    next_job(run)
  end

  function events.taken(id, message)
    if id ~= run.id then return end
    local job = run.jobs[run.at]
    job.file, job.start_s = message.path, job.until_s - message.seconds
    if message.missing_s > 0 then
      say.line(("%.1f s of the live audio were lost on the way: clicks that are found may not be in your mix.")
        :format(message.missing_s))
    end
    ask(run, job)
  end

  function events.queued(id, position)
    if id == run.id and position > 0 then
      show(("%d analyses come first"):format(position), {phase = "waiting", queued = position, id = id})
    end
  end

  function events.progress(id, fraction, stage)
    if id ~= run.id then return end
    local part = #run.jobs > 1 and (" (%d of %d)"):format(run.at, #run.jobs) or ""
    show(("%d %%, %s%s"):format(math.floor(100 * fraction + 0.5), stage, part),
      {phase = "analysing", fraction = fraction, stage = stage, id = id})
  end

  function events.failed(_, sentence) go_on_without(run, sentence) end

  function events.feedback(_, message)
    if run.stopped then return run.talk:applied(message, {}, ids_of(message.markers)) end
    local job = run.jobs[run.at]
    run.placing = message
    run.work = coroutine.create(function() place(run, job, message) end)
  end

  function events.ended(sentence, silent)
    -- A daemon that was killed leaves its bridge.json: nobody is there, so one is started.
    if silent and run.at == 0 and not run.started and start_daemon(run) then return end
    run.over = true
    local last = sentence or run.said
    show("", last and {phase = "failed", sentence = last} or nil)
    if sentence then say.line(sentence) end
  end

  return events
end

local function open_talk(run)
  local talk, sentence = conversation.open(run.role, events_of(run))
  if not talk then return nil, sentence end
  run.talk = talk
  talk:begin(run.project, run.path)
  return true
end

--- Wait for a daemon that was just started.
local function wait_for_daemon(run, now_s)
  if board.asked_to_stop() then
    run.over = true
    return run.stop("the analysis was cancelled.")
  end
  if now_s < run.try_s then return end
  run.try_s = now_s + TRY_EVERY_S
  local opened = open_talk(run)
  if opened then
    run.try_s = nil
  elseif now_s > run.give_up_s then
    run.over = true
    show("", {phase = "no daemon", sentence = "The UpTrack daemon was started, but does not come up."})
    say.line("the daemon was started, but does not come up. Try `uptrack daemon start` in a terminal: it says why.")
  end
end

local function round(run)
  local now_s = reaper.time_precise()
  pace.tick()
  if run.try_s then
    wait_for_daemon(run, now_s)
  else
    if board.asked_to_stop() then
      run.talk:cancel(run.id)
      if run.placing then run.talk:applied(run.placing, {}, ids_of(run.placing.markers)) end
      run.work, run.placing = nil, nil
      run.stop("the analysis was cancelled.")
    end
    -- A feedback that is being placed, or waits for its project to come to the front, needs no word from anybody.
    -- One that waits to be asked for may have to wait for long: the daemon must not take us for dead.
    if not run.work or run.is_behind and not run.placing then run.talk:tick(now_s) end
    resume(run)
    render_when_shown(run)
  end
  if not run.over then reaper.defer(function() round(run) end) end
end

--- Run one; returns at once.
function analysis.run(run)
  run.settings, run.at, run.budget = settings.read(), 0, pace.budget()
  run.references = settings.references(run.settings)
  -- Started again while it runs, an action ends itself and begins anew instead of asking (REAPER 7.03 and later).
  if reaper.APIExists("set_action_options") then reaper.set_action_options(1 | 2) end
  reaper.atexit(function()
    if not run.over then show("", nil) end -- ended from outside: nothing of it may stay on the board
  end)
  project.hold(run.project)
  function run.next_job() next_job(run) end
  function run.stop(sentence)
    run.stopped = true
    if run.talk and run.talk:is_open() then
      run.said = sentence
      rendering_is_over(run)
      run.talk:leave()
    end
    run.id, run.render_in = nil, nil
    if sentence then
      board.show({phase = "failed", sentence = sentence})
      say.passing("")
      say.line(sentence)
    end
  end
  board.asked_to_stop() -- what was asked of an earlier run is over
  local opened, sentence = open_talk(run)
  if not opened then
    local started, why = start_daemon(run)
    if not started then
      run.over = true
      board.show({phase = "no daemon", sentence = why})
      return say.line(sentence:find("not running", 1, true) and why or sentence)
    end
  end
  round(run)
  if run.settings.window == "yes" and not run.over and not board.window_is_open() then
    actions.start(actions.RESULTS, run.project)
  end
end

return analysis
