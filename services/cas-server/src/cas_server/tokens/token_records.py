"""How access tokens are stored: their names in Redis, and the text of their records.

A compact record has what one token has of its own, in binary, and behind it as text what all
tokens of the grant share; between the two, for tokens of the code flow alone, the time and kind of
the login. check_token's response is put together again when it is read. The earlier form had the
response in full and its name in hex: it is read until the last such token has expired, and written
only where replicas of an earlier version are left (docs/redis.md).
"""

import json
import struct
from functools import lru_cache

from cas_server.tokens.access_tokens import (
    ID_BYTES,
    Own,
    Shared,
    Stamp,
    StoredToken,
    access_token,
)
from cas_server.tokens.logins import ACRS, Login

_PREFIX = b"t:"
_COMPACT, _OF_A_LOGIN = 1, 2
"""The first byte of a compact record, without and with a login. A digit begins the earlier ones."""
_OWN = struct.Struct(f">BQIQQ{ID_BYTES}s")
"""The form, `exp`, seconds from `iat` to it, the two versions of the stamp, `jti`."""
_LOGIN = struct.Struct(">QB")
"""`auth_time`, and the number of the `acr`."""
_CACHED = 1024


def name_of(token_hash: str) -> bytes:
    """Return the Redis key of a compact record: the digest itself."""
    return _PREFIX + bytes.fromhex(token_hash)


def earlier_name_of(token_hash: str) -> bytes:
    """Return the Redis key of a record of the earlier form: the digest in hex."""
    return _PREFIX + token_hash.encode()


def encode(token: StoredToken) -> bytes:
    """Return the compact record."""
    own = _OWN.pack(
        _OF_A_LOGIN if token.login else _COMPACT,
        token.expires_at,
        token.expires_at - token.issued_at,
        token.since,
        token.client_since,
        bytes.fromhex(token.token_id),
    )
    if token.login:
        own += _LOGIN.pack(token.login.at, ACRS.index(token.login.acr))
    return own + _encoded(_shared_of(token))


def decode(record: bytes) -> StoredToken | None:
    """Read a compact record; None where a later version wrote it in another form."""
    form, login, size = record[0], None, _OWN.size
    if form == _OF_A_LOGIN:
        at, number = _LOGIN.unpack_from(record, size)
        login, size = Login(at, ACRS[number]), size + _LOGIN.size
    elif form != _COMPACT:
        return None
    _, expires_at, lifetime, since, client_since, token_id = _OWN.unpack_from(record)
    own = Own(expires_at, expires_at - lifetime, token_id.hex(), login)
    return access_token(own, _decoded(record[size:]), Stamp(since, client_since))


def encode_earlier(token: StoredToken) -> bytes:
    """Return the record in the earlier form."""
    fields = (*token[:7], " ".join(token.audience))
    return "\t".join(map(str, fields)).encode() + b"\n" + token.response


def decode_earlier(record: bytes) -> StoredToken:
    """Read a record of the earlier form."""
    head, _, response = record.partition(b"\n")
    expires_at, client_id, user_name, fingerprint, grant_type, *rest = head.decode().split("\t")
    since, client_since, audience = rest
    claims = json.loads(response)
    return StoredToken(
        int(expires_at),
        client_id,
        user_name,
        fingerprint,
        grant_type,
        int(since),
        int(client_since),
        tuple(audience.split(" ")),
        response,
        claims["iat"],
        claims["jti"],
        tuple(claims["scope"]),
        tuple(claims.get("authorities", ())),
        Login(claims["auth_time"], claims["acr"]) if "auth_time" in claims else None,
    )


def _shared_of(token: StoredToken) -> Shared:
    who = token.client_id, token.user_name, token.user_fingerprint, token.grant_type
    return Shared(*who, token.audience, token.scopes, token.authorities)


@lru_cache(_CACHED)
def _encoded(shared: Shared) -> bytes:
    """Return the text; only an authority may have white space, which JSON escapes."""
    lists = " ".join(shared.audience), " ".join(shared.scopes)
    authorities = json.dumps(shared.authorities, separators=(",", ":"), ensure_ascii=False)
    return "\t".join((*shared[:4], *lists, authorities[1:-1])).encode()


@lru_cache(_CACHED)
def _decoded(text: bytes) -> Shared:
    client, user, fingerprint, grant, audience, scopes, rest = text.decode().split("\t")
    authorities = tuple(json.loads(f"[{rest}]"))
    return Shared(client, user, fingerprint, grant, _listed(audience), _listed(scopes), authorities)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(" ")) if text else ()
