"""Brings into a running suite the services that were made since it started."""

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from suitectl.catalogue import Service, registered_secret, services
from suitectl.errors import CommandFailedError
from suitectl.platform.platform import Platform
from suitectl.root import ROOT

_SECONDS = 90
_KINDS = ("Namespace", "ConfigMap", "Secret", "ServiceAccount", "Service", "Deployment")
"""What a suite of processes is made of; policies and budgets have no effect there."""


async def join(platform: Platform) -> Sequence[str]:
    """Start services that are not there, with the demo's identities; return their names.

    What runs is left unchanged. Raises `CommandFailedError`.
    """
    # One in another language may be left out, since nothing built it.
    known = [one for one in services().values() if not one.language]
    found = [one for one in known if not await _is_there(platform, one)]
    if not found:
        return []
    identities = registered_secret()
    documents = [*_namespace(identities["metadata"]["namespace"]), identities]
    documents += [one for new in found for one in (*_namespace(new.namespace), *new.documents)]
    text = yaml.safe_dump_all(one for one in documents if one["kind"] in _KINDS)
    await platform.run("apply", "-f", "-", stdin=text)
    for service in found:
        for name in service.deployments.values():
            place = ("-n", service.namespace, f"--timeout={_SECONDS}s")
            await platform.run(
                "rollout", "status", f"deployment/{name}", *place, timeout=_SECONDS + 10
            )
    return [service.name for service in found]


async def _is_there(platform: Platform, service: Service) -> bool:
    try:
        await platform.url(*service.address)
    except CommandFailedError:
        return False
    return True


def _namespace(name: str) -> Iterator[dict[str, Any]]:
    yield from yaml.safe_load_all((ROOT / f"k8s/base/namespaces/{name}.yaml").read_text())
