"""`set env` and `set image`: change the containers of a Deployment's template."""

import argparse
import copy
import fnmatch
from collections.abc import Callable, Sequence
from typing import Any

from localkube.api.kinds import kind_named, kubectl_name
from localkube.api.objects import ref_of
from localkube.control.client import Client
from localkube.errors import LocalkubeError, UsageError
from localkube.terminal import print_progress, print_result
from localkube.verbs.resource_arguments import parse_resources
from localkube.verbs.send_patch import send_patch

Containers = list[dict[str, Any]]


def set_template(options: argparse.Namespace, client: Client) -> int:
    """Change environment variables or images, or list the variables."""
    change = {"env": _set_env, "image": _set_image}[options.action]
    words = options.what + options.env
    is_pair = _is_variable if options.action == "env" else lambda word: "=" in word
    resources = [word for word in words if not is_pair(word)]
    pairs = [word for word in words if is_pair(word)]
    if resources != words[: len(resources)]:
        reason = "all resources must be specified before environment changes"
        raise UsageError(f"{reason}: {' '.join(words)}")
    for deployment in _deployments(options, client, resources):
        change(options, client, deployment, pairs)
    return 0


def _deployments(
    options: argparse.Namespace, client: Client, resources: Sequence[str]
) -> list[Any]:
    if not resources:
        how = "<resource> <name> or <resource>/<name>"
        raise UsageError(f"one or more resources must be specified as {how}")
    if options.all and options.selector:
        raise UsageError("cannot set --all and --selector at the same time")
    found = []
    for kind, names in parse_resources(resources):
        if kind != kind_named("deployment"):
            raise UsageError(f"a {kind.name} has no pod template here; name a deployment")
        if not names and not options.all and not options.selector:
            raise UsageError("resource(s) were provided, but no name was specified")
        chosen = {"names": names, "selector": options.selector}
        found += client.list(kind.name, options.namespace, **chosen)
    return found


def _set_env(
    options: argparse.Namespace, client: Client, deployment: Any, pairs: Sequence[str]
) -> None:
    values = dict(word.split("=", 1) for word in pairs if "=" in word)
    removed = {word[:-1] for word in pairs if "=" not in word}
    if both := values.keys() & removed:
        raise UsageError(f"can not both modify and remove an environment variable: {min(both)}")
    if not pairs and not options.list:
        raise UsageError("name what to set as KEY=VALUE or to remove as KEY-; --list shows it")

    def change(containers: Containers) -> None:
        for container in _chosen(options, deployment, containers):
            container["env"] = _changed(options, container.get("env", []), values, removed)

    after = _with(deployment, change)
    if options.list:
        for container in _chosen(options, deployment, _containers(after)):
            place = f"{deployment['kind']} {deployment['metadata']['name']}"
            lines = [f"# {place}, container {container['name']}"]
            print_result("\n".join(lines + [_listed(one) for one in container.get("env", [])]))
    else:
        _send(client, deployment, after, "env updated")


def _changed(
    options: argparse.Namespace, env: Containers, values: dict[str, str], removed: set[str]
) -> Containers:
    present = {one["name"]: one.get("value", "") for one in env}
    for name in values.keys() & present.keys():
        if not options.overwrite and present[name] != values[name]:
            reason = f"already has a value ({present[name]}), and --overwrite is false"
            raise LocalkubeError(f"'{name}' {reason}")
    changed = [
        {"name": one["name"], "value": values[one["name"]]} if one["name"] in values else one
        for one in env
        if one["name"] not in removed
    ]
    added = [{"name": n, "value": value} for n, value in values.items() if n not in present]
    return changed + added


def _listed(variable: Any) -> str:
    name, source = variable["name"], variable.get("valueFrom")
    if source is None:
        return f"{name}={variable.get('value', '')}"
    ((kind, reference),) = source.items()
    texts = {
        "configMapKeyRef": "configmap {name}, key {key}",
        "secretKeyRef": "secret {name}, key {key}",
        "fieldRef": "field path {fieldPath}",
    }
    return f"# {name} from {texts[kind].format(**reference)}"


def _set_image(
    options: argparse.Namespace, client: Client, deployment: Any, pairs: Sequence[str]
) -> None:
    if not pairs:
        raise UsageError("at least one image update is required: CONTAINER=IMAGE")
    images = dict(word.split("=", 1) for word in pairs)
    del options

    def change(containers: Containers) -> None:
        for name, image in images.items():
            found = [one for one in containers if name in {"*", one["name"]}]
            if not found:
                raise LocalkubeError(f'unable to find container named "{name}"')
            for container in found:
                container["image"] = image

    _send(client, deployment, _with(deployment, change), "image updated")


def _chosen(options: argparse.Namespace, deployment: Any, containers: Containers) -> Containers:
    found = [one for one in containers if fnmatch.fnmatchcase(one["name"], options.container)]
    if not found:
        place = f"{deployment['kind']}/{deployment['metadata']['name']}"
        reason = f'does not have any containers matching "{options.container}"'
        print_progress(f"Warning: {place} {reason}")
    return found


def _with(deployment: Any, change: Callable[[Containers], None]) -> Any:
    """Return a copy with changed containers."""
    after = copy.deepcopy(deployment)
    change(_containers(after))
    return after


def _containers(deployment: Any) -> Containers:
    containers: Containers = deployment["spec"]["template"]["spec"]["containers"]
    return containers


def _send(client: Client, before: Any, after: Any, done: str) -> None:
    """Send changed containers; print nothing where nothing changed, as kubectl."""
    if after == before:
        return
    ref = ref_of(before)
    place = {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
    patch = {"spec": {"template": {"spec": {"containers": _containers(after)}}}}
    send_patch(client, place, before, patch)
    print_result(f"{kubectl_name(ref)} {done}")


def _is_variable(word: str) -> bool:
    return "=" in word or (word.endswith("-") and "/" not in word)
