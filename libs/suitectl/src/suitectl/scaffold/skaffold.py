"""The blocks of `skaffold.yaml` about a service: its image, its target by profile, its ports."""

import re

from suitectl.catalogue import Service
from suitectl.scaffold.blocks import heads, with_after, without

_ARTIFACT = """\
    - image: {name}
      docker:
        dockerfile: docker/Dockerfile
        target: service
        buildArgs:
          SERVICE: {name}
          PYTHON_IMAGE: *python-image
        cliFlags: *cli-flags
      sync:
        manual:
          - *sync-chassis
          - src: services/{name}/src/**/*
            strip: services/{name}/src/
            dest: /srv
"""
_IMAGE = r"    - image: ([\w-]+)$"
_PATH = "/build/artifacts/{number}/docker/target"
_TARGET = f"      - {{{{op: replace, path: {_PATH}, value: {{target}}}}}}\n"
_OF_TARGET = r"      - \{{op: replace, path: /build/artifacts/\d+/docker/target, value: {target}\}}"
_FORWARD = (
    "{{resourceType: {kind}, resourceName: {object}, namespace: {namespace}, port: {port},"
    " localPort: {local}}}\n"
)
_DEBUGGER = 5678
"""The port of the image's target `debug`."""


def listed(text: str, service: Service) -> str:
    """Return the text with a service after the others."""
    name, number = service.name, len(heads(text, _IMAGE))
    text = with_after(text, _IMAGE, _ARTIFACT.format(name=name))
    for target in ("dev", "debug"):
        line = _TARGET.format(number=number, target=target)
        text = with_after(text, _OF_TARGET.format(target=target), line)
    api = _forward("service", service.service, service, service.port, _free(text, 2))
    text = with_after(text, r"      - &[\w-]+$", f"      - &{name}\n        {api}")
    text = with_after(text, r"      - \*[\w-]+$", f"      - *{name}\n")
    for deployment in service.deployments.values():
        local = _free(text, 5)
        own = _forward("deployment", deployment, service, _DEBUGGER, local)
        text = with_after(text, r"      - \{resourceType: deployment", f"      - {own}")
    return text


def unlisted(text: str, service: Service) -> str:
    """Return the text without a service; those after it move up."""
    images = [found[1] for found in heads(text, _IMAGE)]
    if service.name not in images:
        return text
    number, name = images.index(service.name), re.escape(service.name)
    own = "|".join(re.escape(deployment) for deployment in service.deployments.values())
    for head in (
        rf"    - image: {name}$",
        rf"      - [&*]{name}$",
        rf"      - \{{resourceType: deployment, resourceName: ({own}),",
        rf"      - .*/build/artifacts/{number}/",
    ):
        text = without(text, head)
    return re.sub(r"(?<=/build/artifacts/)\d+", lambda found: _moved(found, number), text)


def _moved(found: re.Match[str], removed: int) -> str:
    at = int(found[0])
    return str(at - 1 if at > removed else at)


def _forward(kind: str, name: str, service: Service, port: int, local: int) -> str:
    place = {"object": name, "namespace": service.namespace, "port": port}
    return _FORWARD.format(kind=kind, local=local, **place)


def _free(text: str, thousands: int) -> int:
    """Return the port of this machine after those in use."""
    return max(map(int, re.findall(rf"localPort: ({thousands}\d{{3}})\}}", text))) + 1
