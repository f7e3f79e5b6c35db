--[[
How the results window looks: colours, type sizes, and the marks of severities.

A severity is never told by colour alone: it has a mark of its own shape, and its word wherever there is room. `colour`
is the one the daemon gives markers, so that window and timeline agree; `ink` is the same hue light enough to be read as
text on the window's ground.
]]

local theme = {}

--- A colour, "#rrggbb", as the canvas takes it; nil for what is none, such as a track without.
local function rgb(text)
  local red, green, blue = tostring(text):match("^#(%x%x)(%x%x)(%x%x)$")
  if not red then return nil end
  return {tonumber(red, 16) / 255, tonumber(green, 16) / 255, tonumber(blue, 16) / 255}
end

theme.colour = {
  ground = rgb("#16181d"),
  panel = rgb("#1d2026"),
  raised = rgb("#2a2e37"),
  hover = rgb("#353b47"),
  selected = rgb("#2b3a52"),
  line = rgb("#343944"),
  trough = rgb("#0e1013"),
  text = rgb("#e7e9ee"),
  dim = rgb("#a0a6b4"),
  accent = rgb("#6aa9ff"),
  good = rgb("#46a758"),
  fair = rgb("#e2b203"),
  poor = rgb("#e5484d"),
}

--- Heights of a line of type; `gfx.setfont` takes the cell's height, not the letter's.
theme.FACE = "Arial"
theme.fonts = {
  small = {slot = 1, size = 13},
  normal = {slot = 2, size = 15},
  bold = {slot = 3, size = 15, bold = true},
  title = {slot = 4, size = 18, bold = true},
  score = {slot = 5, size = 50, bold = true},
}

theme.SEVERITIES = {"info", "minor", "moderate", "major", "blocker"}

local severities = {
  info = {rank = 1, word = "info", mark = "ring", colour = rgb("#8b8d98"), ink = rgb("#a9abb5")},
  minor = {rank = 2, word = "minor", mark = "dot", colour = rgb("#e2b203"), ink = rgb("#e2b203")},
  moderate = {rank = 3, word = "moderate", mark = "diamond", colour = rgb("#f76b15"), ink = rgb("#ff8a43")},
  major = {rank = 4, word = "major", mark = "triangle", colour = rgb("#e5484d"), ink = rgb("#ff7a7f")},
  blocker = {rank = 5, word = "blocker", mark = "stop", colour = rgb("#b0123b"), ink = rgb("#ff6e96")},
}

--- A severity's rank, word, mark and colours; one we do not know is shown as information.
function theme.severity_of(name)
  return severities[name] or severities.info
end

theme.sections = {
  intro = rgb("#2d4a63"), build = rgb("#55476e"), drop = rgb("#74414f"), ["break"] = rgb("#2f5a52"),
  outro = rgb("#3d4a58"),
}
theme.other_section = rgb("#3a3f4a")

--- The colour of a score's bar; its number always stands beside it.
function theme.score_colour(score)
  if score >= 75 then return theme.colour.good end
  return score >= 50 and theme.colour.fair or theme.colour.poor
end

theme.of_track = rgb

return theme
