-- Gives back what a refund or void had reserved, because it was definitely refused.
--
-- KEYS  what is held of the original   ARGV  1 the field
-- Returns 1 when it is given back; 0 when another attempt at the same bytes may have been taken meanwhile.
local own = redis.call('HGET', KEYS[1], ARGV[1])
if not own or struct.unpack('>I2', own) ~= 1 then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HINCRBY', KEYS[1], 'v', 1)
return 1
