-- Sets what the registry says of terminals; keeps what the store itself knows of them.
-- KEYS  terminals
-- ARGV  pairs of terminal number and 24 bytes: the 23 static bytes of a state and, for a new state, its flags
for i = 1, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  local state = ARGV[i + 1]
  if old then
    state = string.sub(state, 1, 23) .. string.sub(old, 24)
  else
    state = state .. string.rep('\0', 19)
  end
  redis.call('HSET', KEYS[1], ARGV[i], state)
end
return #ARGV / 2
