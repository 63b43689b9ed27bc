"""What administration reads of many keys at once; see `token_scripts` for the keys.

One script each, over a bounded number of keys that are named: redis-py would take milliseconds of
the event loop for as many commands.
"""

EXTENTS = """
-- KEYS: indexes
local extents = {}
for i, index in ipairs(KEYS) do
  local count = redis.call('ZCARD', index)
  extents[i] = {count}
  if count > 0 then
    local oldest = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')[2]
    local newest = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')[2]
    extents[i] = {count, oldest, newest}
  end
end
return extents
"""

NEWEST = """
-- KEYS: indexes
-- ARGV: for each: the score that members are below, how many
local members = {}
for i, index in ipairs(KEYS) do
  local below, most = ARGV[2 * i - 1], ARGV[2 * i]
  members[i] = redis.call(
    'ZRANGE', index, below, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, most, 'WITHSCORES')
end
return members
"""

FAMILIES = """
-- KEYS: families
local now, families = tonumber(redis.call('TIME')[1]), {}
for i, family in ipairs(KEYS) do
  local data, state = unpack(redis.call('HMGET', family, 'data', 'state'))
  local number, idle = string.match(state or '', '^(%d+) .* (%d+)$')
  families[i] = {}
  if data and idle then families[i] = {data, tonumber(number), now >= tonumber(idle) and 1 or 0} end
end
return families
"""
