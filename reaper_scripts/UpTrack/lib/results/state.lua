--[[
What the results window shows: the contract between whoever builds the state and whoever draws it.

The state is a plain table. Its builder fills in everything but `view`, which belongs to the window: mouse and keys
change it, and a builder leaves it alone. Times are project seconds, text is UTF-8, levels are decibels.

  state.revision   counts up with every change inside `report`; a change nobody counted may stay undrawn. The
                   other fields are compared by value, so that a meter or a progress bar need not count
  state.phase      "empty" | "no daemon" | "rendering" | "waiting" | "analysing" | "done" | "failed"
  state.sentence   what to say for "no daemon", "failed" and "empty"; may be long
  state.progress   nil or {fraction = 0..1, stage = "spectrum", queued = nil or how many come first}
  state.report     nil, or
    {status, score (nil if there is none), coverage = 0..1, genre, target, project, start_s, duration_s,
     areas = {{area = "low end", score (nil if not measured), coverage}...},
     sections = {{kind = "drop" or nil, start_s, end_s, bar = "65.1"}...},
     since = nil or {sentence, fixed, new, worse, better, unchanged, score_before, score_after,
       changes = {{status = "new" | "worse" | "fixed" | "better", title, severity, bar, stem, start_s = nil where its
                   place is gone, finding = nil or the id of one of the findings}...}},
     findings = {{id, rule, area, severity = "info" | "minor" | "moderate" | "major" | "blocker", title, text, advice,
                  start_s, end_s, bar, stem, track, value, unit, confidence = 0..1, points, low_hz, high_hz,
                  expected_delta = text, shown = whether it has a marker, is_telling = whether the
                  report gives it one, dismissed = bool,
                  actions = {{kind = "EQ", text, gain_db, frequency_hz, q}...},
                  fix = nil or {state = "preview" | "applied" | "measuring" | "closed" | "remaining" | "unknown" |
                                "reverted" | "refused", lines = {"..."}, sentence}}...},   most valuable first
     tracks = {{track, name, text, score, loudness_lufs, findings = {ids}}...}}
  state.looped     the id of the finding whose passage is looped, or nil
  state.is_mac     whether keys have the names of a Mac's
  state.live       nil or {left_db, right_db, hold_db, note, audio = nil or
                     {step = "none" | "clicks" | "heard" | "deaf", sentence, able = whether something can be captured}}
  state.view       made by `state.new`: {selected = index among the listed findings, scroll, filter = "all" or the least
                   severity listed, area = "" or the one area listed, stem = "" or the one stem listed,
                   tab = "findings" | "stems" | "versions" | "live", detail, help, asking = bool, and what the mouse
                   and the focus are on}

The window answers with intents, plain tables too; `commands.lua` lists them.
]]

local theme = require("results.theme")

local state = {}

state.TABS = {"findings", "stems", "versions", "live"}

--- A state in which nothing has happened yet.
function state.new()
  return {
    revision = 0,
    phase = "empty",
    view = {
      selected = 1, selected_id = nil, scroll = 0, detail_scroll = 0, help_scroll = 0, stems_scroll = 0,
      versions_scroll = 0,
      filter = "all", area = "", stem = "", tab = "findings", detail = false, help = false, asking = false,
      hover = nil, pressed = nil, down = false, focus = "list", item = nil,
    },
  }
end

local function passes(finding, view, least)
  return theme.severity_of(finding.severity).rank >= least
    and (view.area == "" or finding.area == view.area)
    and (view.stem == "" or finding.stem == view.stem)
end

local kept = {} -- the last list and what it was made from: it is asked for many times between two changes

--- The findings that pass the filters, in the report's order.
function state.listed(now)
  local report, view = now.report, now.view
  if not report then return {} end
  if kept.findings == report.findings and kept.revision == now.revision and kept.filter == view.filter
    and kept.area == view.area and kept.stem == view.stem then
    return kept.list
  end
  local least = view.filter == "all" and 0 or theme.severity_of(view.filter).rank
  local list = {}
  for _, finding in ipairs(report.findings) do
    if passes(finding, view, least) then list[#list + 1] = finding end
  end
  kept = {findings = report.findings, revision = now.revision, filter = view.filter, area = view.area,
    stem = view.stem, list = list}
  return list
end

--- Select a listed finding by its index, held to what there is.
function state.select(now, index)
  local list, view = state.listed(now), now.view
  view.selected = math.max(1, math.min(index, #list))
  local finding = list[view.selected]
  local id = finding and finding.id
  if id ~= view.selected_id then view.detail_scroll = 0 end
  view.selected_id = id or view.selected_id
end

--- Keep the same finding selected when the list has changed around it.
function state.settle(now)
  local list, view = state.listed(now), now.view
  local here = list[view.selected]
  if here and here.id == view.selected_id then return end
  for index, finding in ipairs(list) do
    if finding.id == view.selected_id then
      view.selected = index
      return
    end
  end
  state.select(now, view.selected)
end

--- The finding that is selected, or nil.
function state.selected(now)
  return state.listed(now)[now.view.selected]
end

return state
