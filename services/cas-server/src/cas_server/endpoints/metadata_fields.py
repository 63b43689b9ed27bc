"""What the metadata of the server say: one source for both of its documents."""

from collections.abc import Mapping
from typing import Any

from cas_server.authorization.authorization_request import PROMPTS, RESPONSE_MODE, RESPONSE_TYPE
from cas_server.authorization.flow import AUTHORIZE
from cas_server.authorization.pkce import METHOD
from cas_server.endpoints.end_session import END_SESSION
from cas_server.endpoints.userinfo import USERINFO
from cas_server.grant_names import GRANT_NAMES
from cas_server.identities.registration import OF_ID_TOKENS
from cas_server.oidc.claims import CLAIMS_OF_A_USER
from cas_server.oidc.scopes import OIDC_SCOPES
from cas_server.settings import CasSettings
from cas_server.signing.key_files import read_keys
from cas_server.tokens.logins import SUPPORTED_ACRS
from chassis.jwt.algorithms import ALGORITHMS

_METHODS = ("client_secret_basic", "client_secret_post")
_METHODS_AND_NONE = (*_METHODS, "none")
_CLAIMS_OF_A_LOGIN = (
    *("iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"),
)


def has_openid(settings: CasSettings) -> bool:
    """Return whether there is a key for the id_tokens of clients that ask for no algorithm."""
    return OF_ID_TOKENS in _algorithms(settings)


def metadata_fields(settings: CasSettings) -> Mapping[str, Any]:
    """Return the fields of RFC 8414, 2, and of Discovery, 3 where the server has them."""
    base = settings.issuer.rstrip("/")
    fields = _server(settings.issuer, base)
    if settings.signing_keys:
        fields["jwks_uri"] = f"{base}/oauth/jwks"
    if has_openid(settings):
        fields |= _openid(base, _algorithms(settings))
    return fields


def _server(issuer: str, base: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{base}{AUTHORIZE}",
        "authorization_response_iss_parameter_supported": True,
        "code_challenge_methods_supported": [METHOD],
        "token_endpoint": f"{base}/oauth/token",
        "introspection_endpoint": f"{base}/oauth/introspect",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "grant_types_supported": sorted(GRANT_NAMES),
        "prompt_values_supported": PROMPTS,
        "response_modes_supported": [RESPONSE_MODE],
        "response_types_supported": [RESPONSE_TYPE],
        "token_endpoint_auth_methods_supported": _METHODS_AND_NONE,
        "introspection_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint_auth_methods_supported": _METHODS_AND_NONE,
    }


def _openid(base: str, algorithms: frozenset[str]) -> dict[str, Any]:
    """Return the fields of OpenID Connect; what is false here would count as true if omitted."""
    return {
        "userinfo_endpoint": f"{base}{USERINFO}",
        "end_session_endpoint": f"{base}{END_SESSION}",
        "scopes_supported": OIDC_SCOPES,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [
            algorithm for algorithm in ALGORITHMS if algorithm in algorithms
        ],
        "claims_supported": (*CLAIMS_OF_A_USER, *_CLAIMS_OF_A_LOGIN),
        "acr_values_supported": SUPPORTED_ACRS,
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def _algorithms(settings: CasSettings) -> frozenset[str]:
    return frozenset(mounted.key.algorithm for mounted in read_keys(settings.signing_keys))
