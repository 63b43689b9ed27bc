"""The state changes that have to be one step, as scripts that Redis 6.2 to 8 and Valkey take.

Each is idempotent, for redis-py sends a command again when a connection broke after sending
(docs/design/reliability.md, "Writes"). Each takes the time from Redis.

Keys:
`t:HASH`   an access token: a sealed record. HASH is the digest itself; in records of the earlier
           form (`token_records`) it is in hex. Both are members of the index as they are here.
`f:FAMILY` a family of refresh tokens, a hash: `data`, a sealed record; `state`, the number and the
           hash of the newest refresh token, the hash of the one before, and when it ends unused;
           `live`, the hashes of its newest access tokens, in hex. One of the code flow without a
           refresh token has `live` alone, so that its token ends as those of other families do.
`a:FAMILY` the sealed response to its last rotation, for the grace window; for a minute also which
           rotation was the reuse that ended it.
`g:t:CLIENT`, `g:f:CLIENT:USER` who has which tokens and families, scored by when they came.
`n:identities`, `n:version` the table of clients, users, grants and keys: see `not_before`. Its
           entry `keep` is the seconds for which the load with the longest validities stores it.
`n:change:ID` a change that was made, for a minute.
Those of sessions and consents: see `session_scripts`; of codes: see `authorization_code_scripts`.

Keys of tokens and families that are evicted, or end with another one, are derived from the members
of their index: their number is not known before, and no Redis Cluster needs it.
"""

INDEX_FUNCTIONS = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

-- Enter members; those that ended leave as they come to be the oldest, and then the oldest does.
local function enter(index, prefix, members, most, ttl, drop)
  -- After a failover Redis' clock may be behind: the latest to come is the newest all the same.
  local newest = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')[2] or 0
  local first, scored = math.max(now, newest + 1), {}
  for i, member in ipairs(members) do
    table.insert(scored, first + i - 1)
    table.insert(scored, member)
  end
  redis.call('ZADD', index, unpack(scored))
  local alive = 0
  for _, oldest in ipairs(redis.call('ZRANGE', index, 0, 2 * #members - 1)) do
    if redis.call('EXISTS', prefix .. oldest) == 0 then
      redis.call('ZREM', index, oldest)
    else
      -- One may outlive those behind it; behind two, hardly any has ended.
      alive = alive + 1
      if alive == 2 then break end
    end
  end
  local over = math.min(redis.call('ZCARD', index) - most, 100 + #members)
  if over > 0 then
    local oldest = redis.call('ZRANGE', index, 0, over - 1)
    redis.call('ZREM', index, unpack(oldest))
    drop(oldest)
  end
  if redis.call('TTL', index) < tonumber(ttl) then redis.call('EXPIRE', index, ttl) end
end

local function drop_tokens(members)
  for i, member in ipairs(members) do members[i] = 't:' .. member end
  redis.call('DEL', unpack(members))
end
"""

END_FUNCTIONS = """
local function byte(digits) return string.char(tonumber(digits, 16)) end

-- Return the digest that is the member of a compact record; an earlier one has the hash in hex.
local function digest(hash) return (string.gsub(hash, '%x%x', byte)) end

local function end_token(hash, tokens)
  redis.call('DEL', 't:' .. digest(hash), 't:' .. hash)
  redis.call('ZREM', tokens, digest(hash), hash)
end

local function end_family(family, tokens)
  local live = redis.call('HMGET', 'f:' .. family, 'live')[1] or ''
  for hash in string.gmatch(live, '%S+') do end_token(hash, tokens) end
  return redis.call('DEL', 'f:' .. family, 'a:' .. family)
end
"""

FAMILY = """
-- KEYS: family
local data, state = unpack(redis.call('HMGET', KEYS[1], 'data', 'state'))
local number, idle = string.match(state or '', '^(%d+) .* (%d+)$')
if not data or not idle then return {} end
return {data, tonumber(number), tonumber(redis.call('TIME')[1]) >= tonumber(idle) and 1 or 0}
"""

ISSUE = f"""
{INDEX_FUNCTIONS}
-- KEYS: version, tokens of the client, then each access
-- ARGV: most tokens, then for each: since, access text, its ttl
local version, issued, members, longest = redis.call('GET', KEYS[1]), {{}}, {{}}, 0
for i = 1, #KEYS - 2 do
  local since, text, ttl = unpack(ARGV, 3 * i - 1, 3 * i + 1)
  issued[i] = 0
  if version == since then
    redis.call('SET', KEYS[i + 2], text, 'EX', ttl)
    table.insert(members, string.sub(KEYS[i + 2], 3))
    longest, issued[i] = math.max(longest, ttl), 1
  end
end
if #members > 0 then enter(KEYS[2], 't:', members, ARGV[1], longest, drop_tokens) end
return issued
"""

FIRST_FUNCTIONS = f"""
{INDEX_FUNCTIONS}
{END_FUNCTIONS}
-- KEYS: version, access, tokens of the client, family, families of client and user
-- ARGV: since, access hash, access text, its ttl, most tokens,
--       family name, its data, its ttl, refresh hash, idle seconds, most families
-- Store the first access token of a family; without a refresh hash the family ends with it.
local function first()
  redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[4])
  enter(KEYS[3], 't:', {{string.sub(KEYS[2], 3)}}, ARGV[5], ARGV[4], drop_tokens)
  local ttl = ARGV[4]
  redis.call('HSET', KEYS[4], 'live', ARGV[2])
  if ARGV[9] ~= '' then
    local state = '1 ' .. ARGV[9] .. ' - ' .. (clock[1] + ARGV[10])
    redis.call('HSET', KEYS[4], 'data', ARGV[7], 'state', state)
    ttl = ARGV[8]
  end
  redis.call('EXPIRE', KEYS[4], ttl)
  enter(KEYS[5], 'f:', {{ARGV[6]}}, ARGV[11], ttl, function(names)
    for _, name in ipairs(names) do end_family(name, KEYS[3]) end
  end)
end
"""

BEGIN = f"""
{FIRST_FUNCTIONS}
-- KEYS, ARGV: those of `first`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
first()
return 1
"""

ROTATE = f"""
{INDEX_FUNCTIONS}
{END_FUNCTIONS}
-- KEYS: version, access, tokens of the client, family, response, families of client and user
-- ARGV: since, access hash, access text, its ttl, most tokens,
--       family name, presented number, presented hash, new refresh hash, idle seconds,
--       sealed response, grace in ms, most access tokens of a family
local found = redis.call('HMGET', KEYS[4], 'state', 'live')
if not found[1] then
  local again = redis.call('GET', KEYS[5]) == 'reused ' .. ARGV[9]
  return {{again and 'reused' or 'unknown', ''}}
end
local number, newest, before, idle = string.match(found[1], '(%S+) (%S+) (%S+) (%S+)')
if not idle then return {{'unknown', ''}} end
if newest == ARGV[9] then return {{'rotated', ''}} end

if newest ~= ARGV[8] then
  local response = before == ARGV[8] and redis.call('GET', KEYS[5])
  if response then return {{'repeated', response}} end
  end_family(ARGV[6], KEYS[3])
  redis.call('ZREM', KEYS[6], ARGV[6])
  redis.call('SET', KEYS[5], 'reused ' .. ARGV[9], 'EX', 60)
  return {{'reused', ''}}
end
if tonumber(clock[1]) >= tonumber(idle) then return {{'unknown', ''}} end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {{'stale', ''}} end

local live = {{}}
for hash in string.gmatch(found[2] or '', '%S+') do
  if redis.call('EXISTS', 't:' .. digest(hash), 't:' .. hash) > 0 then table.insert(live, hash) end
end
table.insert(live, ARGV[2])
while #live > tonumber(ARGV[13]) do
  end_token(table.remove(live, 1), KEYS[3])
end
local state = (ARGV[7] + 1) .. ' ' .. ARGV[9] .. ' ' .. newest .. ' ' .. (clock[1] + ARGV[10])
redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[4])
redis.call('HSET', KEYS[4], 'state', state, 'live', table.concat(live, ' '))
redis.call('DEL', KEYS[5])
if tonumber(ARGV[12]) > 0 then redis.call('SET', KEYS[5], ARGV[11], 'PX', ARGV[12]) end
enter(KEYS[3], 't:', {{string.sub(KEYS[2], 3)}}, ARGV[5], ARGV[4], drop_tokens)
return {{'rotated', ''}}
"""

REVOKE_ACCESS = """
-- KEYS: tokens of the client, then each name that the access token may have
for i = 2, #KEYS do redis.call('ZREM', KEYS[1], string.sub(KEYS[i], 3)) end
return redis.call('DEL', unpack(KEYS, 2))
"""

REVOKE_FAMILY = f"""
{END_FUNCTIONS}
-- KEYS: tokens of the client, families of client and user
-- ARGV: family name
redis.call('ZREM', KEYS[2], ARGV[1])
return end_family(ARGV[1], KEYS[1])
"""

IDENTITIES = """
-- KEYS: identities, version
local clock = redis.call('TIME')
local entries = redis.call('HGETALL', KEYS[1])
return {redis.call('GET', KEYS[2]) or '', clock[1] * 1000000 + clock[2], entries}
"""

CHANGE = """
-- KEYS: identities, version, this change
-- ARGV: version that the new one comes after, seconds to keep,
--       then for each entry: name, expected text, 'set', 'end' or 'drop', marks
if redis.call('EXISTS', KEYS[3]) == 1 then return 1 end
-- A text that is not a number of ours counts as missing.
local function number(text, form)
  local digits = string.match(text or '', form)
  return digits and #digits <= 16 and tonumber(digits)
end
for i = 3, #ARGV, 4 do
  local text = redis.call('HGET', KEYS[1], ARGV[i])
  if (number(text, '^(%d+) ') and text or '') ~= ARGV[i + 1] then return 0 end
end
local clock = redis.call('TIME')
local known = number(redis.call('GET', KEYS[2]), '^(%d+)$') or 0
local version = math.max(clock[1] * 1000000 + clock[2], known + 1, ARGV[1] + 1)
local text, ends = string.format('%.0f', version), known == 0
for i = 3, #ARGV, 4 do
  local before = string.match(ARGV[i + 1], '%d+') or '0'
  if ARGV[i + 2] == 'drop' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  elseif ARGV[i + 2] == 'end' then
    redis.call('HSET', KEYS[1], ARGV[i], text .. ' ' .. ARGV[i + 3])
    ends = true
  else
    redis.call('HSET', KEYS[1], ARGV[i], before .. ' ' .. ARGV[i + 3])
  end
end
if ends or known <= tonumber(ARGV[1]) then redis.call('SET', KEYS[2], text) end
-- What an earlier load has issued may live longer than anything that this one issues.
local keep = math.max(ARGV[2], number(redis.call('HGET', KEYS[1], 'keep'), '^(%d+)$') or 0)
redis.call('HSET', KEYS[1], 'keep', keep)
for i = 1, 2 do
  if redis.call('TTL', KEYS[i]) < keep then redis.call('EXPIRE', KEYS[i], keep) end
end
redis.call('SET', KEYS[3], '', 'EX', 60)
return 1
"""
