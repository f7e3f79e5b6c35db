--[[
@description UpTrack: Settings
@version 0.1.0
@author The UpTrack Companion authors
@link https://uptrack.pro
@about
  Genre, target, references, what "Analyze mix" renders, and how findings are shown. Kept by REAPER.
]]

local folder = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = folder .. "lib/?.lua;" .. package.path

local say = require("say")
local settings = require("settings")

local kept, sentence = settings.ask()
if kept then
  say.passing("the settings are kept")
elseif sentence then
  say.line(sentence)
end
