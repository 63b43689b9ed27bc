"""The bearer token of a command in the pod: a time under the record keys' MAC.

Whoever runs a command in the pod can read its Secret, and so already may do anything here. Without
record keys of its own, a server takes none: everybody knows the demo key.
"""

import base64
import re
import secrets
import struct
import time

from cas_server.settings import DEMO_RECORD_KEY, AdministrationSettings, CasSettings
from cas_server.tokens.record_keys import MAC_BYTES, RecordKeys
from chassis import Authentication, LiveConfig

LIFETIME_S = 60
_PURPOSE = b"operator token\0"
_PREFIX = "operator."
_FIELDS = struct.Struct(">Q16s")
_CHARACTERS = (_FIELDS.size + MAC_BYTES) * 4 // 3 + 1
_FORM = re.compile(rf"operator\.([A-Za-z0-9_-]{{{_CHARACTERS}}})")
OPERATOR = "operator:pod"
"""The name of whoever runs a command in the pod. No client has a colon in its name."""


class Operator(Authentication):
    """The authentication of a command in the pod."""

    __slots__ = ()


def new_operator_token(keys: RecordKeys) -> str:
    """Return a token for the next minute."""
    fields = _FIELDS.pack(int(time.time()) + LIFETIME_S, secrets.token_bytes(16))
    sealed = fields + keys.mac(_PURPOSE + fields)
    return _PREFIX + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


class OperatorTokens:
    """Reads these tokens, by the settings of the moment."""

    def __init__(self, live: LiveConfig[CasSettings], keys: RecordKeys) -> None:
        self._live, self._keys = live, keys

    def read(self, token: str) -> Operator | None:
        """Return who presents a token; None for any other, or one that has expired."""
        settings, found = self._live.settings, _FORM.fullmatch(token)
        if found is None or DEMO_RECORD_KEY in settings.record_keys:
            return None
        raw = base64.urlsafe_b64decode(found[1] + "=")
        fields, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        if not self._keys.verify(mac, _PURPOSE + fields):
            return None
        expires_at, _ = _FIELDS.unpack(fields)
        return _operator(settings.administration, expires_at) if time.time() < expires_at else None


def _operator(settings: AdministrationSettings, expires_at: int) -> Operator:
    return Operator(
        client_id=OPERATOR,
        scopes=frozenset({settings.scope}),
        authorities=frozenset({settings.authority}),
        audience=frozenset({settings.audience}),
        expires_at=expires_at,
    )
