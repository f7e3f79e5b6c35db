--[[
What was analysed, as a name: the part of a project to which markers, and versions, belong. The project as a whole has
none. A name has no control character, because the ledger of markers is cut at them, and is short, because an id on the
wire is.

  selection 12.000 40.500   a time selection, from where to where
  region {GUID}             a region, wherever it is moved to and whatever it is called
  region 2 of Chorus        the second of that name, where an older REAPER gives no GUIDs
  file Night.wav 1a2b3c4d   a file, by its name and a check sum of its whole path
  live                      what was played
]]

local part_names = {}

part_names.LIVE = "live"

local MOST_BYTES = 100 -- of 200 characters; a project's own id comes before it
local SAME_S = 2e-3 -- bounds are written in milliseconds

--- Text without control characters, from its end if it is long: that is where names differ.
local function clean(text)
  local from = math.max(1, #text - MOST_BYTES + 1)
  while from > 1 and from <= #text and text:byte(from) & 0xC0 == 0x80 do from = from + 1 end -- inside a character
  return (text:sub(from):gsub("%c", " "))
end

--- FNV-1a, 32 bits: to tell paths apart, no more.
local function check_sum(text)
  local sum = 0x811C9DC5
  for index = 1, #text do sum = (sum ~ text:byte(index)) * 0x01000193 & 0xFFFFFFFF end
  return ("%08x"):format(sum)
end

--- The last name of a path.
function part_names.file_name(path)
  return path:match("[^/\\]+$") or path
end

function part_names.selection(start_s, end_s)
  return (("selection %.3f %.3f"):format(start_s, end_s):gsub(",", ".")) -- a plug-in may have set a decimal comma
end

--- A region's; `ordinal` is which of its name it is, in order.
function part_names.region(guid, name, ordinal)
  return "region " .. (guid or ("%d of %s"):format(ordinal, clean(name)))
end

--- The GUID of the region a part is; nil for any other part.
function part_names.region_guid(part)
  return part:match("^region ({[%x%-]+})$")
end

--- Whether a part is of the project, and not a file or what was played.
function part_names.is_of_project(part)
  return part == "" or part:find("^region ") ~= nil or part:find("^selection ") ~= nil
end

function part_names.file(path)
  return ("file %s %s"):format(clean(part_names.file_name(path)), check_sum(path))
end

local function bounds_of(part)
  local start_s, end_s = part:match("^selection (%S+) (%S+)$")
  return tonumber(start_s), tonumber(end_s)
end

--- Whether what an analysis of `other` measures holds all of a time selection `part`: then it takes its place. Regions
--- and files are parts of their own.
function part_names.is_within(part, other)
  local start_s, end_s = bounds_of(part)
  if not start_s or not end_s then return false end
  if other == "" then return true end
  local from_s, to_s = bounds_of(other)
  return from_s ~= nil and to_s ~= nil and from_s <= start_s + SAME_S and end_s <= to_s + SAME_S
end

return part_names
