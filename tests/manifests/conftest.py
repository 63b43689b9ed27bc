"""What the manifest tests share."""

import pytest

from manifests.suite_manifests import K8S, Manifests, load


@pytest.fixture(scope="session")
def base() -> Manifests:
    """Return the dev suite as committed; tests change copies."""
    return load(K8S / "base")
