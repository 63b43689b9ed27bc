"""The parameters of an authorization request, in the query or in a form (RFC 6749, 3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from starlette.types import Receive, Scope

from cas_server.errors import UnsafeRedirect
from cas_server.forms import form_headers, parse_pairs, read_body, refuse_other_type
from chassis.errors import InvalidRequest

_DESTINATION = frozenset(("client_id", "redirect_uri"))


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters that have a value, and the names that come more than once."""

    values: Mapping[str, str]
    repeated: frozenset[str]

    @classmethod
    def of(cls, text: bytes) -> Self:
        """Read an encoded text; raise `InvalidRequest` for too many, or what is not UTF-8."""
        pairs = parse_pairs(text)
        names = [name for name, _ in pairs]
        repeated = frozenset(name for name in names if names.count(name) > 1)
        # A parameter without a value counts as omitted (RFC 6749, 3.1).
        return cls({name: value for name, value in pairs if value}, repeated)

    def destination(self) -> tuple[str, str]:
        """Return client id and redirect URI; raise `UnsafeRedirect` where there are not one each.

        The redirect URI is always required: then nothing depends on how many are registered.
        """
        for name in sorted(_DESTINATION):
            if name in self.repeated:
                raise UnsafeRedirect(f"The parameter {name} is repeated")
            if name not in self.values:
                raise UnsafeRedirect(f"The parameter {name} is missing")
        return self.values["client_id"], self.values["redirect_uri"]

    def refuse_repeated(self) -> None:
        """Raise `InvalidRequest` for a repeated parameter: two readers could differ."""
        if self.repeated:
            raise InvalidRequest("A parameter is repeated")


async def read_parameters(scope: Scope, receive: Receive) -> Parameters:
    """Return the parameters of a GET or POST (OpenID Connect Core, 3.1.2.1)."""
    if scope["method"] == "POST":
        return await read_form_parameters(scope, receive)
    return Parameters.of(scope["query_string"])


async def read_form_parameters(scope: Scope, receive: Receive) -> Parameters:
    """Return the parameters of a form; its URI has none, so that no parameter has two places."""
    if scope["query_string"]:
        raise InvalidRequest("Send the parameters in the form alone")
    _, content_type = form_headers(scope["headers"])
    refuse_other_type(content_type)
    return Parameters.of(await read_body(receive))
