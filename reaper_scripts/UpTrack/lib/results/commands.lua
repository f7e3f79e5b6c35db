--[[
Everything the window can be told, each thing once: its key, its words, when it makes sense, and the intent that comes
out. Keys, buttons and the page of keys all read this table.

Intents, plain tables, for the script outside:
  {kind = "jump", finding}   {kind = "loop", finding}   {kind = "end loop"}
  {kind = "seek", time_s}   a place on the ruler strip
  {kind = "dismiss", finding, scope = "finding" | "rule", undo = bool}
  {kind = "preview" | "apply" | "revert", finding}
  {kind = "cancel", what = "preview", finding}   {kind = "cancel", what = "job"}
  {kind = "analyze", what = "mix" | "stems" | "live"}   {kind = "live setup"}
  {kind = "place markers"}   {kind = "remove all"}   {kind = "start daemon"}
  {kind = "console"}   {kind = "page"}   {kind = "play"}   {kind = "close"}
]]

local states = require("results.state")
local theme = require("results.theme")

local commands = {}

local BUSY = {rendering = true, waiting = true, analysing = true}

local function on_findings(now)
  return now.view.tab == "findings" and states.selected(now) or nil
end

local function about(kind)
  return function(now) return {kind = kind, finding = states.selected(now).id} end
end

local function dismissal(scope)
  return function(now)
    local finding = states.selected(now)
    return {kind = "dismiss", finding = finding.id, scope = scope, undo = finding.dismissed or false}
  end
end

local function fix_is(...)
  local wanted = {}
  for _, name in ipairs({...}) do wanted[name] = true end
  return function(now)
    local finding = on_findings(now)
    return finding and wanted[finding.fix and finding.fix.state or "none"] or false
  end
end

local previewing, applied = fix_is("preview"), fix_is("applied", "measuring", "closed", "remaining", "unknown")
local open_to_preview = fix_is("none", "reverted", "refused")

local function can_preview(now)
  local finding = on_findings(now)
  return finding and open_to_preview(now) and #(finding.actions or {}) > 0 or false
end

local function has_report(now)
  return now.report ~= nil
end

local function is_looped(now)
  local finding = states.selected(now)
  return finding ~= nil and finding.id == now.looped
end

local function is_free(now)
  return not BUSY[now.phase]
end

local function live_step(now)
  return now.view.tab == "live" and now.live and now.live.audio and now.live.audio.step
end

local function show_tab(tab)
  return function(now) now.view.tab, now.view.detail = tab, false end
end

local function next_filter(now)
  local view = now.view
  local order = {"all", table.unpack(theme.SEVERITIES, 2)} -- "info and above" would be all
  for index, name in ipairs(order) do
    if name == view.filter then
      view.filter = order[index % #order + 1]
      break
    end
  end
  view.scroll = 0
  states.settle(now)
end

--- In a narrow window the detail lies over the list, so going to a finding opens it as well.
local function jump(now)
  now.view.detail = true
  return about("jump")(now)
end

local function remove_all(now)
  if not now.view.asking then
    now.view.asking = true -- the banner asks, a second time removes, and Esc takes the question back
    return nil
  end
  now.view.asking = false
  return {kind = "remove all"}
end

local function intent(kind, what)
  return function() return {kind = kind, what = what} end
end

local function escape(now, docked)
  local view = now.view
  if view.help then view.help = false
  elseif view.asking then view.asking = false
  elseif has_report(now) and previewing(now) then
    return {kind = "cancel", what = "preview", finding = states.selected(now).id}
  elseif view.focus ~= "list" then view.focus, view.item = "list", nil
  elseif now.looped then return {kind = "end loop"}
  elseif view.detail then view.detail = false
  elseif not docked then return {kind = "close"} end -- a docked window is furniture: Esc is no way to lose it
  return nil
end

--- In the order the page of keys shows them. `key` is a key's name in canvas.lua; `able` is when it does something.
commands.list = {
  {name = "jump", key = "enter", label = "Go there", help = "Go to the finding and loop its passage",
    able = on_findings, run = jump},
  {name = "loop", key = "l", label = "Loop", help = "Loop its passage, or stop that", able = on_findings,
    run = about("loop")},
  {name = "dismiss", key = "d", label = "Dismiss", help = "Dismiss: it is meant (again: take that back)",
    able = on_findings, run = dismissal("finding")},
  {name = "dismiss rule", key = "D", label = "Dismiss rule", help = "Dismiss all its rule finds in this project",
    able = on_findings, run = dismissal("rule")},
  {name = "preview", key = "p", label = "Preview fix", help = "Preview a fix", able = can_preview,
    run = about("preview")},
  {name = "apply", key = "a", label = "Apply fix", help = "Apply the fix shown", able = previewing,
    run = about("apply")},
  {name = "revert", key = "r", label = "Revert fix", help = "Take an applied fix back", able = applied,
    run = about("revert")},
  {name = "filter", key = "f", label = "Filter", help = "List only what is at least this severe", able = has_report,
    run = next_filter},
  {name = "stems", key = "s", label = "Stems", help = "Stems, or back to the findings", able = has_report,
    run = function(now) return show_tab(now.view.tab == "stems" and "findings" or "stems")(now) end},
  {name = "tab 1", key = "1", label = "Findings", help = "Findings", able = has_report, run = show_tab("findings")},
  {name = "tab 2", key = "2", label = "Stems", help = "Stems", able = has_report, run = show_tab("stems")},
  {name = "tab 3", key = "3", label = "Versions", help = "Versions", able = has_report, run = show_tab("versions")},
  {name = "tab 4", key = "4", label = "Live", help = "Live: meter, and analyzing what you play",
    able = function() return true end, run = show_tab("live")},
  {name = "analyze mix", key = "m", label = "Analyze mix", help = "Render and analyze the mix", able = is_free,
    run = intent("analyze", "mix")},
  {name = "analyze stems", key = "M", label = "Analyze stems", help = "Render and analyze mix and stems",
    able = is_free, run = intent("analyze", "stems")},
  {name = "analyze live", key = "v", label = "Analyze what was played", help = "Analyze what was played (Live)",
    able = function(now) return live_step(now) == "heard" and now.live.audio.able and is_free(now) end,
    run = intent("analyze", "live")},
  {name = "live setup", key = "u", label = "Set up live audio", help = "Set up live audio (Live)",
    able = function(now) return live_step(now) == "none" or live_step(now) == "clicks" end,
    run = intent("live setup")},
  {name = "stop", key = "x", label = "Cancel", help = "Cancel the analysis",
    able = function(now) return not is_free(now) end, run = intent("cancel", "job")},
  {name = "console", key = "c", label = "Text report", help = "Report as text, in the console", able = has_report,
    run = intent("console")},
  {name = "page", key = "w", label = "Web page", help = "Open the report in the browser", able = has_report,
    run = intent("page")},
  {name = "place markers", key = "b", label = "Place markers", help = "Bring all markers back, deleted ones too",
    able = has_report, run = intent("place markers")},
  {name = "remove all", key = "delete", label = "Remove markers", help = "Remove all UpTrack put into the project",
    able = has_report, run = remove_all},
  {name = "start daemon", key = "g", label = "Start UpTrack", help = "Start UpTrack's own process",
    able = function(now) return now.phase == "no daemon" end, run = intent("start daemon")},
  {name = "play", key = "space", label = "Play", help = "Play or stop, as everywhere in REAPER",
    able = function() return true end, run = intent("play")},
  {name = "help", key = "?", label = "Keys", help = "This page", able = function() return true end,
    run = function(now) now.view.help, now.view.help_scroll = not now.view.help, 0 end},
  {name = "escape", key = "esc", label = "Back", help = "One step back; at last, close the window",
    able = function() return true end, run = escape},
}

commands.by_name, commands.by_key = {}, {}
for _, command in ipairs(commands.list) do
  commands.by_name[command.name], commands.by_key[command.key] = command, command
end
commands.by_key.f1 = commands.by_name.help

function commands.able(name, now)
  return commands.by_name[name].able(now) and true or false
end

--- What the key is called that removes everything.
function commands.delete_key(now)
  return now.is_mac and "Delete (⌫)" or "Delete"
end

--- A button's label where it depends on the state.
function commands.label(name, now)
  local finding = states.selected(now)
  if (name == "dismiss" or name == "dismiss rule") and finding and finding.dismissed then
    return name == "dismiss" and "Take back" or "Take rule back"
  end
  if name == "loop" and is_looped(now) then return "Stop looping" end
  if name == "analyze mix" and now.report and (now.report.asked or {}).file then return "Analyze file again" end
  if name == "live setup" and live_step(now) == "clicks" then return "Show ReaStream" end
  if name == "remove all" and now.view.asking then return "Really remove?" end
  return commands.by_name[name].label
end

--- Do it, if it makes sense now; returns the intent, if one comes of it.
function commands.run(name, now, docked)
  if name ~= "remove all" and name ~= "escape" then now.view.asking = false end
  if not commands.able(name, now) then return nil end
  return commands.by_name[name].run(now, docked)
end

return commands
