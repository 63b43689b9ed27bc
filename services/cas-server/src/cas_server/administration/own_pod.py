"""Requests of a command to the cas-server of its own pod."""

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any, Self
from urllib.parse import urlencode

from cas_server.administration.operator_token import new_operator_token
from cas_server.settings import DEMO_RECORD_KEY, CasSettings
from cas_server.tokens.record_keys import RecordKeys
from chassis import LiveConfig
from chassis.config import ConfigError
from chassis.config.source import ConfigSource

_TIMEOUT_S = 10.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared with it
_UNAUTHORIZED = 401
_UNREAD = "the cas-server of this pod has not the record keys of these mounts yet; try again"


class RefusedError(Exception):
    """The server refused a request, or is away; the message says what to do."""


class OwnPod:
    """Calls /admin/v1 of the server with this configuration, as its operator."""

    def __init__(self, settings: CasSettings, keys: RecordKeys) -> None:
        self._server, self._keys = settings.server, keys

    @classmethod
    def of(cls, flags: Sequence[str], environ: Mapping[str, str]) -> Self:
        """Read the configuration of this pod; raise `ConfigError`."""
        source = ConfigSource.from_process("cas-server", flags, environ)
        live = LiveConfig.load(source, CasSettings)
        if DEMO_RECORD_KEY in live.settings.record_keys:
            reason = "has the demo key, with which nobody may administer; run make secrets"
            raise ConfigError(reason, key="record-keys")
        return cls(live.settings, RecordKeys(live))

    def send(self, method: str, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the body of the response; raise `RefusedError`."""
        address = _ANY.get(self._server.address, self._server.address).strip("[]")
        prefix = self._server.servlet.context_path.rstrip("/")
        target = f"{prefix}/admin/v1/{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {new_operator_token(self._keys)}"}
        connection = http.client.HTTPConnection(address, self._server.port, timeout=_TIMEOUT_S)
        try:
            connection.request(method, target, headers=headers)
            response = connection.getresponse()
            body: dict[str, Any] = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            where = f"{address}:{self._server.port}"
            reason = f"no cas-server responds at {where} ({error}); run this in a pod of it"
            raise RefusedError(f"{reason} that is ready") from None
        finally:
            connection.close()
        if response.status == _UNAUTHORIZED:
            raise RefusedError(_UNREAD)
        if "error" in body:
            raise RefusedError(str(body["error_description"]))
        return body
