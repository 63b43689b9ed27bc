"""What the endpoints of pages share: an error is a page for people, and JSON for programs."""

from abc import ABC, abstractmethod

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cas_server.forms import refuse_secrets_in_uri
from cas_server.pages.pages import Pages
from chassis.errors import ApiError


class PageEndpoint(ABC):
    """An ASGI endpoint that responds with pages."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            refuse_secrets_in_uri(scope)
            response = await self._respond(scope, receive)
        except ApiError as error:
            response = self._pages.refusal(error)
        await response(scope, receive, send)

    @abstractmethod
    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        """Return the response; raise an `ApiError` for one that says why there is no page."""
