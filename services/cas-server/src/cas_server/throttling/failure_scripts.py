"""Counting wrong logins in one step each, as scripts that Redis 6.2 to 8 and Valkey take.

Keys: `w:KIND:COUNTER` is a hash from digest to entry, `w:KIND:COUNTER:ends` a sorted set of these
digests by when they are forgotten, in milliseconds of Redis' clock. An entry is failures, the end
of its wait, when it is forgotten, and the attempts under way with the end of their lease. Not a key
for each entry, so that their number has a bound; both keys end with their last entry.
"""

_ENTRIES = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function read(at)
  local entry = {failures = 0, till = 0, ends = 0, under_way = {}, running = 0}
  local text = redis.call('HGET', KEYS[2 * at - 1], ARGV[at])
  if not text then return entry end
  local failures, till, ends, under_way = string.match(text, '^(%d+) (%d+) (%d+) (.*)$')
  if tonumber(ends) <= now then return entry end
  entry.failures, entry.till, entry.ends = tonumber(failures), tonumber(till), tonumber(ends)
  for id, lease in string.gmatch(under_way, '(%x+)=(%d+)') do
    if tonumber(lease) > now then
      entry.under_way[id] = tonumber(lease)
      entry.running = entry.running + 1
    end
  end
  return entry
end

local function forget(at, digest)
  redis.call('HDEL', KEYS[2 * at - 1], digest)
  redis.call('ZREM', KEYS[2 * at], digest)
end

local function write(at, entry, most)
  local leases = ''
  for id, lease in pairs(entry.under_way) do
    leases = leases .. string.format('%s=%.0f ', id, lease)
  end
  local text = string.format('%.0f %.0f %.0f %s', entry.failures, entry.till, entry.ends, leases)
  redis.call('HSET', KEYS[2 * at - 1], ARGV[at], text)
  redis.call('ZADD', KEYS[2 * at], entry.ends, ARGV[at])
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2 * at], '-inf', now, 'LIMIT', 0, 8)) do
    forget(at, old)
  end
  while redis.call('ZCARD', KEYS[2 * at]) > most do
    forget(at, redis.call('ZRANGE', KEYS[2 * at], 0, 0)[1])
  end
  local last = tonumber(redis.call('ZRANGE', KEYS[2 * at], -1, -1, 'WITHSCORES')[2])
  redis.call('PEXPIREAT', KEYS[2 * at - 1], string.format('%.0f', last))
  redis.call('PEXPIREAT', KEYS[2 * at], string.format('%.0f', last))
end
"""

ADMIT = f"""
{_ENTRIES}
-- KEYS: entries and ends of pair, address, name
-- ARGV: pair, address, name; id, lease in ms (0 to look only), quiet time in ms,
--       free failures and most entries of pairs,
--       failures of a pair and of an address from which on the name's wait holds
local pair, address, name = read(1), read(2), read(3)
local free, most = tonumber(ARGV[7]), tonumber(ARGV[8])
local till, by = pair.till, 'pair'
if address.till > till then till, by = address.till, 'address' end
local suspected = pair.failures >= tonumber(ARGV[9])
  or address.failures >= tonumber(ARGV[10])
if suspected and name.till > till then till, by = name.till, 'name' end
if till > now then return {{'wait', till - now, by, address.failures}} end
if not pair.under_way[ARGV[4]] then
  if pair.running >= math.max(1, free - pair.failures) then
    return {{'busy', 0, '', address.failures}}
  end
  if ARGV[5] == '0' then return {{'admitted', 0, '', address.failures}} end
  pair.under_way[ARGV[4]] = now + tonumber(ARGV[5])
  -- As long as a failure: an entry that would be forgotten first would make room for the others.
  pair.ends = math.max(pair.ends, now + tonumber(ARGV[6]))
  write(1, pair, most)
end
return {{'admitted', 0, '', address.failures}}
"""

SETTLE = f"""
{_ENTRIES}
-- KEYS: entries and ends of pair, address, name
-- ARGV: pair, address, name; id, outcome, quiet time in ms; then of each counter: free failures,
--       first and longest wait in ms, most entries
local pair = read(1)
if not pair.under_way[ARGV[4]] then return 0 end
pair.under_way[ARGV[4]] = nil
pair.running = pair.running - 1
if ARGV[5] == 'failed' then
  for at, entry in ipairs({{pair, read(2), read(3)}}) do
    local free, first, longest, most = unpack(ARGV, 4 * at + 3, 4 * at + 6)
    entry.failures = entry.failures + 1
    local wait, over = 0, entry.failures - free
    if over >= 0 then wait = math.min(longest, first * 2 ^ math.min(over, 16)) end
    entry.till = now + wait
    entry.ends = now + ARGV[6] + 3 * wait
    write(at, entry, tonumber(most))
  end
  return 1
end
if ARGV[5] == 'passed' then pair.failures, pair.till = 0, 0 end
if pair.failures == 0 and pair.running == 0 then
  forget(1, ARGV[1])
else
  write(1, pair, tonumber(ARGV[10]))
end
return 1
"""
