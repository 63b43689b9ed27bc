"""A sender that remembers what no store and no log may have, and the search for it."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qs, quote, urlsplit

from suitectl.platform.http import Reply, Request, Sender

_OF_FORMS = ("password", "token", "refresh_token", "client_secret", "code", "code_verifier")
_OF_RESPONSES = ("access_token", "refresh_token", "id_token")
_SHORTEST, _WINDOW = 8, 12
_ALIGNMENTS = 3


class Recorded:
    """Sends by another sender; `secrets` are the tokens, passwords and secrets that it saw."""

    def __init__(self, sender: Sender) -> None:
        self._sender, self.secrets = sender, set[str]()

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:
        """Send a request, and remember what it and its response have."""
        reply = await self._sender.send(request, keep_alive=keep_alive)
        self.secrets.update(one for one in _secrets(request, reply) if len(one) >= _SHORTEST)
        return reply


def _secrets(request: Request, reply: Reply) -> Iterator[str]:
    if request.bearer:
        yield request.bearer
    if request.basic:
        yield request.basic[1]
    yield from _fields(request.form or {}, _OF_FORMS)
    yield from parse_qs(urlsplit(reply.headers.get("location", "")).query).get("code", ())
    if cookie := reply.headers.get("set-cookie"):
        yield cookie.partition(";")[0].partition("=")[2]
    try:
        body = reply.json()
    except json.JSONDecodeError:
        return
    if isinstance(body, dict):
        yield from _fields(body, _OF_RESPONSES)


def _fields(found: Mapping[str, object], names: Iterable[str]) -> Iterator[str]:
    values = (found.get(name) for name in names)
    return (value for value in values if isinstance(value, str))


def forms(secret: str) -> Iterator[bytes]:
    """Yield a secret as it is, and URL-encoded, and in base64 wherever it begins there."""
    yield secret.encode()
    yield quote(secret, safe="").encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(_ALIGNMENTS):
            text = encode(b"\0" * before + secret.encode()).rstrip(b"=")
            # The first character after the padding, and the last one, depend on what is beside.
            yield text[(before * 8 + 5) // 6 : -1]


class Sought:
    """Finds any of the secrets in a text, in one pass however many they are."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._short: dict[bytes, str] = {}
        self._long: dict[bytes, list[tuple[bytes, str]]] = {}
        for secret in secrets:
            for form in forms(secret):
                if len(form) < _WINDOW:
                    self._short[form] = secret
                else:
                    self._long.setdefault(form[:_WINDOW], []).append((form, secret))

    def found_in(self, text: bytes) -> set[str]:
        """Return the secrets that a text has."""
        found = {secret for form, secret in self._short.items() if form in text}
        for place in range(len(text) - _WINDOW + 1):
            for form, secret in self._long.get(text[place : place + _WINDOW], ()):
                if text.startswith(form, place):
                    found.add(secret)
        return found
