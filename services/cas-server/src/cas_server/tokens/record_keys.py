"""The keys that seal records in Redis, so that write access to Redis makes no valid record.

A record begins with an HMAC-SHA256 (RFC 2104) over its Redis key and its text. The keys are in
cas-server's own configuration and never in Redis. The first key seals, each of them opens: a new
key seals while the records of the old one live on.
"""

import hmac
from collections.abc import Sequence

import structlog

from cas_server.bounded_dict import BoundedDict
from cas_server.settings import DEMO_RECORD_KEY, CasSettings
from chassis import LiveConfig
from chassis.config import Snapshot
from chassis.telemetry.audit import AuditEvent, audit

MAC_BYTES = 32
_REPORTED = 1024
_KINDS = {b"c:": "authorization code", b"t:": "access token", b"f:": "refresh family"}
_log = structlog.get_logger("cas_server.store")


class RecordKeys:
    """Seals and opens records; follows each reload."""

    def __init__(self, live: LiveConfig[CasSettings]) -> None:
        self.all = _bytes(live.settings)
        """The keys of this load, the one that seals first."""
        self._reported: BoundedDict[bytes, bool] = BoundedDict(_REPORTED)
        live.on_change(self._apply)
        if DEMO_RECORD_KEY in live.settings.record_keys:
            _log.warning(
                "record-keys has the demo key: whoever can write to Redis can forge tokens"
            )

    def mac(self, message: bytes) -> bytes:
        """Return the MAC of a message under the first key."""
        return hmac.digest(self.all[0], message, "sha256")

    def verify(self, mac: bytes, message: bytes) -> bool:
        """Return whether a MAC is that of the message under any of the keys."""
        return any(
            hmac.compare_digest(mac, hmac.digest(key, message, "sha256")) for key in self.all
        )

    def seal(self, name: bytes, text: bytes) -> bytes:
        """Return the text as it is stored under a Redis key."""
        return self.mac(_message(name, text)) + text

    def open(self, name: bytes, sealed: bytes) -> bytes | None:
        """Return the text that was sealed for this Redis key; None, and one audit line, if not."""
        text = sealed[MAC_BYTES:]
        if self.verify(sealed[:MAC_BYTES], _message(name, text)):
            return text
        self._report(name)
        return None

    def _report(self, name: bytes) -> None:
        """Audit a record once, however often its bearer presents it."""
        if name not in self._reported:
            self._reported[name] = True
            audit(AuditEvent.RECORD_FORGED, record=_KINDS.get(name[:2], "other"))

    def _apply(self, snapshot: Snapshot[CasSettings]) -> None:
        self.all = _bytes(snapshot.settings)


def _bytes(settings: CasSettings) -> Sequence[bytes]:
    return tuple(key.get_secret_value().encode() for key in settings.record_keys)


def _message(name: bytes, text: bytes) -> bytes:
    """Bind a text to its Redis key.

    The keys of tokens and families have fixed lengths, and no key begins another one's message:
    a digest ends where a name in hex goes on with a digit, not with the zero byte.
    """
    return name + b"\0" + text
