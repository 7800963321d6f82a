-- When the oldest record was received that the ledger does not have yet, of one shard: milliseconds since 1970 as the
-- eight bytes that its entry has, or false when none waits. Reads one entry and changes nothing.
--
-- KEYS: the shard's head, its stream (glossary in stream.py).
local head = redis.call('HMGET', KEYS[1], 'epoch', 'flushed')
local epoch, flushed = head[1], head[2]
if not epoch then
  return false
end
local after = epoch .. '-0'
if flushed and string.sub(flushed, 1, #epoch + 1) == epoch .. '-' then
  after = flushed
end
local found = redis.call('XRANGE', KEYS[2], '(' .. after, '+', 'COUNT', 1)
if not found[1] then
  return false
end
local fields = found[1][2]
for place = 1, #fields, 2 do
  if fields[place] == 'd' then
    -- PAYLOAD in stream.py: four bytes of length stand before it.
    return string.sub(fields[place + 1], 5, 12)
  end
end
return false
