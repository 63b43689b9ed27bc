"""What the authorization endpoint needs of pages."""

from collections.abc import Mapping
from typing import Protocol

from starlette.responses import Response

from cas_server.authorization.authorization_request import AuthorizationRequest
from cas_server.sessions.session import Session
from chassis.errors import ApiError


class Pages(Protocol):
    """The pages that a user sees on the way."""

    def consent(
        self, request: AuthorizationRequest, session: Session, fields: Mapping[str, str]
    ) -> Response:
        """Ask the user; the form sends `fields` and `decision`, which is `allow` or `deny`."""

    def refusal(self, error: ApiError) -> Response:
        """Say why the user can't be led back to the application."""
