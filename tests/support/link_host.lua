--[[
Drives a link for the tests: JSON text in and out, so that Python needs to know nothing of Lua's tables.
Python says in the environment which installed scripts it means.
]]

package.path = os.getenv("UPTRACK_TESTED_LIB") .. "/?.lua;" .. package.path

local json = require("json")
local link = require("link")

local driver = {}
local open

--- Open the link; gives a sentence if that cannot be.
function driver.open(role)
  local opened, sentence = link.open(role)
  open = opened or open
  return sentence
end

--- Send one message; gives a sentence if that cannot be.
function driver.send(text)
  local _, sentence = open:send(json.decode(text))
  return sentence
end

--- One look; gives what was heard as a JSON array.
function driver.receive()
  return json.encode(json.list(open:receive()))
end

function driver.state()
  return json.encode({
    kind = open.kind, token = open.token, instance = open.instance, all_read = open:all_read(), busy = open:is_busy(),
    audio = open.found.audio,
  })
end

function driver.forget_old()
  while not open:forget_old() do end
end

function driver.close()
  open:close()
end

link_driver = driver
