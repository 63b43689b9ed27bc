"""No list of services stands outside of their own folders, but where a tool cannot loop."""

import re
import subprocess
from pathlib import Path

import pytest

from suitectl.catalogue import services, token_service

ROOT = Path(__file__).parents[2]
ABOUT_THEM = (
    *("docs/", "README.md", "CHANGELOG.md", "services/", "k8s/base/", "tests/e2e/"),
    "libs/suitectl/src/suitectl/story/",
    *(f"tests/unit/{name.replace('-', '_')}/" for name in services()),
)
"""The services' own folders, and what is about the demo."""
NAMED = {
    "skaffold.yaml": "skaffold cannot loop; a test compares it with the folders",
    "k8s/components/discovery-rbac/role.yaml": "a binding's subjects have no selector; a test finds"
    " who lacks a right",
    "k8s/components/gateway-api/kustomization.yaml": "includes the folders of who is let out",
    "k8s/components/hpa/kustomization.yaml": "includes the folders of who is scaled",
    "k8s/components/ingress/kustomization.yaml": "includes the folders of who is let out",
    "k8s/components/node-affinity/kustomization.yaml": "includes the folders of who has nodes",
}
"""Each file that names a service, and why."""


def test_only_these_files_name_a_service() -> None:
    names = [name for name in services() if name != token_service().name and not _is_made(name)]
    if not names:
        pytest.skip("the template made all services")
    pattern = "|".join(re.escape(name).replace(r"\-", "[-_]") for name in names)
    command = ["git", "ls-files"]
    listed = subprocess.check_output(command, cwd=ROOT, text=True).splitlines()
    found = {
        path
        for path in listed
        if not path.startswith(ABOUT_THEM) and re.search(pattern, _text(ROOT / path))
    }
    assert found - NAMED.keys() == set()


def _is_made(name: str) -> bool:
    """Say whether `make new-service` made it, perhaps by the name of an example: `orders`."""
    return (ROOT / f"services/{name}/.copier-answers.yml").exists()


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (UnicodeDecodeError, FileNotFoundError):
        return ""
