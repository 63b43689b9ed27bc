"""docs/design/openid-connect.md, "Metadata"."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from cas_server.app import create_app
from chassis.testing import ConfigDirectory, served
from signing_keys import OLD, key_file

pytestmark = pytest.mark.anyio
NO_REDIS = {"spring.data.redis.port": "1"}
OAUTH, OPENID = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
RS, ES = key_file(OLD, "RS256"), key_file(OLD)


async def _get(directory: Path, keys: dict[str, str], *paths: str, **settings: str) -> Any:
    mount = ConfigDirectory(directory, keys)
    async with (
        served(create_app, NO_REDIS | settings, secrets=mount, http=True) as cas,
        httpx.AsyncClient(base_url=cas.url, trust_env=False) as http,
    ):
        return [await http.get(path) for path in paths]


async def test_both_documents_say_the_same(tmp_path: Path) -> None:
    oauth, openid = await _get(tmp_path / "keys", {**RS, **ES}, OAUTH, OPENID)
    assert openid.status_code == 200
    assert openid.headers["content-type"].startswith("application/json")
    assert oauth.json() == openid.json()


async def test_the_document_has_what_discovery_requires(tmp_path: Path) -> None:
    """OIDC Discovery, 3."""
    (response,) = await _get(tmp_path / "keys", {**RS, **ES}, OPENID)
    fields = response.json()
    assert fields["issuer"] == "http://cas-server-service"
    assert fields["userinfo_endpoint"] == "http://cas-server-service/userinfo"
    assert fields["jwks_uri"] == "http://cas-server-service/oauth/jwks"
    assert fields["subject_types_supported"] == ["public"]
    assert fields["id_token_signing_alg_values_supported"] == ["ES256", "RS256"]
    assert fields["scopes_supported"] == ["openid", "profile", "email"]
    assert {"sub", "name", "email", "email_verified", "auth_time"} <= {*fields["claims_supported"]}
    for name in ("claims_parameter", "request_parameter", "request_uri_parameter"):
        assert fields[f"{name}_supported"] is False


async def test_without_an_rs256_key_there_is_no_openid_connect(tmp_path: Path) -> None:
    oauth, openid = await _get(tmp_path / "keys", ES, OAUTH, OPENID)
    assert openid.status_code == 404
    assert "RS256" in openid.json()["error_description"]
    assert "userinfo_endpoint" not in oauth.json()


async def test_the_document_is_below_the_path_of_the_issuer(tmp_path: Path) -> None:
    """OIDC Discovery, 4.1; RFC 8414, 5 has the well-known path before it."""
    below, before, other = await _get(
        tmp_path / "keys",
        RS,
        *(f"/tenant{OPENID}", f"{OPENID}/tenant", f"{OPENID}/other"),
        issuer="https://login.example/tenant/",
        **{"server.servlet.context-path": "/tenant"},
    )
    assert below.json() == before.json()
    assert below.json()["issuer"] == "https://login.example/tenant/"
    assert below.json()["userinfo_endpoint"] == "https://login.example/tenant/userinfo"
    assert other.status_code == 404
