"""The identities of the dev suite are exactly the designed ones, with their demo secrets."""

from pathlib import Path

import pytest

from cas_server.identities.demo_identities import DEMO_SECRETS
from cas_server.settings import CasSettings
from manifests.checks.configuration import settings_of
from manifests.checks.identities import client_findings, secret_findings, user_findings
from manifests.samples import API
from manifests.suite_manifests import Manifests

TARGET = "Secret/cas-server-identities"


def identities(manifests: Manifests, mounts: Path) -> CasSettings:
    settings = settings_of(manifests, "cas-server", ["dev"], mounts)
    assert isinstance(settings, CasSettings)
    return settings


def edited(base: Manifests, old: str, new: str) -> Manifests:
    """Edit the first occurrence of the old text in identities.yaml, which must contain it."""
    secret = base.get(*TARGET.split("/"))
    assert secret is not None
    text = secret["stringData"]["identities.yaml"]
    assert old in text
    return base.changed(TARGET, "stringData", {"identities.yaml": text.replace(old, new, 1)})


def test_the_clients_are_those_of_the_design(base: Manifests, tmp_path: Path) -> None:
    assert list(client_findings(identities(base, tmp_path))) == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (f"  {API.name}:\n", "  zone:\n", f"clients: ['{API.name}', 'zone']"),
        ("scope: [read, write]", "scope: [read, admin]", "clients."),
        ("check-tokens: true", "check-tokens: false", "clients."),
        ("[client_credentials]", "[client_credentials, password]", "clients."),
        ("resource-ids: [", "resource-ids: [all, ", "clients."),
        ("-validity-seconds: 1", "-validity-seconds: 600", "clients.short-lived-app"),
        ("[demo-app]", "[demo-app, read-only-app]", "password-grant-clients"),
    ],
)
def test_a_client_with_more_or_fewer_rights_is_found(
    base: Manifests, tmp_path: Path, old: str, new: str, finding: str
) -> None:
    settings = identities(edited(base, old, new), tmp_path)
    assert finding in "\n".join(client_findings(settings))


def test_the_users_are_those_of_the_design(base: Manifests, tmp_path: Path) -> None:
    assert list(user_findings(identities(base, tmp_path))) == []


@pytest.mark.parametrize(
    ("old", "new"), [("  alice:", "  bob:"), ("[ROLE_USER]", "[ROLE_USER, ROLE_ADMIN]")]
)
def test_unknown_users_and_roles_are_found(
    base: Manifests, tmp_path: Path, old: str, new: str
) -> None:
    findings = list(user_findings(identities(edited(base, old, new), tmp_path)))
    assert any(finding.startswith("users.alice: ") for finding in findings)


def test_the_secrets_are_the_public_demo_secrets(base: Manifests, tmp_path: Path) -> None:
    assert list(secret_findings(identities(base, tmp_path), DEMO_SECRETS)) == []


def test_another_secret_is_found(base: Manifests, tmp_path: Path) -> None:
    findings = secret_findings(identities(base, tmp_path), {**DEMO_SECRETS, "alice": "another"})
    assert list(findings) == ["alice: has another secret"]
