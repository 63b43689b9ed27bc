"""The state changes that have to be one step, as scripts that Redis 6.2 to 8 and Valkey take.

Each is idempotent: redis-py sends a command again when a connection broke after sending.

Keys: `t:HASH` access token; `r:HASH` refresh token, a hash with `data` and, once rotated, `next`
(the hash of its successor); `a:HASH` the sealed answer to its rotation; `f:FAMILY` the set of all
keys of a lineage.
"""

BEGIN = """
-- KEYS: access, refresh, family  ARGV: access text, its ttl, refresh text, its ttl, family ttl
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('HSET', KEYS[2], 'data', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('SADD', KEYS[3], KEYS[1], KEYS[2])
redis.call('EXPIRE', KEYS[3], ARGV[5])
return 1
"""

ROTATE = """
-- KEYS: access, new refresh, family, old refresh, answer
-- ARGV: access text, its ttl, refresh text, its ttl, family ttl, sealed answer, grace in ms
local state = redis.call('HMGET', KEYS[4], 'data', 'next')
if not state[1] then return {'unknown', ''} end
if state[2] == KEYS[2] then return {'rotated', ''} end
if state[2] then
  local answer = redis.call('GET', KEYS[5])
  if answer then return {'repeated', answer} end
  for _, key in ipairs(redis.call('SMEMBERS', KEYS[3])) do redis.call('DEL', key) end
  redis.call('DEL', KEYS[3])
  return {'reused', ''}
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('HSET', KEYS[2], 'data', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('HSET', KEYS[4], 'next', KEYS[2])
redis.call('EXPIRE', KEYS[4], ARGV[5])
if tonumber(ARGV[7]) > 0 then redis.call('SET', KEYS[5], ARGV[6], 'PX', ARGV[7]) end
if redis.call('SCARD', KEYS[3]) > 200 then
  for _, key in ipairs(redis.call('SMEMBERS', KEYS[3])) do
    if redis.call('EXISTS', key) == 0 then redis.call('SREM', KEYS[3], key) end
  end
end
redis.call('SADD', KEYS[3], KEYS[1], KEYS[2], KEYS[5])
redis.call('EXPIRE', KEYS[3], ARGV[5])
return {'rotated', ''}
"""

REVOKE_FAMILY = """
-- KEYS: family
for _, key in ipairs(redis.call('SMEMBERS', KEYS[1])) do redis.call('DEL', key) end
return redis.call('DEL', KEYS[1])
"""
