--[[
Finding the UpTrack daemon: bridge.json, which a running daemon keeps in its home folder, says where it listens and
which token opens it.

The home is the one `uptrack install reaper` wrote into uptrack.json beside our scripts, so that a script started by a
REAPER that knows no environment variables finds the same daemon; else UPTRACK_HOME, else .uptrack in the user's folder.
]]

local json = require("json")

local bridge = {}

local LARGEST_BYTES = 64 * 1024
local separator = package.config:sub(1, 1)
-- This file lies in UpTrack/lib; uptrack.json lies in UpTrack.
local scripts = debug.getinfo(1, "S").source:match("^@?(.*[/\\])lib[/\\][^/\\]*$") or ""

local function joined(...)
  return table.concat({...}, separator)
end

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read(LARGEST_BYTES)
  file:close()
  return text or "" -- read gives nil at the end of a file, and an empty file begins there
end

local function object_in(text)
  local read, value = pcall(json.decode, text)
  return read and type(value) == "table" and not json.is_list(value) and value or nil
end

local function port_or_nil(value)
  return math.type(value) == "integer" and value >= 1 and value <= 65535 and value or nil
end

--- What `uptrack install reaper` noted beside the scripts: {version, home, command}; empty if it was never run.
function bridge.installed()
  local text = read_file(scripts .. "uptrack.json")
  if not text then return {} end
  local installed = object_in(text)
  if not installed then
    return nil, scripts .. "uptrack.json is damaged. Run `uptrack install reaper` again."
  end
  return installed
end

--- The folder the daemon lives in.
local function home()
  local installed, sentence = bridge.installed()
  if not installed then return nil, sentence end
  if type(installed.home) == "string" and installed.home ~= "" then return installed.home end
  local named = os.getenv("UPTRACK_HOME")
  if named and named:match("%S") then return named:match("^%s*(.-)%s*$") end
  local user = os.getenv("HOME") or os.getenv("USERPROFILE")
  if not user then return nil, "Neither HOME nor USERPROFILE is set, so the UpTrack folder cannot be found." end
  return joined(user, ".uptrack")
end

--- Where the daemon is, as it says itself: {mailbox, audio, token, protocol, version, port, osc_port}.
--- `audio` is the folder to render into; a daemon of an older version does not name it, but has it.
function bridge.read()
  local folder, sentence = home()
  if not folder then return nil, sentence end
  local path = joined(folder, "bridge.json")
  local text = read_file(path)
  if not text then
    return nil, "The UpTrack daemon is not running. Start it with `uptrack daemon start` and run this action again."
  end
  local found = object_in(text)
  if not found or type(found.mailbox) ~= "string" or type(found.token) ~= "string" then
    return nil, path .. " is damaged. Stop the daemon with `uptrack daemon stop` and start it again."
  end
  return {
    -- On Windows Lua opens plain paths only: the home the installer wrote is one, what the daemon says may not be.
    mailbox = separator == "\\" and joined(folder, "mailbox") or found.mailbox,
    audio = type(found.audio) == "string" and found.audio ~= "" and found.audio or joined(folder, "audio"),
    token = found.token,
    protocol = found.protocol,
    version = found.version,
    port = port_or_nil(found.port),
    osc_port = port_or_nil(found.osc_port),
  }
end

return bridge
