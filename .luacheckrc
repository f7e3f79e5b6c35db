-- REAPER runs Lua 5.3 up to version 6 and 5.4 from 7 on; what we write has to be right in both.
std = "lua53+lua54"
globals = {"reaper", "gfx"}
max_line_length = 120
