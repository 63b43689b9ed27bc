"""docs/design/style.md, "Tests": cas-server's settings, routes and commands are documented."""

import re
from pathlib import Path

import pytest

from cas_server import cli
from cas_server.app import create_app
from cas_server.identities.registration import ClientRegistration
from cas_server.sessions.session_settings import SessionSettings
from cas_server.settings import CasSettings, DurabilitySettings, UserRecord
from chassis import LiveConfig, ServiceSettings

DOCS = Path(__file__).parents[3] / "docs"
TEXT = "".join(
    (DOCS / page).read_text()
    for page in (
        "administration.md",
        "tokens.md",
        "check-tokens.md",
        "refresh-tokens.md",
        "revoke-tokens.md",
        "code-flow.md",
        "jwt-tokens.md",
        "login-pages.md",
        "openid-connect.md",
        "clients-and-users.md",
        "settings.md",
    )
)
SETTINGS = sorted(
    name.replace("_", "-")
    for model in (CasSettings, ClientRegistration, UserRecord, DurabilitySettings, SessionSettings)
    for name in model.model_fields.keys() - ServiceSettings.model_fields.keys()
)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_documented(name: str) -> None:
    assert re.search(rf"\b{name}\b", TEXT)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"cas-server {command}" in TEXT


def test_every_endpoint_is_documented() -> None:
    paths = create_app(LiveConfig.fixed(CasSettings())).openapi()["paths"]
    assert len(paths) == 27
    assert [path for path in paths if path not in TEXT] == []
