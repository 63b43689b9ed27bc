"""The page `/docs`: a frame for Swagger UI, in which no script or style is inline."""

from html import escape

from chassis.app.api_docs.assets import ICON, OWN_SCRIPT, OWN_SHEET, SCRIPT, SHEET

_DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",  # the icons in Swagger UI's style sheet
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
POLICY = "; ".join(_DIRECTIVES)
"""The Content-Security-Policy: all that the page loads comes from the service itself."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="docs/{icon}">
<link rel="stylesheet" href="docs/{style}">
<link rel="stylesheet" href="docs/{body_style}">
</head>
<body>
<div id="swagger-ui" data-document="openapi.json"{token_url}></div>
<noscript>It needs JavaScript; without, read <a href="openapi.json">the document</a>.</noscript>
<script src="docs/{script}"></script>
<script src="docs/{start}"></script>
</body>
</html>
"""
"""All addresses are relative: the service may have a context path, or be behind one."""


def render(title: str, *, token_url: str | None) -> bytes:
    """Return the page; requests for `token_url` go to `docs/token` instead."""
    forwarded = f'data-token-url="{escape(token_url or "")}" data-token-requests="docs/token"'
    return _PAGE.format(
        title=escape(title),
        icon=ICON.name,
        style=SHEET.name,
        body_style=OWN_SHEET.name,
        token_url=f" {forwarded}" if token_url else "",
        script=SCRIPT.name,
        start=OWN_SCRIPT.name,
    ).encode()
