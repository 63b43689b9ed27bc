"""Generated Secrets, which a command prints at `up`.

They live as long as the localkube: each start has new ones, and no file contains them.
"""

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from localkube.api.manifests import Manifest
from localkube.api.objects import Object, Ref, mounted_secrets, referenced
from localkube.api.yaml_reader import parse
from localkube.errors import LocalkubeError
from localkube.images import Images, find_program

_TIMEOUT_S = 60


def generated(documents: Sequence[Manifest], images: Images) -> list[Manifest]:
    """Return the Secrets that Deployments mount and the manifests lack; raise `LocalkubeError`.

    The command runs where a pod could not start without. It may print optional ones as well. A
    Secret that it does not print is reported by its pod.
    """
    present = set(_secrets(d for _, d in documents))
    mounted = [one for one in _mounted(documents) if one.secret not in present]
    missing = {one.secret for one in mounted}
    if all(one.optional for one in mounted) or not images.secrets:
        return []
    source = " ".join(images.secrets)
    printed = parse(_printed(images), source)
    return [(source, d) for d in printed if missing.intersection(_secrets([d]))]


class _Mounted(NamedTuple):
    secret: Ref
    optional: bool


def _mounted(documents: Iterable[Manifest]) -> Iterator[_Mounted]:
    for _, document in documents:
        if document["kind"] == "Deployment":
            for reference in mounted_secrets(document):
                secret = referenced("Secret", _namespace(document), reference)
                yield _Mounted(secret, bool(reference.get("optional")))


def _secrets(documents: Iterable[Object]) -> Iterator[Ref]:
    for document in documents:
        if document["kind"] == "Secret":
            yield Ref("Secret", _namespace(document), document["metadata"]["name"])


def _namespace(document: Object) -> str:
    return document["metadata"].get("namespace") or "default"


def _printed(images: Images) -> str:
    program, *arguments = images.secrets
    try:
        done = subprocess.run(  # noqa: S603  # the user's own file names it
            [find_program(program), *arguments],
            cwd=images.source.parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise LocalkubeError(f"{program}: printed no Secrets within {_TIMEOUT_S} s") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise LocalkubeError(f"{images.source}: secrets.command failed: {last}")
    return done.stdout
