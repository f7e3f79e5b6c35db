--[[
@description UpTrack: Settings
@version 0.1.0
@author The UpTrack Companion authors
@link https://uptrack.pro
@about
  Genre, target, references, what "Analyze mix" renders, and how findings are shown. Kept by REAPER. In a project that
  was analysed it can also be said that it is another song than it is taken for.
]]

reaper.defer(function() end) -- or REAPER makes an undo step of a run that changes nothing
local folder = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
-- On Windows Lua opens names in the system's own code page, and REAPER writes them in UTF-8: the letters of Western
-- Europe are tried as one byte each.
local plain = folder:gsub("[\xC2\xC3][\x80-\xBF]", function(letter) return string.char(utf8.codepoint(letter)) end)
package.path = folder .. "lib/?.lua;" .. plain .. "lib/?.lua;" .. package.path
if reaper.GetOS():find("^Win") and not package.searchpath("json", package.path) then
  return reaper.ShowConsoleMsg("UpTrack: on Windows scripts can open only what has plain letters in its path, and "
    .. folder .. " has others. Install into a portable REAPER in a folder such as C:\\REAPER (`uptrack install reaper "
    .. "--resource-path C:\\REAPER`), or switch on Windows' own “Use Unicode UTF-8 for worldwide language support”.\n")
end

local another_song = require("another_song")
local project = require("project")
local say = require("say")
local settings = require("settings")

local function main()
  local proj, path = project.in_front()
  local kept, sentence, is_another = settings.ask(project.known_id(proj) ~= nil)
  if kept then
    say.passing("the settings are kept")
  elseif sentence then
    say.line(sentence)
  end
  if is_another then another_song.begin(proj, path) end
end

main()
