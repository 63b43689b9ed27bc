"""The state changes of an authorization code, as scripts; their rules are those of `token_scripts`.

Keys:
`c:HASH`     an authorization code, a hash: `data`, a sealed record; `client`, whose it is;
             `session`, in which it was issued, by the hash of its cookie; once it is spent also
             `spent`: the hash of the access token that it was exchanged for, and its family.
`g:c:USER`   the codes of a user, scored by when they came.
"""

from cas_server.stores.token_scripts import FIRST_FUNCTIONS, INDEX_FUNCTIONS

END_CODES_FUNCTION = """
-- End the codes of a user that wait for their use and that `is_meant`. A spent one stays, so that
-- its second use is recognised.
local function end_codes(codes, is_meant)
  local ended = 0
  for _, member in ipairs(redis.call('ZRANGE', codes, 0, -1)) do
    local client, session, spent =
      unpack(redis.call('HMGET', 'c:' .. member, 'client', 'session', 'spent'))
    if not spent and is_meant(client, session) then
      ended = ended + redis.call('DEL', 'c:' .. member)
      redis.call('ZREM', codes, member)
    end
  end
  return ended
end

-- One that an earlier release wrote does not say whose it is.
local function of_client(name)
  return function(client) return (client or name) == name end
end
"""

END_CODES = f"""
{END_CODES_FUNCTION}
-- KEYS: codes of each user
-- ARGV: client, or nothing
local ended, is_meant = 0, of_client(ARGV[1])
if ARGV[1] == '' then is_meant = function() return true end end
for _, codes in ipairs(KEYS) do ended = ended + end_codes(codes, is_meant) end
return ended
"""

PUT = f"""
{INDEX_FUNCTIONS}
-- KEYS: version, code, codes of the user, session, perhaps consents of the user
-- ARGV: since, data, client, seconds it is valid, most codes, seconds a spent one is remembered
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'stale' end
-- What ends either ends the codes that there are; so none may come after it.
if redis.call('EXISTS', KEYS[4]) == 0 then return 'ended' end
if KEYS[5] and not redis.call('HGET', KEYS[5], ARGV[3]) then return 'ended' end
local session = string.sub(KEYS[4], 3)
redis.call('HSET', KEYS[2], 'data', ARGV[2], 'client', ARGV[3], 'session', session)
redis.call('EXPIRE', KEYS[2], ARGV[4])
enter(KEYS[3], 'c:', {{string.sub(KEYS[2], 3)}}, ARGV[5], ARGV[6], function(names)
  for i, name in ipairs(names) do names[i] = 'c:' .. name end
  redis.call('DEL', unpack(names))
end)
return 'written'
"""

REDEEM = f"""
{FIRST_FUNCTIONS}
-- KEYS, ARGV: those of `first`, then the code; seconds a spent one is remembered
local found = redis.call('HMGET', KEYS[6], 'data', 'spent')
if not found[1] then return 'unknown' end
local access, family = string.match(found[2] or '', '^(%S+) (%S+)$')
if access == ARGV[2] then return 'redeemed' end
if access then
  end_family(family, KEYS[3])
  redis.call('ZREM', KEYS[5], family)
  return 'reused'
end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'stale' end
first()
redis.call('HSET', KEYS[6], 'spent', ARGV[2] .. ' ' .. ARGV[6])
redis.call('EXPIRE', KEYS[6], ARGV[12])
return 'redeemed'
"""
