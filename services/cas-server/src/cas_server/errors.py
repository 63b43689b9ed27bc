"""The errors of RFC 6749 and its extensions; the class is the wire code.

ApiError                         in chassis.errors
├── OAuthError                   400 invalid_request
│   ├── ConsentRequired          400 consent_required (OpenID Connect Core, 3.1.2.6)
│   ├── InvalidClient            401 invalid_client, with a Basic challenge
│   ├── InvalidGrant             400 invalid_grant
│   ├── InvalidScope             400 invalid_scope
│   ├── LoginFailed              401 invalid_grant, with a challenge that no browser acts on
│   ├── LoginRequired            400 login_required (likewise)
│   ├── RequestNotSupported      400 request_not_supported (likewise)
│   ├── RequestUriNotSupported   400 request_uri_not_supported (likewise)
│   ├── TooManyFailures          429 slow_down, with Retry-After
│   ├── UnauthorizedClient       400 unauthorized_client
│   ├── UnrecognisedToken        400 invalid_token: check_token's wire format has no 401
│   ├── UnsafeRedirect           400 invalid_request: told to the user, never sent to a client
│   ├── UnsupportedGrantType     400 unsupported_grant_type
│   └── UnsupportedResponseType  400 unsupported_response_type
├── AccessDenied                 in chassis.errors
│   └── FormOutdated             403 access_denied
└── TemporarilyUnavailable       in chassis.errors
    ├── TooManyWaiting           503 temporarily_unavailable, with Retry-After
    └── Unconfirmed              503 temporarily_unavailable, with Retry-After
"""

from typing import Any

from chassis.errors import AccessDenied, ApiError, TemporarilyUnavailable


class OAuthError(ApiError):
    """An error of a token endpoint; never cached (RFC 6749, 5.2)."""

    status = 400
    error = "invalid_request"

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that RFC 6749, 5.1 requires of responses with tokens."""
        return {"Pragma": "no-cache", **super().headers}


class ConsentRequired(OAuthError):
    """The user has not allowed this, and may not be asked: prompt is none."""

    error = "consent_required"


class InvalidClient(OAuthError):
    """Client authentication failed: unknown client, or wrong secret."""

    status = 401
    error = "invalid_client"

    @property
    def headers(self) -> dict[str, str]:
        """Return the challenge with the seed stack's realm."""
        return {"WWW-Authenticate": 'Basic realm="oauth2/client"', **super().headers}


class InvalidGrant(OAuthError):
    """The grant is unknown, expired, revoked, or was issued to another client."""

    error = "invalid_grant"


class InvalidScope(OAuthError):
    """The scope is unknown, or more than the client may have."""

    error = "invalid_scope"


class LoginFailed(OAuthError):
    """The user name or the password is wrong."""

    status = 401
    error = "invalid_grant"

    @property
    def headers(self) -> dict[str, str]:
        """Return a challenge, which a 401 must have (RFC 9110, 15.5.2): a form is to be filled."""
        return {"WWW-Authenticate": 'Form realm="login"', **super().headers}


class LoginRequired(OAuthError):
    """The user has to log in, and may not be asked to: prompt is none."""

    error = "login_required"


class RequestNotSupported(OAuthError):
    """Request objects are not supported; send the parameters themselves."""

    error = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    """Requests by reference are not supported; send the parameters themselves."""

    error = "request_uri_not_supported"


class UnauthorizedClient(OAuthError):
    """The client may not use this grant type."""

    error = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    """The grant type is not supported; see grant_types_supported in the metadata."""

    error = "unsupported_grant_type"


class UnsafeRedirect(OAuthError):
    """The application is unknown, or the place to return to is not registered for it."""


class UnsupportedResponseType(OAuthError):
    """The response type is not supported; use response_type=code."""

    error = "unsupported_response_type"


class UnrecognisedToken(OAuthError):
    """Token was not recognised"""  # noqa: D400, D415 - the seed stack's wording

    error = "invalid_token"


class TooManyFailures(OAuthError):
    """Too many failures from this address; wait."""

    status = 429
    error = "slow_down"

    def __init__(self, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)})


class FormOutdated(AccessDenied):
    """The form is outdated: load the page again, and send its form."""


class TooManyWaiting(TemporarilyUnavailable):
    """Too many secrets are being compared; try again."""

    def __init__(self, *, caused_by_caller: bool, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.caused_by_caller = caused_by_caller


class Unconfirmed(TemporarilyUnavailable):
    """Too few replicas of the token store have the change; try again.

    The primary has made it, with this `result`; a failover may lose it.
    """

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result
