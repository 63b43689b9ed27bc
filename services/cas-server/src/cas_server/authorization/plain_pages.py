"""The consent and error pages, without any style."""

from collections.abc import Mapping
from html import escape

from starlette.responses import HTMLResponse, Response

from cas_server.authorization.authorization_request import AuthorizationRequest
from cas_server.sessions.session import Session
from chassis.errors import ApiError

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}


class PlainPages:
    """Renders both."""

    def consent(
        self, request: AuthorizationRequest, session: Session, fields: Mapping[str, str]
    ) -> Response:
        """Ask the user."""
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in fields.items()
        )
        who, asks = escape(session.user_name), escape(request.client.id)
        scopes = escape(", ".join(request.scopes))
        return _page(
            f"<h1>{asks}</h1><p>{who}: allow {scopes}?</p>"
            f'<form method="post" action="authorize/consent">{hidden}'
            '<button name="decision" value="allow">Allow</button>'
            '<button name="decision" value="deny">Deny</button></form>',
            200,
        )

    def refusal(self, error: ApiError) -> Response:
        """Say why the user can't be led back to the application."""
        return _page(
            f"<h1>This link does not work</h1><p>{escape(error.description)}</p>", error.status
        )


def _page(body: str, status: int) -> Response:
    html = f'<!doctype html><html lang="en"><title>cas-server</title>{body}</html>'
    return HTMLResponse(html, status, _HEADERS)
