"""What a browser gets at a path without a page; the status is that of any other caller."""

from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from cas_server.pages.page import reads_html, see_other
from cas_server.pages.pages import Pages
from cas_server.pages.return_address import ACCOUNT
from chassis.errors import ApiError
from chassis.security import Unauthenticated

_ROOT = "/"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The response of the security filter: at `/` it leads to the account, else it says why."""

    pages: Pages
    error: ApiError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send JSON to programs, and a page to people."""
        stranger = isinstance(self.error, Unauthenticated)
        if stranger and scope["path"] == _ROOT and reads_html(scope):
            response = see_other(self.pages.look.base + ACCOUNT)
        else:
            response = self.pages.refusal(self.error)
        await response(scope, receive, send)
