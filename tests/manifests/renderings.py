"""All renderings: each overlay, and components on top of the base and of production."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from manifests.suite_manifests import COMPONENTS, K8S, Manifests, composed, render

BASE, PROD = K8S / "base", K8S / "overlays/prod"


@dataclass(frozen=True, slots=True)
class Rendering:
    """A kustomization with components in this order."""

    below: Path
    components: tuple[str, ...] = ()

    @cache  # noqa: B019 - a rendering exists as long as the tests run
    def render(self) -> Manifests:
        """Render it, using a temporary directory for components."""
        if not self.components:
            return render(self.below)
        with tempfile.TemporaryDirectory() as directory:
            return composed(self.below, self.components, Path(directory))


def renderings() -> Mapping[str, Rendering]:
    """Return all renderings by name. Components that production already has are not added again."""
    overlays = sorted((K8S / "overlays").iterdir())
    components = sorted((*(path.name for path in COMPONENTS.iterdir()), *_of_services()))
    more = tuple(name for name in components if name not in _brought(PROD))
    return {
        "base": Rendering(BASE),
        **{overlay.name: Rendering(overlay) for overlay in overlays},
        **{f"base+{name}": Rendering(BASE, (name,)) for name in components},
        **{f"prod+{name}": Rendering(PROD, (name,)) for name in more},
        "prod+all": Rendering(PROD, more),
    }


def _of_services() -> set[str]:
    """Return the components of single services that are no part of another."""
    parts = {name for path in COMPONENTS.iterdir() for name in _brought(path)}
    return {path.parent.name for path in K8S.glob("base/*/*/kustomization.yaml")} - parts


def _brought(overlay: Path) -> set[str]:
    kustomization = yaml.safe_load((overlay / "kustomization.yaml").read_text())
    return {Path(component).name for component in kustomization.get("components", ())}
