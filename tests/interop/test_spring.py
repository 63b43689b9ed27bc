"""docs/move-a-spring-service.md: unmodified resource servers of Spring, old and new, all modes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cas_server.passwords.hashing import hash_generated
from chassis.testing import ConfigDirectory, installed
from chassis.testing.redis_process import free_port
from chassis.testing.service_process import ServiceProcess
from eventually import PATIENCE_S, poll
from interop.spring_stack import Caller, Stack, spring
from redis_process import redis_port, store
from signing_keys import NEW, OLD, key_file, pem
from suitectl.login.page import PageForm

pytestmark = pytest.mark.timeout(400)  # the first run fetches libraries
ID = "orders"
ALICE = Caller(200, "alice", ["ROLE_USER"])
REFUSED = Caller(401)
_SECRET = "s" * 43
_HASH = hash_generated(_SECRET)
_FORMS: Mapping[str, Mapping[str, object]] = {
    "opaque": {},
    "rs256": {"token-format": "jwt", "signing-alg": "RS256", "jwt-type": "JWT"},
    "es256": {"token-format": "jwt", "jwt-type": "JWT"},
    "rfc9068": {"token-format": "jwt"},
    "elsewhere": {
        "token-format": "jwt",
        "signing-alg": "RS256",
        "jwt-type": "JWT",
        "resource-ids": ["another-service"],
    },
}


class Cas:
    """A cas-server with a client for each form of token."""

    def __init__(self, process: ServiceProcess, config: ConfigDirectory) -> None:
        self.url, self._config = process.url, config
        self.login_port = free_port()
        """Of an application that people log in to."""
        self._keys = {
            name.removeprefix("signing-keys."): text
            for algorithm in ("ES256", "RS256")
            for name, text in key_file(OLD, algorithm).items()
        }
        self._write()
        poll(lambda: self._issuer() == self.url, "the issuer")

    def token(self, form: str, user: str = "alice") -> str:
        """Return a user's token in a form; without a user that of the client itself."""
        grant = {"grant_type": "password", "username": user, "password": _SECRET}
        fields = grant if user else {"grant_type": "client_credentials"}
        return str(self._post("/oauth/token", f"{form}-app", fields)["access_token"])

    def revoke(self, form: str, token: str) -> None:
        """Revoke a token."""
        self._post("/oauth/revoke", f"{form}-app", {"token": token})

    def user_of(self, token: str) -> str:
        """Return whose token it is."""
        return str(self._post("/oauth/check_token", ID, {"token": token})["user_name"])

    def rotate(self) -> None:
        """Sign with new keys; the ones before stay published."""
        for algorithm in ("ES256", "RS256"):
            name = f"{NEW}-{algorithm.lower()}"
            self._keys[name] = pem(algorithm, 1)
        self._write()
        poll(lambda: len(self._get("/oauth/jwks")["keys"]) == len(self._keys), "the keys")

    def _issuer(self) -> Any:
        return self._get("/.well-known/oauth-authorization-server")["issuer"]

    def _get(self, path: str) -> dict[str, Any]:
        return dict(httpx.get(self.url + path, timeout=PATIENCE_S, trust_env=False).json())

    def _post(self, path: str, client: str, form: dict[str, str]) -> dict[str, Any]:
        auth = client, _SECRET
        reply = httpx.post(
            self.url + path, data=form, auth=auth, timeout=PATIENCE_S, trust_env=False
        )
        return dict(reply.raise_for_status().json())

    def _write(self) -> None:
        clients: dict[str, Any] = {
            f"{name}-app": {
                "client-secret": _HASH,
                "authorized-grant-types": ["password", "client_credentials"],
                "scope": ["read", "write"],
                "resource-ids": [ID],
                **form,
            }
            for name, form in _FORMS.items()
        }
        identities = {
            "issuer": self.url,
            "clients": {
                **clients,
                "web-app": {
                    "client-secret": _HASH,
                    "authorized-grant-types": ["authorization_code", "refresh_token"],
                    "scope": ["openid", "profile", "read"],
                    "resource-ids": [ID],
                    "redirect-uris": [f"http://127.0.0.1:{self.login_port}/login/oauth2/code/cas"],
                    "post-logout-redirect-uris": [f"http://127.0.0.1:{self.login_port}/logged-out"],
                    # Within the minute before its end Boot 3 renews a token at each use.
                    "access-token-validity-seconds": 59,
                    # Boot 3 sends no challenge for a client with a secret, but a nonce.
                    "require-pkce": False,
                },
                ID: {"client-secret": _HASH, "resource-ids": [ID], "check-tokens": True},
            },
            "users": {"alice": {"password": _HASH, "authorities": ["ROLE_USER"]}},
            "password-grant-clients": sorted(clients),
            "signing-keys": self._keys,
        }
        self._config.swap({"application.yaml": identities})


@contextmanager
def cas_server(directory: Path) -> Iterator[Cas]:
    (directory / "redis").mkdir()
    config = ConfigDirectory(directory / "config", {"application.yaml": {"clients": {}}})
    with (
        redis_port(directory / "redis") as redis,
        ServiceProcess(installed.cas_server(), store(redis), config=config.path) as process,
    ):
        yield Cas(process, config)


@pytest.fixture(scope="module")
def cas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cas]:
    with cas_server(tmp_path_factory.mktemp("cas")) as running:
        yield running


@pytest.fixture(scope="module")
def boot3(cas: Cas, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Three ways to be a resource server, as docs/move-a-spring-service.md has them."""
    resource = "spring.security.oauth2.resourceserver"
    claims = {
        f"{resource}.jwt.audiences": ID,
        f"{resource}.jwt.authorities-claim-name": "authorities",
        f"{resource}.jwt.authority-prefix": "",
    }
    jwks = {f"{resource}.jwt.jwk-set-uri": f"{cas.url}/oauth/jwks"}
    opaque = {
        f"{resource}.opaquetoken.introspection-uri": f"{cas.url}/oauth/introspect",
        f"{resource}.opaquetoken.client-id": ID,
        f"{resource}.opaquetoken.client-secret": _SECRET,
    }
    servers = {
        "issuer-uri": {**claims, f"{resource}.jwt.issuer-uri": cas.url},
        "jwk-set-uri": {**claims, **jwks},
        "jwk-set-uri-es256": {**claims, **jwks, f"{resource}.jwt.jws-algorithms": "ES256"},
        "at+jwt": {"typed": f"{cas.url}/oauth/jwks"},
        "opaque": opaque,
        "login": _login(cas),
    }
    with spring("boot3", "Boot3", servers, tmp_path_factory.mktemp("boot3")) as stack:
        yield stack


def _login(cas: Cas) -> dict[str, str]:
    """Return the settings of an application that people log in to."""
    client = "spring.security.oauth2.client"
    own = f"{client}.registration.cas"
    return {
        "server.port": str(cas.login_port),
        f"{own}.client-id": "web-app",
        f"{own}.client-secret": _SECRET,
        f"{own}.scope": "openid,profile,read",
        f"{client}.provider.cas.issuer-uri": cas.url,
        "logged-out": "true",
    }


@pytest.fixture(scope="module")
def old_stack(cas: Cas, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The three ways of Spring Security OAuth 2.x."""
    resource = "security.oauth2.resource"
    own = {f"{resource}.id": ID}
    servers = {
        "key-set-uri": {**own, f"{resource}.jwk.key-set-uri": f"{cas.url}/oauth/jwks?kty=RSA"},
        "key-uri": {**own, f"{resource}.jwt.key-uri": f"{cas.url}/oauth/token_key"},
        "token-info-uri": {
            **own,
            f"{resource}.token-info-uri": f"{cas.url}/oauth/check_token",
            "security.oauth2.client.client-id": ID,
            "security.oauth2.client.client-secret": _SECRET,
        },
    }
    with spring("oauth2", "OldStack", servers, tmp_path_factory.mktemp("oauth2")) as stack:
        yield stack


@pytest.mark.parametrize(
    ("server", "form"),
    [
        ("issuer-uri", "rs256"),
        ("issuer-uri", "es256"),
        ("jwk-set-uri", "rs256"),
        ("jwk-set-uri-es256", "es256"),
    ],
)
def test_boot_3_verifies_a_jwt(cas: Cas, boot3: Stack, server: str, form: str) -> None:
    assert boot3.caller(server, cas.token(form)) == ALICE
    own = Caller(200, f"{form}-app", ["ROLE_CLIENT"])
    assert boot3.caller(server, cas.token(form, user="")) == own
    assert boot3.caller(server, forged(cas.token(form))) == REFUSED
    assert boot3.caller(server, cas.token("opaque")) == REFUSED


def test_boot_3_refuses_a_token_for_another_service(cas: Cas, boot3: Stack) -> None:
    assert boot3.caller("issuer-uri", cas.token("elsewhere")) == REFUSED


def test_boot_3_takes_the_type_of_rfc_9068_with_a_type_verifier(cas: Cas, boot3: Stack) -> None:
    token = cas.token("rfc9068")
    assert boot3.caller("issuer-uri", token) == REFUSED
    assert boot3.caller("at+jwt", token).name == "alice"


@pytest.mark.parametrize("form", ["opaque", "rs256", "rfc9068"])
def test_boot_3_introspects(cas: Cas, boot3: Stack, form: str) -> None:
    token = cas.token(form)
    assert boot3.caller("opaque", token) == Caller(200, "alice", ["SCOPE_read", "SCOPE_write"])
    assert boot3.caller("opaque", "unknown") == REFUSED
    cas.revoke(form, token)
    assert boot3.caller("opaque", token) == REFUSED


def test_people_log_in_to_boot_3_and_out_again(cas: Cas, boot3: Stack) -> None:
    """`oauth2-client`: discovery, code, id_token with its nonce, userinfo, refresh, logout."""
    del boot3
    application = f"http://127.0.0.1:{cas.login_port}"
    html = {"Accept": "text/html, */*"}
    with httpx.Client(
        timeout=PATIENCE_S, trust_env=False, follow_redirects=True, headers=html
    ) as browser:
        page = browser.get(f"{application}/api/me")
        for filled in ({"username": "alice", "password": _SECRET}, {"decision": "allow"}):
            form = PageForm.of(page.text)
            assert str(page.url).startswith(cas.url), page.text
            page = browser.post(page.url.join(form.action), data={**form.fields, **filled})
        assert page.url == f"{application}/api/me?continue", page.text
        assert page.json().get("name") == "alice", page.text
        assert {"OIDC_USER", "SCOPE_openid", "SCOPE_read"} <= {*page.json()["authorities"]}

        tokens = [browser.get(f"{application}/api/token").text for _ in range(3)]
        assert len({*tokens}) == len(tokens)
        assert cas.user_of(tokens[-1]) == "alice"

        page = browser.get(f"{application}/logout")
        form = PageForm.of(page.text)
        page = browser.post(page.url.join(form.action), data=form.fields)
        assert (str(page.url), page.text) == (f"{application}/logged-out", "logged out")
        for path in (f"{cas.url}/account", f"{application}/api/me"):
            assert browser.get(path).url.path == "/login"


@pytest.mark.parametrize("server", ["key-set-uri", "key-uri"])
def test_the_old_stack_verifies_a_jwt(cas: Cas, old_stack: Stack, server: str) -> None:
    token = cas.token("rs256")
    assert old_stack.caller(server, token) == ALICE
    own = Caller(200, "rs256-app", ["ROLE_CLIENT"])
    assert old_stack.caller(server, cas.token("rs256", user="")).status == own.status
    for bad in (forged(token), cas.token("es256"), cas.token("opaque")):
        assert old_stack.caller(server, bad) == REFUSED
    assert old_stack.caller(server, cas.token("elsewhere")).status in {401, 403}


@pytest.mark.parametrize("form", ["opaque", "rs256", "rfc9068"])
def test_the_old_stack_asks_about_a_token(cas: Cas, old_stack: Stack, form: str) -> None:
    token = cas.token(form)
    assert old_stack.caller("token-info-uri", token) == ALICE
    cas.revoke(form, token)
    assert old_stack.caller("token-info-uri", token) == REFUSED


def test_a_revoked_jwt_lives_until_it_expires(cas: Cas, boot3: Stack) -> None:
    """docs/jwt-tokens.md says so."""
    token = cas.token("rs256")
    cas.revoke("rs256", token)
    assert boot3.caller("issuer-uri", token) == ALICE


def test_readers_of_the_key_set_follow_a_rotation(cas: Cas, boot3: Stack, old_stack: Stack) -> None:
    """Those of `key-uri` have to start again, as docs/move-a-spring-service.md says."""
    before = cas.token("rs256")
    cas.rotate()
    after = cas.token("rs256")
    for token in (before, after):
        for server in ("issuer-uri", "jwk-set-uri"):
            assert boot3.caller(server, token) == ALICE
        assert old_stack.caller("key-set-uri", token) == ALICE
    assert old_stack.caller("key-uri", before) == ALICE
    assert old_stack.caller("key-uri", after) == REFUSED


def forged(token: str) -> str:
    """Return a token with another signature."""
    message, _, signature = token.rpartition(".")
    other = "A" if signature[5] != "A" else "B"
    return f"{message}.{signature[:5]}{other}{signature[6:]}"
