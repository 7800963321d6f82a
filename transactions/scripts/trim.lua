#!lua flags=allow-oom
-- Notes that the ledger has a shard's records up to an entry, and drops from the stream what need not be kept.
-- It runs in a store whose memory is full too: what it drops is what makes room again.
-- KEYS  head, stream, kept
-- ARGV  1 ID of the last entry in the ledger, 2 now (ms), 3 how long what the ledger has is kept (ms), 4 the header of
--       the block that ends with that entry, 5 '1' before the commit: only the header is noted, so that no block is ever
--       committed whose header the store does not have
-- An element of kept: when it came into the ledger (ms), the ID, the header, with a space between them; in order of
-- the IDs. The first ones are dropped when they are old enough, and the stream up to the last dropped one's entry,
-- which stays as an anchor. Nothing behind the entry of ARGV[1] is ever dropped: after a database was restored, what
-- lies there was in the ledger once and is not any more.
local function place(text, pattern)
  local epoch, number = string.match(text, pattern)
  return tonumber(epoch), tonumber(number)
end
local function after(one_epoch, one_number, epoch, number)
  return one_epoch > epoch or (one_epoch == epoch and one_number > number)
end

local id, now, keep = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local epoch, number = place(id, '^(%d+)%-(%d+)$')
local KEPT = '^%d+ (%d+)%-(%d+) '
local mine = ARGV[2] .. ' ' .. id .. ' ' .. ARGV[4]

local is_commit = ARGV[5] ~= '1'
if is_commit then redis.call('HSET', KEYS[1], 'flushed', id) end
local last = redis.call('LINDEX', KEYS[3], -1)
if last and string.match(last, '^%d+ (%S+) ') == id then
  redis.call('LSET', KEYS[3], -1, mine)
elseif last and not after(epoch, number, place(last, KEPT)) then
  -- Sealed again after the database was restored: kept as long as if it were new, and what follows stays in order.
  local all = redis.call('LRANGE', KEYS[3], 0, -1)
  local at = #all
  while at > 0 and not after(epoch, number, place(all[at], KEPT)) do at = at - 1 end
  local found = all[at + 1]
  if string.match(found, '^%d+ (%S+) ') == id then
    redis.call('LSET', KEYS[3], at, mine)
  else
    redis.call('LINSERT', KEYS[3], 'BEFORE', found, mine)
  end
elseif keep > 0 then
  redis.call('RPUSH', KEYS[3], mine)
end
if not is_commit then return end
local limit
if keep <= 0 then limit = id end
while true do
  local first = redis.call('LINDEX', KEYS[3], 0)
  if not first then break end
  local one_epoch, one_number = place(first, KEPT)
  if after(one_epoch, one_number, epoch, number) then break end
  if keep > 0 then
    if tonumber(string.match(first, '^%d+')) > now - keep then break end
    limit = string.match(first, '^%d+ (%S+) ')
  end
  redis.call('LPOP', KEYS[3])
end
if limit then redis.call('XTRIM', KEYS[2], 'MINID', limit) end
return limit
