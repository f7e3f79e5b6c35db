-- Tells REAPER of UpTrack's actions, once for each version that was installed. `uptrack install reaper --no-startup`
-- takes these lines out again; every other line of this file is yours and stays as it is.
do
  local INSTALLED, VERSION = "INSTALLED", "VERSION"
  local SCRIPTS = {"SCRIPTS"}
  local function register()
    -- What you deleted from REAPER's list stays deleted until another version or another installation comes.
    local wanted = table.concat({VERSION .. " " .. INSTALLED, table.unpack(SCRIPTS)}, "|")
    local known = reaper.GetExtState("UpTrack", "actions")
    if known == wanted then return end
    local slash = package.config:sub(1, 1)
    local folder = table.concat({reaper.GetResourcePath(), "Scripts", "UpTrack", ""}, slash)
    local is_here = {}
    for _, name in ipairs(SCRIPTS) do
      if not reaper.file_exists(folder .. name) then return end
      is_here[name] = true
    end
    for name in known:gmatch("|([^|]+)") do
      if not is_here[name] then reaper.AddRemoveReaScript(false, 0, folder .. name, false) end
    end
    local registered = true
    for index, name in ipairs(SCRIPTS) do
      local command = reaper.AddRemoveReaScript(true, 0, folder .. name, index == #SCRIPTS)
      registered = registered and command ~= 0
    end
    -- What failed is tried again at the next start.
    if registered then reaper.SetExtState("UpTrack", "actions", wanted, true) end
  end
  -- An error here must not keep your own lines below from running.
  local fine, why = pcall(register)
  if not fine then reaper.ShowConsoleMsg("UpTrack: its actions could not be registered: " .. tostring(why) .. "\n") end
end
