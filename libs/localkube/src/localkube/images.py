"""The commands of images, from `k8s/localkube.yaml`: a command replaces an image's entrypoint."""

import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from localkube import redis_server
from localkube.api.manifests import read_text
from localkube.api.objects import Object, labels_of
from localkube.api.schema import Findings, check
from localkube.api.yaml_reader import parse
from localkube.errors import LocalkubeError, UsageError

_ANY = "*"
"""The name under which the file says which command stands for all images that it does not name."""
_PLACEHOLDER = re.compile(r"\{(ip|port(?::([\w-]+))?)\}")


@dataclass(frozen=True, slots=True)
class Images:
    """Commands by repository name."""

    source: Path
    commands: Mapping[str, list[str]]
    secrets: Sequence[str] = ()
    """The command that prints generated Secrets, if there is one."""
    debuggers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What comes before the command to debug it, by repository name."""
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The folders of their sources, relative to the file, by repository name."""
    environments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What commands beside the image's own need to know, by repository name."""
    optional: Mapping[str, str] = field(default_factory=dict)
    """The `label` of Deployments that are left out without their program, and `because`."""

    @classmethod
    def load(cls, path: Path) -> "Images":
        """Read the file; raise `UsageError`."""
        documents = parse(read_text(path), str(path))
        found, content = Findings(), documents[0] if documents else {}
        check(content, "images", "", found)
        if found.problems:
            raise UsageError(f"{path}: {found.problems[0]}")
        commands = {name: image["command"] for name, image in content["images"].items()}
        return cls(
            path,
            commands,
            (content.get("secrets") or {}).get("command", ()),
            {name: image.get("debug") or () for name, image in content["images"].items()},
            {name: image.get("sources") or () for name, image in content["images"].items()},
            {name: image.get("environment") or {} for name, image in content["images"].items()},
            content.get("optional") or {},
        )

    def entrypoint(self, container: Object) -> list[str]:
        """Return the command with its program's path; raise `UsageError`."""
        image = repository(container["image"])
        command = container.get("command") or self.commands.get(image) or self.commands.get(_ANY)
        if not command:
            raise UsageError(
                f"image {container['image']}: no command is configured; "
                f"add images.{image}.command to {self.source}"
            )
        return [find_program(command[0].replace("{image}", image)), *command[1:]]

    def left_out(self, deployment: Object) -> str:
        """Return why an optional Deployment cannot run on this machine; empty where it can."""
        if self.optional.get("label") not in labels_of(deployment):
            return ""
        try:
            for container in deployment["spec"]["template"]["spec"]["containers"]:
                self.entrypoint(container)
        except UsageError:
            return self.optional["because"]
        return ""

    def debugger(self, image: str) -> list[str]:
        """Return what comes before an image's command to debug it; raise `LocalkubeError`."""
        words = self.debuggers.get(self._entry(repository(image)))
        if not words:
            raise LocalkubeError(f"image {image}: no debugger; add images.….debug to {self.source}")
        return [find_program(words[0]), *words[1:]]

    def environment(self, image: str) -> Mapping[str, str]:
        """Return the variables that an image has in a cluster by its own; they are not filled in.

        The manifest's win.
        """
        return self.environments.get(self._entry(repository(image))) or {}

    def sources_of(self, image: str) -> list[Path]:
        """Return the folders of an image's sources, which need not exist."""
        name = repository(image)
        found = self.sources.get(self._entry(name)) or ()
        return [self._folder(text.replace("{image}", name)) for text in found]

    def _entry(self, name: str) -> str:
        """Return the name under which the file says what holds for a repository."""
        return name if name in self.commands else _ANY

    def watched(self) -> list[Path]:
        """Return the folders whose changes are of interest: also those of images to come.

        Each is a parent, so that a folder of sources may be removed and return.
        """
        texts = [text for sources in self.sources.values() for text in sources]
        parents = {
            self._folder(text.partition("{image}")[0].rstrip("/"))
            for text in texts
            if "{image}" in text
        }
        parents |= {self._folder(text).parent for text in texts if "{image}" not in text}
        return sorted(parents)

    def _folder(self, text: str) -> Path:
        return (self.source.parent / text).resolve()


def repository(image: str) -> str:
    """Return an image's repository name, without registry, path, tag or digest."""
    return image.split("@", maxsplit=1)[0].rsplit("/", 1)[-1].split(":", maxsplit=1)[0]


def find_program(name: str) -> str:
    """Find a program beside the running python or on the PATH; raise `LocalkubeError`."""
    if name == "redis-server":
        return str(redis_server.find())
    beside = Path(sys.executable).parent / name
    found = str(beside) if "/" not in name and beside.exists() else shutil.which(name)
    if found is None:
        raise UsageError(f"program {name!r} not found beside {sys.executable} or on PATH")
    return found


def fill_in(argument: str, ip: str, port: Callable[[str], int]) -> str:
    """Fill in `{ip}`, `{port}` (the first) and `{port:NAME}`; all other text is unchanged."""
    return _PLACEHOLDER.sub(
        lambda found: ip if found[1] == "ip" else str(port(found[2] or "")), argument
    )
