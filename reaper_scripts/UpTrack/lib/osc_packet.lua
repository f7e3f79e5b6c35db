--[[
OSC 1.0 datagrams as far as we need them: one address, one text, and a bundle of such messages.

A text is padded with one to four NULs to a multiple of four bytes. The daemon answers scripts with single messages; a
bundle, or anything else that is not exactly one text at our address, is not for us.
]]

local osc_packet = {}

osc_packet.LARGEST_BYTES = 8192

local HEAD = "/uptrack/message\0\0\0\0,s\0\0"
local BUNDLE = "#bundle\0" .. string.pack(">I8", 1) -- the date that means "now"

osc_packet.HEAD_BYTES = #HEAD
osc_packet.BUNDLE_BYTES = #BUNDLE
osc_packet.ELEMENT_BYTES = 4

local function padding(size)
  return 4 - size % 4
end

--- How many bytes a datagram with this much text has.
function osc_packet.size(text_bytes)
  return #HEAD + text_bytes + padding(text_bytes)
end

--- A datagram that carries one text.
function osc_packet.message(text)
  return HEAD .. text .. ("\0"):rep(padding(#text))
end

--- One datagram that carries several: it arrives whole or not at all.
function osc_packet.bundle(messages)
  local elements = {}
  for index, message in ipairs(messages) do elements[index] = string.pack(">s4", message) end
  return BUNDLE .. table.concat(elements)
end

--- The text of a datagram; nil if it is no message of ours.
function osc_packet.text(datagram)
  if #datagram > osc_packet.LARGEST_BYTES or datagram:sub(1, #HEAD) ~= HEAD then return nil end
  local text, after = datagram:match("^([^\0]+)\0()", #HEAD + 1)
  if not text or not utf8.len(text) then return nil end
  local rest = datagram:sub(after)
  if #rest ~= padding(#text) - 1 or rest:find("[^\0]") then return nil end
  return text
end

return osc_packet
