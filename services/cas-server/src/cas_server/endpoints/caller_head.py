"""What an endpoint at the protocol reads of a head, once for all requests that repeat it."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from cas_server.authentication.client_authentication import credentials_digest
from cas_server.forms import form_headers
from chassis.http_server.direct import Header


class CallerHead(NamedTuple):
    """The digest of a head's credentials, and the type of its body."""

    digest: bytes | None
    content_type: bytes | None

    @classmethod
    def of(cls, headers: Sequence[Header]) -> Self:
        """Read a head; raise `InvalidRequest` for a repeated header."""
        authorization, content_type = form_headers(headers)
        return cls(authorization and credentials_digest(authorization), content_type)
