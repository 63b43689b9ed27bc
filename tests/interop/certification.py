"""What each module of the OpenID Foundation's certification plans checks (static client).

The plans are `oidcc-basic-certification-test-plan`, `oidcc-config-certification-test-plan` and
`oidcc-rp-initiated-logout-certification-test-plan`. A module that their suite skips for what the
metadata say, or asks people for a picture of a page, checks just that here. Not applicable to a
static client, says the suite: `oidcc-idtoken-signature`, `oidcc-idtoken-unsigned` and
`oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported`.
"""

import time
from collections.abc import Callable
from secrets import token_urlsafe
from typing import Any

import pytest
from redis import Redis

from eventually import PATIENCE_S
from interop.browser import Browser, Seen
from interop.openid_provider import CALLBACK, LOGGED_OUT, Provider
from interop.relying_party import (
    INTERACTION_ERRORS,
    Login,
    RelyingParty,
    challenge_of,
    unsigned,
)

Module = Callable[[Provider], None]
MODULES: dict[str, Module] = {}


def module(name: str) -> Callable[[Module], Module]:
    """Register a module by the name that the suite gives it."""

    def register(function: Module) -> Module:
        MODULES[name] = function
        return function

    return register


# oidcc-basic-certification-test-plan


@module("oidcc-server")
def _server(provider: Provider) -> None:
    party = RelyingParty(provider)
    request = party.request()
    code = party.code(request)
    assert len(code) >= 22, "128 bits at least"
    login = party.finish(party.redeem(code), request["nonce"])
    assert party.userinfo(login.access_token).status_code == 200
    assert not {"email", "name", "preferred_username"} & login.claims.keys()


@module("oidcc-response-type-missing")
def _response_type_missing(provider: Provider) -> None:
    party = RelyingParty(provider)
    refused = party.refusal(party.request(response_type=None))
    assert refused["error"] in {"invalid_request", "unsupported_response_type"}


def _userinfo(provider: Provider, method: str, **form: str) -> None:
    party = RelyingParty(provider)
    login = party.log_in()
    options: dict[str, Any] = {"data": {"access_token": login.access_token}} if form else {}
    response = party.userinfo(login.access_token, method, **options)
    assert response.status_code == 200
    assert response.json()["sub"] == login.claims["sub"]


@module("oidcc-userinfo-get")
def _userinfo_get(provider: Provider) -> None:
    _userinfo(provider, "GET")


@module("oidcc-userinfo-post-header")
def _userinfo_post_header(provider: Provider) -> None:
    _userinfo(provider, "POST")


@module("oidcc-userinfo-post-body")
def _userinfo_post_body(provider: Provider) -> None:
    _userinfo(provider, "POST", token="in the form")


@module("oidcc-ensure-request-without-nonce-succeeds-for-code-flow")
def _without_nonce(provider: Provider) -> None:
    assert "nonce" not in RelyingParty(provider).log_in(nonce=None).claims


def _claims_for(provider: Provider, scope: str) -> dict[str, Any]:
    party = RelyingParty(provider)
    return party.claims_of(party.log_in(scope=scope))


PROFILE = {"preferred_username": "alice", "name": "Alice Example"}
EMAIL = {"email": "alice@example.com", "email_verified": True}


@module("oidcc-scope-profile")
def _scope_profile(provider: Provider) -> None:
    assert _claims_for(provider, "openid profile") == {"sub": "alice", **PROFILE}


@module("oidcc-scope-email")
def _scope_email(provider: Provider) -> None:
    assert _claims_for(provider, "openid email") == {"sub": "alice", **EMAIL}


def _unsupported_scope(provider: Provider, name: str) -> None:
    """The suite skips the module, since the metadata do not name the scope; it is ignored."""
    assert name not in RelyingParty(provider).metadata["scopes_supported"]
    assert _claims_for(provider, f"openid {name}") == {"sub": "alice"}


@module("oidcc-scope-address")
def _scope_address(provider: Provider) -> None:
    _unsupported_scope(provider, "address")


@module("oidcc-scope-phone")
def _scope_phone(provider: Provider) -> None:
    _unsupported_scope(provider, "phone")


@module("oidcc-scope-all")
def _scope_all(provider: Provider) -> None:
    claims = _claims_for(provider, "openid email phone address profile")
    assert claims == {"sub": "alice", **PROFILE, **EMAIL}


@module("oidcc-alternate-happy-flow")
def _alternate(provider: Provider) -> None:
    party = RelyingParty(provider)
    request = dict(reversed(party.request(scope="email openid").items()))
    login = party.finish(party.redeem(party.code(request)), request["nonce"])
    assert party.claims_of(login) == {"sub": "alice", **EMAIL}


def _ignored(provider: Provider, **parameters: Any) -> None:
    """A parameter must not make a login fail."""
    party = RelyingParty(provider)
    assert party.claims_of(party.log_in(**parameters))["sub"] == "alice"


@module("oidcc-display-page")
def _display_page(provider: Provider) -> None:
    _ignored(provider, display="page")


@module("oidcc-display-popup")
def _display_popup(provider: Provider) -> None:
    _ignored(provider, display="popup")


@module("oidcc-prompt-login")
def _prompt_login(provider: Provider) -> None:
    party = RelyingParty(provider)
    first = party.log_in()
    _wait_until(first.claims["auth_time"] + 1)
    second = party.log_in(prompt="login")
    assert party.logins == 2
    assert second.claims["auth_time"] > first.claims["auth_time"]


@module("oidcc-prompt-none-not-logged-in")
def _prompt_none_not_logged_in(provider: Provider) -> None:
    party = RelyingParty(provider)
    refused = party.refusal(party.request(prompt="none", state=token_urlsafe(96)))
    assert refused["error"] in INTERACTION_ERRORS
    assert party.logins == 0


def _same_login_twice(
    provider: Provider, first_request: dict[str, Any], second_request: dict[str, Any]
) -> tuple[Login, Login]:
    party = RelyingParty(provider)
    first = party.log_in(**first_request)
    hint = {"id_token_hint": first.id_token} if "id_token_hint" in second_request else {}
    second = party.log_in(**{**second_request, **hint})
    assert party.logins == 1
    for name in ("sub", "auth_time"):
        assert first.claims[name] == second.claims[name]
    return first, second


@module("oidcc-prompt-none-logged-in")
def _prompt_none_logged_in(provider: Provider) -> None:
    _same_login_twice(provider, {}, {"prompt": "none"})


@module("oidcc-max-age-1")
def _max_age_1(provider: Provider) -> None:
    party = RelyingParty(provider)
    first = party.log_in()
    _wait_until(first.claims["auth_time"] + 2.1)
    second = party.log_in(max_age="1")
    assert party.logins == 2
    assert first.claims["auth_time"] < second.claims["auth_time"] <= time.time()
    assert time.time() - second.claims["auth_time"] < PATIENCE_S


@module("oidcc-max-age-10000")
def _max_age_10000(provider: Provider) -> None:
    _same_login_twice(provider, {"max_age": "15000"}, {"max_age": "10000"})


@module("oidcc-ensure-request-with-unknown-parameter-succeeds")
def _unknown_parameter(provider: Provider) -> None:
    _ignored(provider, extra="foobar")


@module("oidcc-id-token-hint")
def _id_token_hint(provider: Provider) -> None:
    _same_login_twice(provider, {}, {"prompt": "none", "id_token_hint": "that of the first"})


@module("oidcc-login-hint")
def _login_hint(provider: Provider) -> None:
    _ignored(provider, login_hint="buffy@client.example")


@module("oidcc-ui-locales")
def _ui_locales(provider: Provider) -> None:
    _ignored(provider, ui_locales="se")


@module("oidcc-claims-locales")
def _claims_locales(provider: Provider) -> None:
    _ignored(provider, claims_locales="se")


@module("oidcc-ensure-request-with-acr-values-succeeds")
def _acr_values(provider: Provider) -> None:
    party = RelyingParty(provider)
    supported = party.metadata["acr_values_supported"]
    assert party.log_in(acr_values=" ".join(supported)).claims["acr"] in supported
    assert party.log_in(acr_values="1 2").claims["acr"] in supported


def _used_twice(party: RelyingParty, *, age_s: int = 0) -> Login:
    request = party.request()
    code = party.code(request)
    login = party.finish(party.redeem(code), request["nonce"])
    _age_codes(party.provider, age_s)
    refused = party.redeem(code)
    assert refused.status_code == 400
    assert refused.headers["content-type"].startswith("application/json")
    assert refused.json()["error"] == "invalid_grant"
    return login


@module("oidcc-codereuse")
def _code_reuse(provider: Provider) -> None:
    _used_twice(RelyingParty(provider))


@module("oidcc-codereuse-30seconds")
def _code_reuse_later(provider: Provider) -> None:
    party = RelyingParty(provider)
    login = _used_twice(party, age_s=30)
    assert party.userinfo(login.access_token).status_code == 401


@module("oidcc-ensure-registered-redirect-uri")
def _registered_redirect_uri(provider: Provider) -> None:
    party = RelyingParty(provider)
    seen = party.authorize(party.request(redirect_uri=f"{CALLBACK}/{token_urlsafe(8)}"))
    _is_error_page(seen)


@module("oidcc-ensure-post-request-succeeds")
def _post_request(provider: Provider) -> None:
    assert RelyingParty(provider).log_in(by_form=True).claims["sub"] == "alice"


@module("oidcc-server-client-secret-post")
def _client_secret_post(provider: Provider) -> None:
    party = RelyingParty(provider, by_post=True)
    assert party.userinfo(party.log_in().access_token).status_code == 200


@module("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported")
def _unsigned_request_object(provider: Provider) -> None:
    party = RelyingParty(provider)
    assert party.metadata["request_parameter_supported"] is False
    request = party.request()
    refused = party.refusal({**request, "request": unsigned(request)})
    assert refused["error"] == "request_not_supported"


@module("oidcc-claims-essential")
def _claims_essential(provider: Provider) -> None:
    """The module warns where `name` is missing, and fails for an error alone."""
    party = RelyingParty(provider)
    assert party.metadata["claims_parameter_supported"] is False
    login = party.log_in(claims='{"userinfo":{"name":{"essential":true}}}')
    assert party.claims_of(login)["sub"] == "alice"


@module("oidcc-ensure-request-object-with-redirect-uri")
def _request_object_with_redirect_uri(provider: Provider) -> None:
    """The address outside of the object is no registered one: an error page."""
    party = RelyingParty(provider)
    inside = unsigned(party.request())
    outside = party.request(redirect_uri=f"{CALLBACK}/{token_urlsafe(8)}", request=inside)
    _is_error_page(party.authorize(outside))


@module("oidcc-refresh-token")
def _refresh_token(provider: Provider) -> None:
    for client_id in ("client", "client2"):
        party = RelyingParty(provider, client_id)
        first = party.log_in(scope="openid")
        second = party.finish(_refreshed(party, first.response["refresh_token"]), None)
        assert second.claims["iat"] >= first.claims["iat"]
        for name in ("iss", "sub", "aud", "auth_time"):
            assert first.claims[name] == second.claims[name]
        assert "azp" not in second.claims
        assert party.userinfo(second.access_token).status_code == 200
        stolen = _refreshed(RelyingParty(provider), second.response["refresh_token"])
        if client_id == "client2":
            assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")


def _refreshed(party: RelyingParty, refresh_token: str) -> Any:
    return party.token({"grant_type": "refresh_token", "refresh_token": refresh_token})


@module("oidcc-ensure-request-with-valid-pkce-succeeds")
def _valid_pkce(provider: Provider) -> None:
    party, verifier = RelyingParty(provider), token_urlsafe(32)
    request = party.request(code_challenge=challenge_of(verifier), code_challenge_method="S256")
    response = party.redeem(party.code(request), code_verifier=verifier)
    party.finish(response, request["nonce"])


# oidcc-config-certification-test-plan


@module("oidcc-discovery-endpoint-verification")
def _discovery(provider: Provider) -> None:
    """That every address is https under such an issuer: test_openid_configuration.py."""
    fields = RelyingParty(provider).metadata
    assert fields["response_types_supported"] == ["code"]
    assert fields["subject_types_supported"] == ["public"]
    assert "RS256" in fields["id_token_signing_alg_values_supported"]
    assert "openid" in fields["scopes_supported"]
    assert {"authorization_code", "refresh_token"} <= {*fields["grant_types_supported"]}
    assert "S256" in fields["code_challenge_methods_supported"]
    assert {"sub", "name", "email"} <= {*fields["claims_supported"]}
    for name in ("authorization", "token", "userinfo", "end_session"):
        assert fields[f"{name}_endpoint"].startswith(f"{provider.issuer}/")
    keys = Browser(provider.issuer).http.get(fields["jwks_uri"]).json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert {"kty", "use", "alg", "kid"} <= set.intersection(*(set(key) for key in keys))
    for key in keys:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys()


# oidcc-rp-initiated-logout-certification-test-plan


@module("oidcc-rp-initiated-logout-discovery-endpoint-verification")
def _logout_discovery(provider: Provider) -> None:
    endpoint = RelyingParty(provider).metadata["end_session_endpoint"]
    assert endpoint.startswith(f"{provider.issuer}/")


def _logged_in(provider: Provider) -> tuple[RelyingParty, Login]:
    party = RelyingParty(provider)
    return party, party.log_in()


@module("oidcc-rp-initiated-logout")
def _logout(provider: Provider) -> None:
    party, login = _logged_in(provider)
    state = token_urlsafe(96)
    seen = party.log_out(login, post_logout_redirect_uri=LOGGED_OUT, state=state)
    assert seen.url.startswith(f"{LOGGED_OUT}?")
    assert seen.parameters == {"state": state}
    assert party.is_logged_out()


@module("oidcc-rp-initiated-logout-no-state")
def _logout_no_state(provider: Provider) -> None:
    party, login = _logged_in(provider)
    assert party.log_out(login, post_logout_redirect_uri=LOGGED_OUT).url == LOGGED_OUT
    assert party.is_logged_out()


def _stays_here(provider: Provider, uri: str, hint: str | None, *, is_error: bool = False) -> None:
    """The browser stays at the provider, which shows an error or asks whether to log out."""
    party, login = _logged_in(provider)
    chosen = login.id_token if hint == "own" else hint
    seen = party.log_out(
        None, id_token_hint=chosen, post_logout_redirect_uri=uri, state=token_urlsafe(16)
    )
    if is_error:
        _is_error_page(seen)
        assert not party.is_logged_out()
        return
    assert seen.page is not None
    assert seen.page.status_code == 200
    assert not party.is_logged_out(), "nobody has confirmed it"
    after = party.browser.submit(seen)
    assert after.page is not None
    assert party.is_logged_out()


@module("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri")
def _logout_bad_uri(provider: Provider) -> None:
    _stays_here(provider, "https://client.example/other", "own", is_error=True)


@module("oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri")
def _logout_query_added(provider: Provider) -> None:
    _stays_here(provider, f"{LOGGED_OUT}?foo=bar", "own", is_error=True)


@module("oidcc-rp-initiated-logout-modified-id-token-hint")
def _logout_modified_hint(provider: Provider) -> None:
    claims = {"iss": provider.issuer, "sub": "alice", "aud": "client"}
    _stays_here(provider, LOGGED_OUT, unsigned(claims))


@module("oidcc-rp-initiated-logout-bad-id-token-hint")
def _logout_bad_hint(provider: Provider) -> None:
    from chassis.jwt.compact import encoded, to_sign  # noqa: PLC0415
    from chassis.jwt.keys import private_key  # noqa: PLC0415
    from signing_keys import pem  # noqa: PLC0415 - beside its only use

    key = private_key(pem("RS256", 9))
    header = f'{{"alg":"RS256","typ":"JWT","kid":"{key.id}"}}'.encode()
    message = to_sign(encoded(header), {"iss": provider.issuer, "sub": "alice", "aud": "client"})
    _stays_here(provider, LOGGED_OUT, (message + b"." + encoded(key.sign(message))).decode())


@module("oidcc-rp-initiated-logout-no-id-token-hint")
def _logout_no_hint(provider: Provider) -> None:
    _stays_here(provider, LOGGED_OUT, None)


def _logs_out_here(provider: Provider, **fields: str) -> None:
    """The user may be asked, is logged out, and is told so."""
    party, login = _logged_in(provider)
    hint = login if fields.pop("hint", "") else None
    seen = party.log_out(hint, **fields)
    assert seen.page is not None
    if "<form" in seen.page.text:
        seen = party.browser.submit(seen)
    assert seen.page is not None
    assert "logged out" in seen.page.text
    assert party.is_logged_out()


@module("oidcc-rp-initiated-logout-no-params")
def _logout_no_params(provider: Provider) -> None:
    _logs_out_here(provider)


@module("oidcc-rp-initiated-logout-no-post-logout-redirect-uri")
def _logout_no_uri(provider: Provider) -> None:
    _logs_out_here(provider, hint="own", state="any")


@module("oidcc-rp-initiated-logout-only-state")
def _logout_only_state(provider: Provider) -> None:
    _logs_out_here(provider, state=token_urlsafe(16))


def _is_error_page(seen: Seen) -> None:
    """The user is told, and led nowhere."""
    assert seen.page is not None, seen.url
    assert seen.page.status_code == 400
    assert seen.page.headers["content-type"].startswith("text/html")


def _wait_until(moment: float) -> None:
    """Return when the clock has passed a moment: times in id_tokens are whole seconds."""
    while (left := moment - time.time()) > 0:
        time.sleep(left)


def _age_codes(provider: Provider, seconds: int) -> None:
    """Make Redis forget codes as if seconds had passed."""
    with Redis(port=provider.redis) as store:
        for name in store.scan_iter("c:*"):
            left = int(store.pttl(name))
            assert left > 0, "it would be forgotten never, or already"
            store.pexpire(name, left - seconds * 1000)


def parameters() -> list[Any]:
    """Return the modules for pytest, each by its name."""
    return [pytest.param(function, id=name) for name, function in MODULES.items()]
