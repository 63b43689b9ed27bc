"""MACs over a request that comes back through the browser: it is what this server sent, unchanged.

So nothing is stored before a code is issued. The keys are `record-keys`, each MAC has its purpose.
"""

import json
import time
from collections.abc import Mapping

from cas_server.tokens.record_keys import RecordKeys

LOGIN_AFTER = "login_after"
"""The parameter that says since when a login counts, where a request asks for a new one."""
CSRF = "csrf"
"""The field of the consent form that only a page of this session has."""
_LOGIN_S = 600
"""How long a user may take to log in."""


class RequestMacs:
    """Makes and verifies the MACs."""

    def __init__(self, keys: RecordKeys) -> None:
        self._keys = keys

    def login_after(self, parameters: Mapping[str, str]) -> str:
        """Return the value of `login_after` for a request that asks for a login from now on."""
        now = str(int(time.time()))
        return f"{now}.{self._keys.mac(_message('login after', now, parameters)).hex()}"

    def asked_at(self, parameters: Mapping[str, str], login_after: str) -> int | None:
        """Return since when a login satisfies the request; None where this server did not say."""
        since, _, mac = login_after.partition(".")
        if not self._fits(mac, _message("login after", since, parameters)):
            return None
        return int(since) if time.time() - int(since) <= _LOGIN_S else None

    def csrf(self, session: str, parameters: Mapping[str, str]) -> str:
        """Return the token of the form by which a session allows a request."""
        return self._keys.mac(_message("consent", session, parameters)).hex()

    def is_from_form(self, session: str, parameters: Mapping[str, str], csrf: str) -> bool:
        """Return whether a form is the one that this session got for this request."""
        return self._fits(csrf, _message("consent", session, parameters))

    def _fits(self, mac: str, message: bytes) -> bool:
        try:
            return self._keys.verify(bytes.fromhex(mac), message)
        except ValueError:
            return False


def _message(purpose: str, subject: str, parameters: Mapping[str, str]) -> bytes:
    return b"request\0" + json.dumps([purpose, subject, sorted(parameters.items())]).encode()
