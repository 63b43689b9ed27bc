"""A localkube whose images run the test's sources: `services/IMAGE/src` and `libs/shared/src`."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventually import poll
from integration.localkube.kit import SERVER, Localkube, deployment, fetch

_SERVE = """
import os, sys
from pathlib import Path
here = Path(__file__).parent
sys.path[:0] = [str(here / "services" / os.environ["IMAGE"] / "src"), str(here / "libs/shared/src")]
from words import WORD
import shared
os.environ["POD_NAME"] = WORD + shared.MARK
"""
_IMAGES = """
images:
  "*":
    command: [{serve}, "{{ip}}", "{{port}}"]
    sources: ["services/{{image}}/src", libs/shared/src]
    debug: [{python}, -Xfrozen_modules=off, -m, debugpy, --listen, "{{ip}}:{{port:debug}}"]
"""
ONE_BY_ONE = {
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
}


def served(name: str, *, replicas: int = 2, image: str = "", **container: Any) -> dict[str, Any]:
    """Return a Deployment whose image runs its sources."""
    env = [{"name": "IMAGE", "value": name}, {"name": "DRAIN", "value": "0.5"}]
    extra = {"env": env, **container}
    image = image or f"{name}:1"
    return deployment(name, replicas=replicas, image=image, container=extra, spec=ONE_BY_ONE)


@dataclass(frozen=True, slots=True)
class Reloading(Localkube):
    """A localkube that watches sources."""

    def source(self, name: str = "web") -> Path:
        return self.directory / "services" / name / "src"

    @property
    def shared(self) -> Path:
        return self.directory / "libs/shared/src/shared.py"

    @property
    def reloads(self) -> str:
        return (self.state / "reload.log").read_text()

    def make(self, name: str, word: str) -> None:
        self.source(name).mkdir(parents=True)
        self.save(f"WORD = {word!r}\n", name)

    def save(self, text: str, name: str = "web") -> Path:
        """Save as editors do: by a rename over the file."""
        path = self.source(name) / "words.py"
        part = path.with_suffix(".py~")
        part.write_text(text)
        part.replace(path)
        return path

    def all_serve(self, word: str, name: str = "web", replicas: int = 2) -> None:
        """Wait until no pod of another version is left in a Service."""
        poll(lambda: self._words(name) == [word] * replicas, f"all pods of {name} serve {word}")

    def names(self) -> set[str]:
        """Return the pods that are not ending."""
        return {
            pod["metadata"]["name"]
            for pod in self.pods()
            if "deletionTimestamp" not in pod["metadata"]
        }

    def reported(self, text: str) -> str:
        """Wait until the reloads say a text, and return all that they say."""
        return poll(lambda: self.reloads if text in self.reloads else "", f"no {text!r}")

    def _words(self, name: str) -> list[str]:
        found = self.objects("endpoints", name)[0]["subsets"]
        return [
            fetch(f"http://{address['ip']}:{subset['ports'][0]['port']}/")
            for subset in found
            for address in subset["addresses"]
        ]


def prepared(directory: Path) -> Reloading:
    """Write an image's program and the sources of the service `web`."""
    (directory / "serve.py").write_text(f"#!{sys.executable}{_SERVE}{SERVER}")
    (directory / "serve.py").chmod(0o755)
    images = _IMAGES.format(python=sys.executable, serve=directory / "serve.py")
    (directory / "localkube.yaml").write_text(images)
    kube = Reloading(Path(os.path.realpath(directory)))
    kube.shared.parent.mkdir(parents=True)
    kube.shared.write_text("MARK = ''\n")
    kube.make("web", "one")
    return kube
