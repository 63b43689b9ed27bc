"""The state changes of sessions and consents: see `token_scripts`, whose rules hold here too.

Keys:
`s:HASH` a session of a browser, a hash: `data`, a sealed record; `ends`, when it ends whatever is
         done; `seen`, when it was used last. Its time to live is what is left of either limit.
         HASH is the SHA-256 of its cookie, in hex.
`u:USER` who has which sessions, scored by when they began.
`u:USER:consents` what a user allowed to which client, a hash of sealed records by client.
"""

from cas_server.stores.authorization_code_scripts import END_CODES_FUNCTION
from cas_server.stores.token_scripts import END_FUNCTIONS, INDEX_FUNCTIONS

USE = """
-- KEYS: session, version
-- ARGV: idle seconds
local version = redis.call('GET', KEYS[2]) or ''
local data, ends, seen = unpack(redis.call('HMGET', KEYS[1], 'data', 'ends', 'seen'))
if not (data and ends and seen) then return {version} end
local now = tonumber(redis.call('TIME')[1])
local left = math.min(ARGV[1], ends - now)
if left <= 0 then return {version} end
if now > tonumber(seen) then
  redis.call('HSET', KEYS[1], 'seen', now)
  redis.call('EXPIRE', KEYS[1], left)
end
return {version, data, now}
"""

BEGIN_SESSION = f"""
{INDEX_FUNCTIONS}
-- KEYS: version, session, sessions of the user, perhaps the session that it replaces
-- ARGV: since, data, idle seconds, longest seconds, most sessions
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if KEYS[4] then
  redis.call('DEL', KEYS[4])
  redis.call('ZREM', KEYS[3], string.sub(KEYS[4], 3))
end
redis.call('HSET', KEYS[2], 'data', ARGV[2], 'ends', clock[1] + ARGV[4], 'seen', clock[1])
redis.call('EXPIRE', KEYS[2], math.min(ARGV[3], ARGV[4]))
enter(KEYS[3], 's:', {{string.sub(KEYS[2], 3)}}, ARGV[5], ARGV[4], function(members)
  for i, member in ipairs(members) do members[i] = 's:' .. member end
  redis.call('DEL', unpack(members))
end)
return 1
"""

SESSIONS = """
-- KEYS: sessions of a user, version
local found = {redis.call('GET', KEYS[2]) or ''}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local data, seen = unpack(redis.call('HMGET', 's:' .. member, 'data', 'seen'))
  if data and seen then
    table.insert(found, {member, data, tonumber(seen)})
  else
    redis.call('ZREM', KEYS[1], member)
  end
end
return found
"""

END_SESSIONS = f"""
{END_CODES_FUNCTION}
-- KEYS: sessions of a user, codes of the user, then each session
local ending = {{}}
for i = 3, #KEYS do
  local member = string.sub(KEYS[i], 3)
  redis.call('ZREM', KEYS[1], member)
  ending[member] = true
end
end_codes(KEYS[2], function(_, session) return ending[session] end)
return redis.call('DEL', unpack(KEYS, 3))
"""

CONSENTS = """
-- KEYS: consents of a user, version
return {redis.call('GET', KEYS[2]) or '', redis.call('HGETALL', KEYS[1])}
"""

ALLOW = """
-- KEYS: version, consents of the user
-- ARGV: since, client, data, seconds
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
if redis.call('TTL', KEYS[2]) < tonumber(ARGV[4]) then redis.call('EXPIRE', KEYS[2], ARGV[4]) end
return 1
"""

WITHDRAW = f"""
{END_FUNCTIONS}
{END_CODES_FUNCTION}
-- KEYS: consents of the user, families of client and user, tokens of the client, codes of the user
-- ARGV: client
local ended = redis.call('HDEL', KEYS[1], ARGV[1]) + end_codes(KEYS[4], of_client(ARGV[1]))
for _, family in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if end_family(family, KEYS[3]) > 0 then ended = ended + 1 end
end
redis.call('DEL', KEYS[2])
return ended
"""
