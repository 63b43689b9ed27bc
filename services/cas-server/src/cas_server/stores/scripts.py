"""The state changes that have to be one step, as scripts that Redis 6.2 to 8 and Valkey take.

Each is idempotent: redis-py sends a command again when a connection broke after sending.

Keys: `t:HASH` access token; `r:HASH` refresh token, a hash with `data` and, once rotated, `next`
(the key of its successor); `a:HASH` the sealed answer to its rotation; `f:FAMILY` a lineage: the
keys of its access tokens scored by their end, beside one member that never ends. A refresh token
counts as long as its family is there, so ending a family touches living access tokens alone.
"""

BEGIN = """
-- KEYS: access, refresh, family
-- ARGV: access text, its ttl, its end, refresh text, its ttl, family ttl
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('HSET', KEYS[2], 'data', ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[5])
redis.call('ZADD', KEYS[3], '+inf', 'family', ARGV[3], KEYS[1])
redis.call('EXPIRE', KEYS[3], ARGV[6])
return 1
"""

_END = """
local function end_family(family)
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', family, '-inf', '(+inf')) do
    redis.call('DEL', key)
  end
  return redis.call('DEL', family)
end
"""

ROTATE = f"""
{_END}
-- KEYS: access, new refresh, family, old refresh, answer
-- ARGV: access text, its ttl, its end, refresh text, its ttl, family ttl,
--       sealed answer, grace in ms, now
local old = redis.call('HMGET', KEYS[4], 'data', 'next')
if not old[1] or redis.call('EXISTS', KEYS[3]) == 0 then return {{'unknown', ''}} end
if old[2] == KEYS[2] then return {{'rotated', ''}} end
if old[2] then
  local answer = redis.call('GET', KEYS[5])
  if answer then return {{'repeated', answer}} end
  end_family(KEYS[3])
  return {{'reused', ''}}
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('HSET', KEYS[2], 'data', ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[5])
redis.call('HSET', KEYS[4], 'next', KEYS[2])
redis.call('EXPIRE', KEYS[4], ARGV[6])
if tonumber(ARGV[8]) > 0 then redis.call('SET', KEYS[5], ARGV[7], 'PX', ARGV[8]) end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[9])
redis.call('ZADD', KEYS[3], ARGV[3], KEYS[1])
redis.call('EXPIRE', KEYS[3], ARGV[6])
return {{'rotated', ''}}
"""

REVOKE_FAMILY = f"""
{_END}
-- KEYS: family
return end_family(KEYS[1])
"""
