-- A script of the tests: gives them lib/kept.lua as a global.
local folder = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = folder .. "../../reaper_scripts/UpTrack/lib/?.lua;" .. package.path

kept = require("kept") -- luacheck: ignore
