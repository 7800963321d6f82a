-- Takes records into one shard: judges each by its terminal's state, appends what is new, updates the states.
--
-- KEYS  head, stream, terminals (the glossary is in stream.py)
-- ARGV  1 the call: credential kind B, credential id I4, credential key version I2, sales a minute I4, check margin s I4
--       2 the heads, 35 bytes a record: terminal I4, sequence I4, day I2, issued at (s) I4, received at (ms) I6,
--         flags B (1 training, 2 known to be a conflict, 4 to be checked), digest 8 bytes, number of the key that
--         signed it I2 (0: none; the caller has verified the signature under that key), length of the payload I4
--       3 the payloads, one behind the other; kept as they are in field d of the entry, beside them in field m for each
--         record its mark B, retailer I4 and store I4. One string, because in Lua each string is one more copy.
-- Returns the outcomes, 8 bytes a record: outcome B, warnings B, received at (ms) I6; or an error EPOCH without an epoch.
--
-- A terminal's state: retailer I4, store I4, status B, key version I2, gateway version I2, until when (s) the versions
-- before are taken too I4, the same for the gateway's I4, number of its signing key I2 (23 bytes the registry sets),
-- flags B (1: what it sent before this epoch is unknown), last I4, floor I4, minute I4, count I2, conflict day I2,
-- conflicts I2, gaps B; then per gap first I4 and last I4, ascending; then up to 8 seen sales, oldest first: sequence
-- I4, digest 8 bytes, received at I6, day I2.
local head = redis.call('HMGET', KEYS[1], 'epoch', 'number', 'started')
if not head[1] then return redis.error_reply('EPOCH the shard has no epoch') end

local ACCEPTED, REPLAYED, CONFLICT, CONFLICT_COUNTED, PAST = 1, 2, 3, 4, 5
local UNKNOWN, FOREIGN, RATE, REPLACED, TESTING, UNSIGNED, WRONG_KEY = 6, 7, 9, 10, 14, 15, 16
-- What a status other than active and testing (5) is answered with: suspended, lost, retired, enrolled.
local REFUSED_STATUS = { 8, 11, 12, 13 }
local WARN_GAP, WARN_ORDER = 1, 2
local MARK_RECORD, MARK_CHECK, MARK_CONFLICT = 0, 1, 2
local GAPS_MAX, SEEN_MAX, SEEN_BYTES, CONFLICTS_MAX, STATIC_BYTES, RANGES_AT = 16, 8, 20, 8, 23, 44
local FIXED, HEAD, HEAD_BYTES = '>BI4I4I4I2I2I2B', '>I4I4I2I4I6Bc8I2I4', 35
local unpack_, pack_, sub, concat = struct.unpack, struct.pack, string.sub, table.concat

local kind, id, version, per_minute, margin = unpack_('>BI4I2I4I4', ARGV[1])
local heads, payloads = ARGV[2], ARGV[3]
local count = #heads / HEAD_BYTES
local number, check_until = tonumber(head[2]), 0
if tonumber(head[3]) > 0 then check_until = tonumber(head[3]) + margin end

-- Every state that the call needs, read once.
local wanted, states = {}, {}
for i = 1, count do
  local terminal = unpack_('>I4', heads, (i - 1) * HEAD_BYTES + 1)
  if not states[terminal] then
    states[terminal] = true
    wanted[#wanted + 1] = terminal
  end
end
local found = redis.call('HMGET', KEYS[3], unpack(wanted))
for i, terminal in ipairs(wanted) do
  local raw = found[i]
  if raw then
    local s = { static = sub(raw, 1, STATIC_BYTES) }
    s.retailer, s.store, s.status, s.version, s.gateway, s.overlap, s.gateway_overlap, s.key =
      unpack_('>I4I4BI2I2I4I4I2', raw)
    s.flags, s.last, s.floor, s.minute, s.count, s.day, s.conflicts, s.gaps = unpack_(FIXED, raw, STATIC_BYTES + 1)
    s.ranges = sub(raw, RANGES_AT, RANGES_AT + s.gaps * 8 - 1)
    s.seen = sub(raw, RANGES_AT + s.gaps * 8)
    states[terminal] = s
  else
    states[terminal] = false
  end
end

local function seen_before(s, sequence)
  for at = #s.seen - SEEN_BYTES + 1, 1, -SEEN_BYTES do
    if unpack_('>I4', s.seen, at) == sequence then return at end
  end
end

-- Adds a gap at the upper end; past the limit the lowest is given up and the floor rises to its end.
local function limit_gaps(s)
  while s.gaps > GAPS_MAX do
    local _, upto = unpack_('>I4I4', s.ranges)
    if upto > s.floor then s.floor = upto end
    s.ranges, s.gaps = sub(s.ranges, 9), s.gaps - 1
  end
end

-- Takes the sequence out of the gap it lies in; false when it lies in none, so that it was seen.
local function fill_gap(s, sequence)
  for at = 1, #s.ranges, 8 do
    local first, upto = unpack_('>I4I4', s.ranges, at)
    if sequence >= first and sequence <= upto then
      local parts = ''
      if sequence > first then parts = pack_('>I4I4', first, sequence - 1) end
      if sequence < upto then parts = parts .. pack_('>I4I4', sequence + 1, upto) end
      s.ranges = sub(s.ranges, 1, at - 1) .. parts .. sub(s.ranges, at + 8)
      s.gaps = #s.ranges / 8
      limit_gaps(s)
      return true
    end
  end
  return false
end

-- What is taken of the payloads: where each run of neighbours begins and ends, so that a call whose records are all
-- taken, as nearly every one is, hands its payloads on in one piece.
local marks, runs, outcomes = {}, {}, {}

local function append(s, mark, from, upto)
  number = number + 1
  marks[#marks + 1] = string.char(mark)
  marks[#marks + 1] = sub(s.static, 1, 8)
  if #runs > 0 and runs[#runs] == from - 1 then
    runs[#runs] = upto
  else
    runs[#runs + 1] = from
    runs[#runs + 1] = upto
  end
end

local function conflict(s, received, from, upto)
  local today = math.floor(received / 86400000)
  if s.day ~= today then s.day, s.conflicts = today, 0 end
  if s.conflicts < 65535 then s.conflicts = s.conflicts + 1 end
  if s.conflicts > CONFLICTS_MAX then return CONFLICT_COUNTED end
  append(s, MARK_CONFLICT, from, upto)
  return CONFLICT
end

-- Whether a version is the present one, or the one before while that is still taken.
local function is_good(given, present, now, overlap)
  return given == present or (given == present - 1 and now < overlap)
end

-- Why a record must not be taken; nothing for one that may be. What this system captures again (kind 0) was allowed
-- when it came first.
local function allowed(s, terminal, flags, key, now)
  if not s then return UNKNOWN end
  if kind == 0 then return end
  if kind == 1 then
    if id ~= terminal then return FOREIGN end
    if not is_good(version, s.version, now, s.overlap) then return REPLACED end
  else
    if id ~= s.retailer then return FOREIGN end
    if not is_good(version, s.gateway, now, s.gateway_overlap) then return REPLACED end
  end
  if s.status == 5 then
    if flags ~= 1 then return TESTING end
  elseif s.status ~= 0 then
    return REFUSED_STATUS[s.status]
  end
  if not is_good(key, s.key, now, s.overlap) then
    if key == 0 then return UNSIGNED end
    return WRONG_KEY
  end
end

-- Judges one record; returns outcome, warnings, and when its like was received.
local function judge(s, sequence, day, issued, received, flags, digest, from, upto)
  local minute = math.floor(received / 60000)
  if s.minute ~= minute then s.minute, s.count = minute, 0 end
  if s.count >= per_minute then return RATE, 0, received end
  s.count = s.count + 1
  s.dirty = true
  local at = seen_before(s, sequence)
  if at then
    local _, known, when = unpack_('>I4c8I6', s.seen, at)
    if known == digest then return REPLAYED, 0, when end
    return conflict(s, received, from, upto), 0, when
  end
  if flags == 2 then return conflict(s, received, from, upto), 0, received end
  local warnings, mark = 0, MARK_RECORD
  if flags == 4 or issued <= check_until then mark = MARK_CHECK end
  if sequence > s.last then
    if s.last == 0 and s.flags % 2 == 1 then
      mark, s.floor = MARK_CHECK, sequence
    elseif sequence > s.last + 1 then
      s.ranges = s.ranges .. pack_('>I4I4', s.last + 1, sequence - 1)
      s.gaps, warnings = s.gaps + 1, WARN_GAP
      limit_gaps(s)
    end
    s.last = sequence
  elseif sequence <= s.floor then
    mark, warnings = MARK_CHECK, WARN_ORDER
  elseif fill_gap(s, sequence) then
    warnings = WARN_ORDER
  elseif flags == 4 then
    mark = MARK_CHECK
  else
    return PAST, 0, received
  end
  append(s, mark, from, upto)
  s.seen = s.seen .. pack_('>I4c8I6I2', sequence, digest, received, day)
  if #s.seen > SEEN_MAX * SEEN_BYTES then s.seen = sub(s.seen, SEEN_BYTES + 1) end
  return ACCEPTED, warnings, received
end

local from = 1
for i = 1, count do
  local terminal, sequence, day, issued, received, flags, digest, key, length =
    unpack_(HEAD, heads, (i - 1) * HEAD_BYTES + 1)
  local s = states[terminal]
  local outcome, warnings, when = allowed(s, terminal, flags, key, received / 1000), 0, received
  if not outcome then
    if flags == 1 then
      outcome = ACCEPTED
    else
      outcome, warnings, when = judge(s, sequence, day, issued, received, flags, digest, from, from + length - 1)
    end
  end
  outcomes[i] = pack_('>BBI6', outcome, warnings, when)
  from = from + length
end

if #marks > 0 then
  local taken = payloads
  if #runs > 2 or runs[1] > 1 or runs[2] < #payloads then
    local parts = {}
    for at = 1, #runs, 2 do parts[#parts + 1] = sub(payloads, runs[at], runs[at + 1]) end
    taken = concat(parts)
  end
  redis.call('XADD', KEYS[2], head[1] .. '-' .. string.format('%.0f', number), 'm', concat(marks), 'd', taken)
  redis.call('HSET', KEYS[1], 'number', string.format('%.0f', number))
end
local changed = {}
for _, terminal in ipairs(wanted) do
  local s = states[terminal]
  if s and s.dirty then
    changed[#changed + 1] = terminal
    changed[#changed + 1] = s.static
      .. pack_(FIXED, s.flags, s.last, s.floor, s.minute, s.count, s.day, s.conflicts, s.gaps) .. s.ranges .. s.seen
  end
end
if #changed > 0 then redis.call('HSET', KEYS[3], unpack(changed)) end
return concat(outcomes)
