-- Reserves what a refund or void takes back, in the original's shard, if nothing changed since the caller looked.
--
-- KEYS  head, what is held of the original (the glossary is in reservations.py)
-- ARGV  1 the version that the caller has judged by, 0 for nothing held; -1 reserves whatever is held
--       2 the field: the correction's identity and the digest of its bytes
--       3 now (ms)   4 attempts older than this (ms) are over   5 seconds to live   6 what is taken back, opaque here
-- Returns 1 when it is reserved, else all that is held; or an error EPOCH without an epoch.
--
-- A field's value: attempts I2, latest attempt (ms) I6, what is taken back. Whether an earlier attempt at the same bytes
-- may still be on its way is what `attempts` says: then the field stays, whatever becomes of this one.
if redis.call('HEXISTS', KEYS[1], 'epoch') == 0 then return redis.error_reply('EPOCH the shard has no epoch') end

local version = tonumber(redis.call('HGET', KEYS[2], 'v') or '0')
local judged, now, settled = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
if judged ~= -1 and judged ~= version then return redis.call('HGETALL', KEYS[2]) end

local attempts = 1
local own = redis.call('HGET', KEYS[2], ARGV[2])
if own then
  local before, at = struct.unpack('>I2I6', own)
  if now - at <= settled then attempts = math.min(before + 1, 65535) end
end
redis.call(
  'HSET', KEYS[2], 'v', string.format('%.0f', version + 1),
  ARGV[2], struct.pack('>I2I6', attempts, now) .. ARGV[6]
)
redis.call('EXPIRE', KEYS[2], ARGV[5])
return 1
