"""A page as a response: rendered when it is sent, as JSON where the caller reads no HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cas_server.pages.headers import page_headers
from cas_server.pages.page_settings import PageSettings
from cas_server.pages.templates import Templates, style_sheet
from cas_server.settings import CasSettings
from chassis import LiveConfig
from chassis.errors import ApiError, error_response

_NO_COOKIES: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What all pages have in common; follows each reload."""

    live: LiveConfig[CasSettings]
    templates: Templates = field(default_factory=Templates)
    css: str = field(default_factory=style_sheet)

    @property
    def settings(self) -> PageSettings:
        """Return the settings of the pages."""
        return self.live.settings.pages

    @property
    def base(self) -> str:
        """Return the path before all paths of this server."""
        prefix = self.live.settings.server.servlet.context_path.strip("/")
        return f"/{prefix}" if prefix else ""


class Page(Response):
    """A page of a template; `error` is what a caller is told instead who reads no HTML."""

    def __init__(
        self,
        look: Look,
        template: str,
        values: Mapping[str, Any],
        *,
        error: ApiError | None = None,
        cookies: Sequence[str] = _NO_COOKIES,
        form_targets: Sequence[str] = (),
    ) -> None:
        self._look, self._template, self._values = look, template, values
        self._error, self._cookies, self._form_targets = error, cookies, form_targets
        super().__init__(status_code=200 if error is None else error.status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Render and send it."""
        if self._error is not None and not reads_html(scope):
            await error_response(self._error)(scope, receive, send)
            return
        look = self._look
        css = look.css + look.settings.css
        values = {"look": look.settings, "base": look.base, "css": css, **self._values}
        self.body = (await look.templates.render(self._template, values)).encode()
        self.init_headers()
        self._add_headers(css)
        await super().__call__(scope, receive, send)

    def _add_headers(self, css: str) -> None:
        for name, value in (self._error.headers if self._error else {}).items():
            self.headers[name] = value
        for name, value in page_headers(css, self._form_targets):
            self.headers[name] = value
        for cookie in self._cookies:
            self.headers.append("set-cookie", cookie)


def see_other(location: str, cookies: Sequence[str] = _NO_COOKIES) -> Response:
    """Lead the browser on with a GET, after which a reload sends no form again."""
    headers = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    response = Response(status_code=303, headers=headers)
    for cookie in cookies:
        response.headers.append("set-cookie", cookie)
    return response


def reads_html(scope: Scope) -> bool:
    """Return whether a caller names HTML as what it accepts; browsers do, programs do not."""
    ranges = Headers(scope=scope).get("accept", "").split(",")
    return any(_is_html(one) for one in ranges)


def _is_html(media_range: str) -> bool:
    media_type, *parameters = (part.strip().lower() for part in media_range.split(";"))
    refused = {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return media_type == "text/html" and refused.isdisjoint(parameters)
