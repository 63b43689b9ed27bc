"""Fixtures of the manifest tests."""

import pytest

from manifests.renderings import Rendering, renderings
from manifests.suite_manifests import K8S, Manifests, load, render

RENDERINGS = renderings()


@pytest.fixture(scope="session")
def base() -> Manifests:
    """Return the committed dev suite. Tests change copies of it."""
    return load(K8S / "base")


@pytest.fixture(scope="session", params=RENDERINGS)
def rendered(request: pytest.FixtureRequest) -> Manifests:
    """Return every rendering in turn."""
    rendering: Rendering = RENDERINGS[request.param]
    return rendering.render()


@pytest.fixture(scope="session")
def prod() -> Manifests:
    """Return the production overlay."""
    return render(K8S / "overlays/prod")


@pytest.fixture(scope="session")
def everything() -> Manifests:
    """Return production with every component there is."""
    return RENDERINGS["prod+all"].render()
