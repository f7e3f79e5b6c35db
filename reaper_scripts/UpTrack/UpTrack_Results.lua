--[[
@description UpTrack: Results
@version 0.1.0
@author The UpTrack Companion authors
@link https://uptrack.pro
@provides
  [nomain] lib/*.lua
  [nomain] lib/results/*.lua
@about
  The last report of the project in front, in a window that can be docked: score and areas, findings, stems, what
  changed since the version before, and fixes that can be tried, measured again and taken back. Press ? for its keys.
]]

local folder = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = folder .. "lib/?.lua;" .. package.path

local session = require("results_session")

session.run()
