--[[
Opening the daemon's page. The address came over a wire and ends up on a command line, so it has to look exactly like
the ones the daemon makes, or it is not opened at all.
]]

local browser = {}

local ADDRESS = "^http://127%.0%.0%.1:%d+/[%w/]*%??[%w=_%-]*$"
local NO_WAIT = -1

function browser.open(address)
  if type(address) ~= "string" or not address:match(ADDRESS) then
    return nil, "The daemon gave no address of a page."
  end
  local system = reaper.GetOS()
  local opener = system:match("^Win") and 'rundll32.exe url.dll,FileProtocolHandler "%s"'
    or (system:match("^OSX") or system:match("^macOS")) and '/usr/bin/open "%s"'
    or '/usr/bin/xdg-open "%s"'
  reaper.ExecProcess(opener:format(address), NO_WAIT)
  return true
end

return browser
