"""What the manifest tests share."""

import pytest

from manifests.suite_manifests import K8S, Manifests, load, render, with_component

OVERLAYS = sorted(path.name for path in (K8S / "overlays").iterdir())
COMPONENTS = sorted(path.name for path in (K8S / "components").iterdir())


@pytest.fixture(scope="session")
def base() -> Manifests:
    """Return the dev suite as committed; tests change copies."""
    return load(K8S / "base")


@pytest.fixture(scope="session", params=[*OVERLAYS, *COMPONENTS])
def rendered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Manifests:
    """Return each overlay, and the base with each component."""
    if request.param in OVERLAYS:
        return render(K8S / "overlays" / request.param)
    return with_component(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="session")
def prod() -> Manifests:
    """Return what goes to production."""
    return render(K8S / "overlays/prod")
