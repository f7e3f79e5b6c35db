--[[
@description UpTrack: Analyze current live capture
@version 0.1.0
@author The UpTrack Companion authors
@link https://uptrack.pro
@about
  Has the UpTrack daemon on this computer analyse what was just played, as ReaStream on the master has sent it, without
  rendering: the passage that is playing, or with UpTrack: Results open the one that was played last. Set it up in the
  Live tab of UpTrack: Results. Nothing leaves the computer.
]]

local folder = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = folder .. "lib/?.lua;" .. package.path

local analysis = require("analysis")
local project = require("project")

local function main()
  local proj, path = project.in_front()
  analysis.run {role = "live", project = proj, path = path, jobs = {
    {capture = true, part = "live", what = "what was played"},
  }}
end

main()
