-- When the first entry behind the given one was received: the eight bytes of its first record's `received at`.
--
-- KEYS[1]  the shard's stream
-- ARGV[1]  from where on, as XRANGE reads it: "(<epoch>-<number of the last record in the ledger>"
--
-- Only these bytes leave the server: an entry holds up to five hundred sales.

local first = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', 1)[1]
if not first then
  return false
end
local fields = first[2]
for place = 1, #fields, 2 do
  if fields[place] == 'd' then
    return string.sub(fields[place + 1], 5, 12)
  end
end
return false
