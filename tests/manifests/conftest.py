"""What the manifest tests share."""

import pytest

from manifests.renderings import Rendering, renderings
from manifests.suite_manifests import K8S, Manifests, load, render

RENDERINGS = renderings()


@pytest.fixture(scope="session")
def base() -> Manifests:
    """Return the dev suite as committed; tests change copies."""
    return load(K8S / "base")


@pytest.fixture(scope="session", params=RENDERINGS)
def rendered(request: pytest.FixtureRequest) -> Manifests:
    """Return all that people may render, one after the other."""
    rendering: Rendering = RENDERINGS[request.param]
    return rendering.render()


@pytest.fixture(scope="session")
def prod() -> Manifests:
    """Return what goes to production."""
    return render(K8S / "overlays/prod")


@pytest.fixture(scope="session")
def everything() -> Manifests:
    """Return production with every component there is."""
    return RENDERINGS["prod+all"].render()
