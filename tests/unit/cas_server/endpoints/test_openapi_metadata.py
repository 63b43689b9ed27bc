"""The OpenAPI document describes what the metadata announce: each field has its place there."""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from fastapi import FastAPI

from cas_server.app import create_app
from cas_server.endpoints.keys import JWKS, TOKEN_KEY
from cas_server.endpoints.metadata import OPENID_CONFIGURATION, WELL_KNOWN
from signing_keys import pem
from unit.cas_server.cas_settings import loaded

pytestmark = pytest.mark.anyio
ISSUER = "https://login.example/tenant"
AUTHORIZE, TOKEN, USERINFO = "/oauth/authorize", "/oauth/token", "/userinfo"


class Described:
    """Reads the OpenAPI document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    def at(self, *keys: str) -> Any:
        """Return what is below these keys."""
        return reduce(lambda found, key: found[key], keys, self.document)

    def form(self, path: str) -> Mapping[str, Any]:
        """Return the properties of a form."""
        (content,) = self.at("paths", path, "post", "requestBody", "content").values()
        return dict(content["schema"]["properties"])

    def query(self, name: str) -> Any:
        """Return the schema of a parameter of an authorization request."""
        parameters = self.at("paths", AUTHORIZE, "get", "parameters")
        return {one["name"]: one["schema"] for one in parameters}.get(name)

    def authentication(self, path: str) -> set[str]:
        """Return the methods by which clients authenticate, as the metadata name them."""
        security, form = self.at("paths", path, "post", "security"), self.form(path)
        return {
            *(name for one in security for name in one),
            *(["client_secret_post"] if "client_secret" in form else []),
            *(["none"] if {} in security and "client_id" in form else []),
        }

    @property
    def flows(self) -> Mapping[str, Any]:
        """Return the flows of OAuth."""
        return dict(self.at("components", "securitySchemes", "oauth2", "flows"))


def _endpoint(*methods: str) -> Callable[[Described, Any], bool]:
    def is_described(described: Described, url: str) -> bool:
        path = url.removeprefix(ISSUER)
        operations: Mapping[str, Any] = described.at("paths").get(path, {})
        return operations.keys() == {*methods}

    return is_described


def _methods(path: str) -> Callable[[Described, Any], bool]:
    return lambda described, methods: {*methods} <= described.authentication(path)


def _parameter(name: str) -> Callable[[Described, Any], bool]:
    return lambda described, values: [described.query(name)["const"]] == values


def _no_parameter(name: str) -> Callable[[Described, Any], bool]:
    return lambda described, has: has is False and described.query(name) is None


def _claims(described: Described, claims: list[str]) -> bool:
    schema = described.at("paths", USERINFO, "get", "responses", "200", "content")
    of_user = schema["application/json"]["schema"]["properties"]
    return [*of_user] == claims[: len(of_user)]


def _is_announced(name: str) -> Callable[[Described, Any], bool]:
    """Return a test of what only the metadata have: OpenAPI has no place for it but theirs."""

    def is_announced(described: Described, value: object) -> bool:
        schema = described.at("paths", WELL_KNOWN, "get", "responses", "200", "content")
        (property_,) = (one["schema"]["properties"][name] for one in schema.values())
        return property_ in ({"const": value}, {"type": "array", "items": {"enum": value}})

    return is_announced


FIELDS: Mapping[str, Callable[[Described, Any], bool]] = {
    "issuer": lambda _, issuer: issuer == ISSUER,
    "authorization_endpoint": _endpoint("get", "post"),
    "token_endpoint": _endpoint("post"),
    "introspection_endpoint": _endpoint("post"),
    "revocation_endpoint": _endpoint("post"),
    "userinfo_endpoint": _endpoint("get", "post"),
    "end_session_endpoint": _endpoint("get", "post"),
    "jwks_uri": _endpoint("get"),
    "token_endpoint_auth_methods_supported": _methods(TOKEN),
    "introspection_endpoint_auth_methods_supported": _methods("/oauth/introspect"),
    "revocation_endpoint_auth_methods_supported": _methods("/oauth/revoke"),
    "grant_types_supported": lambda described, types: (
        types == sorted(described.form(TOKEN)["grant_type"]["enum"])
    ),
    "response_types_supported": _parameter("response_type"),
    "response_modes_supported": _parameter("response_mode"),
    "code_challenge_methods_supported": _parameter("code_challenge_method"),
    "prompt_values_supported": lambda described, prompts: all(
        re.fullmatch(described.query("prompt")["pattern"], text)
        for text in (*prompts, "login consent")
    ),
    "acr_values_supported": lambda described, values: all(
        value in described.query("acr_values")["description"] for value in values
    ),
    "authorization_response_iss_parameter_supported": lambda described, has: (
        has is ("`iss`" in described.at("paths", AUTHORIZE, "get", "description"))
    ),
    "scopes_supported": lambda described, scopes: all(
        {*scopes} <= described.flows[flow]["scopes"].keys()
        for flow in ("authorizationCode", "password")
    ),
    "claims_supported": _claims,
    "claims_parameter_supported": _no_parameter("claims"),
    "request_parameter_supported": _no_parameter("request"),
    "request_uri_parameter_supported": _no_parameter("request_uri"),
    **{
        name: _is_announced(name)
        for name in (
            *("subject_types_supported", "claim_types_supported"),
            "id_token_signing_alg_values_supported",
        )
    },
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    tree = {
        "issuer": ISSUER,
        "server": {"servlet": {"context-path": "/tenant"}},
        "signing-keys": {"rs": pem("RS256"), "es": pem()},
    }
    return create_app(loaded(tmp_path_factory.mktemp("config"), tree))


@pytest.fixture
def described(app: FastAPI) -> Described:
    return Described(app.openapi())


async def _get(app: FastAPI, path: str) -> Any:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://cas") as client:
        return (await client.get(path)).raise_for_status().json()


async def test_each_field_of_the_metadata_is_described(app: FastAPI, described: Described) -> None:
    fields = await _get(app, OPENID_CONFIGURATION)
    assert fields.keys() == FIELDS.keys()
    assert [name for name, value in fields.items() if not FIELDS[name](described, value)] == []


@pytest.mark.parametrize("path", [WELL_KNOWN, OPENID_CONFIGURATION, JWKS, TOKEN_KEY])
async def test_what_is_published_has_the_described_form(
    app: FastAPI, described: Described, path: str
) -> None:
    below = "" if path in (WELL_KNOWN, OPENID_CONFIGURATION) else "/tenant"
    content = described.at("paths", path, "get", "responses", "200", "content")
    schema = content["application/json"]["schema"]
    assert schema["additionalProperties"] is False
    jsonschema.validate(await _get(app, below + path), schema)


def test_the_code_flow_has_the_endpoints_of_the_metadata(described: Described) -> None:
    flow = described.flows["authorizationCode"]
    assert flow["authorizationUrl"] == "/tenant/oauth/authorize"
    assert flow["tokenUrl"] == flow["refreshUrl"] == "/tenant/oauth/token"
    assert {"openid", "profile", "email", "admin"} == flow["scopes"].keys()
    assert {"admin"} == described.flows["clientCredentials"]["scopes"].keys()


def test_openid_connect_is_a_scheme_of_userinfo(described: Described) -> None:
    scheme = described.at("components", "securitySchemes", "openIdConnect")
    assert scheme == {"type": "openIdConnect", "openIdConnectUrl": OPENID_CONFIGURATION}
    assert described.at("paths", USERINFO, "get", "security") == [
        *({"oauth2": ["openid"]}, {"openIdConnect": ["openid"]}, {"bearer": ["openid"]}),
    ]


def test_without_a_key_of_rs256_there_is_no_openid_connect(tmp_path: Path) -> None:
    """docs/design/openid-connect.md, "Metadata"."""
    document = create_app(loaded(tmp_path, {"signing-keys": {"es": pem()}})).openapi()
    assert "openIdConnect" not in document["components"]["securitySchemes"]
    assert document["paths"][USERINFO]["get"]["security"] == [{"bearer": ["openid"]}]
