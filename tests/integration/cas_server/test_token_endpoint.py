"""docs/design/protocol.md, "token", and docs/tokens.md, "What refusals say"."""

import asyncio
import json
import time

import httpx
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from eventually import PATIENCE_S
from integration.cas_server.world import BASIC, Cas
from suitectl.waiting import until

pytestmark = pytest.mark.anyio


PATH = b"/oauth/token"


@pytest.fixture(autouse=True, params=["protocol", "asgi"])
async def _way(cas: Cas, request: pytest.FixtureRequest) -> None:
    """Every test runs by both ways: at the protocol once credentials are cached, and by ASGI."""
    if request.param == "asgi":
        cas.http.event_hooks = {"request": [_with_a_query]}
    else:
        for client in ("demo-app", "order-service"):
            await cas.client_token(client)


async def _with_a_query(request: httpx.Request) -> None:
    """Let a request take the way through ASGI: its target is not the path alone."""
    if request.url.raw_path == PATH:
        request.url = request.url.copy_with(raw_path=PATH + b"?")


async def test_client_credentials_respond_as_rfc_6749_5_1_defines(cas: Cas) -> None:
    reply = await cas.post("/oauth/token", {"grant_type": "client_credentials"}, "demo-app")
    fields = reply.json()
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["pragma"] == "no-cache"
    assert fields["token_type"] == "bearer"
    assert fields["expires_in"] == 600
    assert fields["scope"] == "read write"
    assert "refresh_token" not in fields
    assert len(fields["access_token"]) >= 27, "160 bits in base64url"


async def test_the_password_grant_issues_a_refresh_token(cas: Cas) -> None:
    assert (await cas.user_tokens())["refresh_token"]


async def test_a_token_is_valid_for_at_least_its_expires_in(cas: Cas) -> None:
    """Regression: an `exp` truncated to seconds made a token of one second expired when issued."""
    before = time.time()
    token = await cas.client_token()
    assert (await cas.check(token)).json()["exp"] >= before + 600


async def test_a_requested_scope_narrows_the_token(cas: Cas) -> None:
    form = {"grant_type": "client_credentials", "scope": "read"}
    assert (await cas.post("/oauth/token", form, "demo-app")).json()["scope"] == "read"


async def test_client_secret_post_is_accepted(cas: Cas) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "demo-app",
        "client_secret": BASIC["demo-app"],
    }
    assert (await cas.post("/oauth/token", form, None)).status_code == 200


async def test_get_is_405_with_an_error_code(cas: Cas) -> None:
    reply = await cas.http.get(cas.urls[0] + "/oauth/token")
    assert (reply.status_code, reply.json()["error"]) == (405, "method_not_allowed")


PASSWORD = {"grant_type": "password", "username": "alice", "password": BASIC["alice"]}


@pytest.mark.parametrize(
    ("client", "form", "status", "error"),
    [
        ("demo-app", {}, 400, "invalid_request"),
        ("demo-app", {"grant_type": "magic"}, 400, "unsupported_grant_type"),
        ("order-service", PASSWORD, 400, "unauthorized_client"),
        ("unlisted-app", PASSWORD, 400, "unauthorized_client"),
        (
            "demo-app",
            {"grant_type": "client_credentials", "scope": "admin"},
            400,
            "invalid_scope",
        ),
        ("demo-app", PASSWORD | {"password": "wrong"}, 400, "invalid_grant"),
        ("demo-app", PASSWORD | {"username": "nobody"}, 400, "invalid_grant"),
        ("demo-app", PASSWORD | {"username": "demo-app"}, 400, "invalid_grant"),
        ("demo-app", {"grant_type": "password", "username": "alice"}, 400, "invalid_request"),
        (
            "demo-app",
            {"grant_type": "refresh_token", "refresh_token": "x"},
            400,
            "invalid_grant",
        ),
        (
            "demo-app",
            {"grant_type": "client_credentials", "client_secret": BASIC["demo-app"]},
            400,
            "invalid_request",
        ),
        (
            "demo-app",
            {"grant_type": "client_credentials", "client_id": "other-app"},
            400,
            "invalid_request",
        ),
    ],
    ids=[
        "grant type missing",
        "grant type unknown",
        "grant not allowed",
        "password without the allow-list",
        "scope not allowed",
        "wrong password",
        "unknown user",
        "a client is not a user",
        "password missing",
        "unknown refresh token",
        "two kinds of credentials",
        "credentials of another client",
    ],
)
async def test_every_refusal_has_its_error_code(
    cas: Cas, client: str, form: dict[str, str], status: int, error: str
) -> None:
    reply = await cas.post("/oauth/token", form, client)
    assert (reply.status_code, reply.json()["error"]) == (status, error)


async def test_a_wrong_password_and_an_unknown_user_get_the_same_response(cas: Cas) -> None:
    wrong = await cas.post("/oauth/token", PASSWORD | {"password": "wrong"}, "demo-app")
    unknown = await cas.post("/oauth/token", PASSWORD | {"username": "nobody"}, "demo-app")
    assert wrong.json() == unknown.json()


async def test_an_unknown_client_and_a_wrong_secret_get_the_same_response(cas: Cas) -> None:
    url, form = cas.urls[0] + "/oauth/token", {"grant_type": "client_credentials"}
    unknown = await cas.http.post(url, data=form, auth=("nobody", "x"))
    wrong = await cas.http.post(url, data=form, auth=("demo-app", "x"))
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.json() == wrong.json()
    assert unknown.headers["www-authenticate"].startswith("Basic ")


async def test_a_duplicate_parameter_is_refused(cas: Cas) -> None:
    reply = await cas.http.post(
        cas.urls[0] + "/oauth/token",
        content="grant_type=client_credentials&scope=read&scope=write",
        headers={"content-type": "application/x-www-form-urlencoded"},
        auth=("demo-app", BASIC["demo-app"]),
    )
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")


async def test_a_secret_in_the_uri_is_refused(cas: Cas) -> None:
    path = f"/oauth/token?client_id=demo-app&client_secret={BASIC['demo-app']}"
    reply = await cas.post(path, {"grant_type": "client_credentials"}, None)
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")
    assert BASIC["demo-app"] not in reply.text


async def test_guesses_are_throttled_by_name_and_address(cas: Cas) -> None:
    form = PASSWORD | {"username": "admin", "password": "guess"}
    replies = [await cas.post("/oauth/token", form, "demo-app") for _ in range(11)]
    assert [reply.status_code for reply in replies] == [400] * 10 + [429]
    assert int(replies[-1].headers["retry-after"]) >= 1
    assert replies[-1].json()["error"]
    assert await cas.user_tokens("alice")


async def test_a_verified_client_is_not_locked_out_by_guesses_from_other_addresses(
    cas: Cas,
) -> None:
    url, form = cas.urls[0] + "/oauth/token", {"grant_type": "client_credentials"}
    elsewhere = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    async with httpx.AsyncClient(transport=elsewhere, timeout=PATIENCE_S) as http:
        guesses = [await http.post(url, data=form, auth=("demo-app", "x")) for _ in range(11)]
    assert guesses[-1].status_code == 429
    assert (await cas.post("/oauth/token", form, "demo-app")).status_code == 200


async def test_the_metadata_describe_the_endpoints(cas: Cas) -> None:
    """RFC 8414, 2, checked by Authlib, which accepts only https, as external issuers have."""
    reply = await cas.http.get(cas.urls[0] + "/.well-known/oauth-authorization-server")
    outside = reply.text.replace("http://cas-server-service", "https://login.example")
    metadata = AuthorizationServerMetadata(json.loads(outside))
    metadata.validate()
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert set(metadata["grant_types_supported"]) == {
        "authorization_code",
        "client_credentials",
        "password",
        "refresh_token",
    }


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ("https://login.example/tenant", "/tenant"),
        ("https://login.example/a/b%20c/", "/a/b%20c"),
        ("https://login.example/a/b%20c/", "/a/b%20c/"),
        ("https://login.example/", ""),
        ("https://login.example/", "/"),
    ],
)
async def test_the_metadata_are_served_below_the_path_of_the_issuer(
    cas: Cas, issuer: str, path: str
) -> None:
    """docs/design/protocol.md, "Issuer": clients compare it as an exact string (RFC 8414, 3.3)."""
    place = cas.urls[0] + "/.well-known/oauth-authorization-server"
    cas.identities["issuer"] = issuer
    cas.write()

    async def has_issuer() -> bool:
        return issuer in (await cas.http.get(place)).text

    await until(has_issuer, what="the new issuer", seconds=PATIENCE_S)
    fields = (await cas.http.get(place + path)).raise_for_status().json()

    assert fields["issuer"] == issuer
    assert fields["token_endpoint"] == issuer.rstrip("/") + "/oauth/token"
    for other in ("/Tenant", "/other", "/x/", f"{path}//"):
        assert (await cas.http.get(place + other)).json()["error"] == "not_found"


async def test_user_info_has_every_spelling_of_the_user_name(cas: Cas) -> None:
    token = (await cas.user_tokens("admin"))["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    reply = await cas.http.get(cas.urls[0] + "/api/v1/user", headers=headers)
    fields = reply.json()
    assert reply.status_code == 200
    assert {fields[key] for key in ("user", "username", "name", "sub")} == {"admin"}
    assert set(fields["authorities"]) == {"ROLE_USER", "ROLE_ADMIN"}


async def test_user_info_without_a_token_is_401(cas: Cas) -> None:
    reply = await cas.http.get(cas.urls[0] + "/api/v1/user")
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert reply.json()["error"]


async def test_user_info_for_a_client_token_is_refused(cas: Cas) -> None:
    """docs/design/protocol.md, "Names of clients and users"."""
    headers = {"authorization": f"Bearer {await cas.client_token()}"}
    reply = await cas.http.get(cas.urls[0] + "/api/v1/user", headers=headers)
    assert (reply.status_code, reply.json()["error"]) == (403, "access_denied")
    assert "demo-app" not in reply.text


async def test_user_info_for_a_revoked_token_is_401(cas: Cas) -> None:
    token = (await cas.user_tokens())["access_token"]
    await cas.post("/oauth/revoke", {"token": token}, "demo-app")
    headers = {"authorization": f"Bearer {token}"}
    reply = await cas.http.get(cas.urls[0] + "/api/v1/user", headers=headers)
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_token")


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
@pytest.mark.parametrize(
    "authorization",
    ["Basic", "Basic !!!", "Basic bm8gY29sb24=", "Basic //86/w==", "Basic " + "A" * 20_000],
    ids=["bare", "no base64", "no colon", "no UTF-8", "huge"],
)
async def test_a_malformed_basic_header_is_401_with_an_error_code(
    cas: Cas, path: str, authorization: str
) -> None:
    """docs/design/protocol.md, "Malformed requests": never a 5xx."""
    form = {"grant_type": "client_credentials", "token": "x"}
    headers = {"authorization": authorization}
    reply = await cas.http.post(cas.urls[0] + path, data=form, headers=headers)
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
async def test_get_is_405_with_an_error_code_at_every_endpoint(cas: Cas, path: str) -> None:
    reply = await cas.http.get(cas.urls[0] + path)
    assert (reply.status_code, reply.json()["error"]) == (405, "method_not_allowed")
    assert reply.headers["allow"] == "POST"


@pytest.mark.parametrize("size", [100_000, 2_000_000])
async def test_an_oversized_body_is_4xx_with_an_error_code(cas: Cas, size: int) -> None:
    """docs/design/protocol.md, "Malformed requests"."""
    form = {"grant_type": "client_credentials", "padding": "x" * size}
    reply = await cas.post("/oauth/token", form, "demo-app")
    assert (reply.status_code, reply.json()["error"]) == (413, "payload_too_large")


async def test_a_hundred_first_calls_of_one_client_cost_one_hash(cas: Cas) -> None:
    """A queue of a hundred hashes would cause 503."""
    form = {"grant_type": "client_credentials"}
    replies = await asyncio.gather(*(cas.post("/oauth/token", form) for _ in range(100)))
    assert {reply.status_code for reply in replies} == {200}


async def test_a_password_in_the_uri_is_refused(cas: Cas) -> None:
    path = f"/oauth/token?username=alice&password={BASIC['alice']}"
    reply = await cas.post(path, {"grant_type": "password"}, "demo-app")
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")


async def test_all_encodings_of_a_client_id_share_one_count(cas: Cas) -> None:
    """Regression: percent-encoding (RFC 6749, 2.3.1) gave each spelling ten more guesses."""
    url, form = cas.urls[0] + "/oauth/token", {"grant_type": "client_credentials"}
    spellings = ["demo-app", "%64emo-app", "d%65mo-app", "de%6do-app"]
    replies = [
        await cas.http.post(url, data=form, auth=(spellings[guess % 4], "x")) for guess in range(11)
    ]
    assert replies[-1].status_code == 429


async def test_a_hundred_calls_by_client_secret_post_cost_one_hash(cas: Cas) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "demo-app",
        "client_secret": BASIC["demo-app"],
    }
    replies = await asyncio.gather(*(cas.post("/oauth/token", form, None) for _ in range(100)))
    assert {reply.status_code for reply in replies} == {200}
