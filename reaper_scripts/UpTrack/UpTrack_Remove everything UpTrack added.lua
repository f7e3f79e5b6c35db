--[[
@description UpTrack: Remove everything UpTrack added
@version 0.1.0
@author The UpTrack Companion authors
@link https://uptrack.pro
@about
  Takes UpTrack's markers, regions, track notes and fixes out of the project in front, and what it remembers of it. One
  undo step. Fixes that were changed by hand since stay.
]]

local folder = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = folder .. "lib/?.lua;" .. package.path

local remove = require("remove")

remove.all()
