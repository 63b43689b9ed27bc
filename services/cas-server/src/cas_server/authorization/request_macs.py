"""MACs over a request that comes back through the browser: it is what this server sent, unchanged.

So nothing is stored before a code is issued. The keys are `record-keys`, each MAC has its purpose.
"""

import json
import time
from collections.abc import Mapping

from cas_server.tokens.record_keys import RecordKeys

LOGIN_AFTER = "login_after"
"""The parameter that says after which session a login counts, where a request asks for one."""
CSRF = "csrf"
"""The field of the consent form that only a page of this session has."""
_WITHIN_S = 600
"""How long a user may take for a page."""
_NOBODY = "-"


class RequestMacs:
    """Makes and verifies the MACs."""

    def __init__(self, keys: RecordKeys) -> None:
        self._keys = keys

    def login_after(self, session: str, parameters: Mapping[str, str]) -> str:
        """Return the value of `login_after` for a request that asks for another session.

        `session` is the handle of the present one, empty where there is none. Sessions are
        compared and not times: two replicas' clocks differ.
        """
        return f"{session or _NOBODY}.{self._signed('login after', session, parameters)}"

    def asked_after(self, parameters: Mapping[str, str], login_after: str) -> str | None:
        """Return the session after which this server asked for a login; None where it did not."""
        session, _, signed = login_after.partition(".")
        session = session.removeprefix(_NOBODY)
        return session if self._is_signed("login after", session, parameters, signed) else None

    def csrf(self, session: str, parameters: Mapping[str, str]) -> str:
        """Return the token of the form by which a session allows a request."""
        return self._signed("consent", session, parameters)

    def is_from_form(self, session: str, parameters: Mapping[str, str], csrf: str) -> bool:
        """Return whether a form is the one that this session got for this request just now."""
        return self._is_signed("consent", session, parameters, csrf)

    def _signed(self, purpose: str, session: str, parameters: Mapping[str, str]) -> str:
        now = str(int(time.time()))
        return f"{now}.{self._keys.mac(_message(purpose, session, now, parameters)).hex()}"

    def _is_signed(
        self, purpose: str, session: str, parameters: Mapping[str, str], signed: str
    ) -> bool:
        since, _, mac = signed.partition(".")
        try:
            fits = self._keys.verify(
                bytes.fromhex(mac), _message(purpose, session, since, parameters)
            )
        except ValueError:
            return False
        return fits and time.time() - int(since) <= _WITHIN_S


def _message(purpose: str, session: str, since: str, parameters: Mapping[str, str]) -> bytes:
    fields = [purpose, session, since, sorted(parameters.items())]
    return b"request\0" + json.dumps(fields).encode()
