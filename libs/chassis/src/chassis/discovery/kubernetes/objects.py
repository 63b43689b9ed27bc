"""The fields of Services and EndpointSlices that discovery uses, and their API paths."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

T_co = TypeVar("T_co", covariant=True)

Document = Mapping[str, Any]

_SERVICE_OF_SLICE = "kubernetes.io/service-name"
_HEADLESS = "None"


class Name(NamedTuple):
    """An object's namespace and name."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Service:
    """A Service: its cluster IP (None: headless), and the names of its TCP ports by number.

    `family` is that of its first address, `IPv4` or `IPv6`. `turn` counts the calls to its pods.
    """

    group: str
    address: str | None
    ports: Mapping[int, str]
    family: str | None = None
    external_name: str | None = None
    turn: Iterator[int] = field(default_factory=itertools.count, compare=False)


@dataclass(frozen=True, slots=True)
class Slice:
    """Some pods of a Service: the ready ones, and terminating ones that still serve."""

    group: Name
    family: str
    ports: Mapping[str, int]
    ready: tuple[str, ...]
    ending: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resource(Generic[T_co]):
    """A kind of object: its API path, and how one is parsed; `read` returns None to skip one."""

    group: str
    version: str
    plural: str
    read: Callable[[Document], T_co | None]

    def path(self, namespace: str | None) -> str:
        """Return the path of a namespace's objects (None: all)."""
        root = f"/apis/{self.group}" if self.group else "/api"
        within = f"/namespaces/{namespace}" if namespace else ""
        return f"{root}/{self.version}{within}/{self.plural}"


def name_of(document: Document) -> Name:
    """Return an object's name."""
    metadata = document["metadata"]
    return Name(metadata["namespace"], metadata["name"])


def version_of(document: Document) -> str:
    """Return the resource version, opaque to clients, of an object or a list."""
    return str(document["metadata"]["resourceVersion"])


def _service(document: Document) -> Service:
    spec = document.get("spec", {})
    address = spec.get("clusterIP") or _HEADLESS
    families = spec.get("ipFamilies") or [None]
    return Service(
        group=name_of(document).name,
        address=None if address == _HEADLESS else address,
        ports={port["port"]: port.get("name") or "" for port in _tcp(spec)},
        family=families[0],
        external_name=spec.get("externalName") if spec.get("type") == "ExternalName" else None,
    )


def _slice(document: Document) -> Slice | None:
    service = document["metadata"].get("labels", {}).get(_SERVICE_OF_SLICE)
    if service is None:
        return None
    endpoints = document.get("endpoints") or ()
    return Slice(
        group=Name(name_of(document).namespace, service),
        family=document["addressType"],
        ports={p.get("name") or "": p["port"] for p in _tcp(document) if p.get("port")},
        ready=tuple(_addresses(endpoints, _is_ready)),
        ending=tuple(_addresses(endpoints, _is_ending)),
    )


def _tcp(document: Document) -> Iterator[Document]:
    return (p for p in document.get("ports") or () if p.get("protocol", "TCP") == "TCP")


def _addresses(
    endpoints: tuple[Document, ...], counts: Callable[[Document], bool]
) -> Iterator[str]:
    """Yield the first address of each matching endpoint: further ones belong to the same pod."""
    for endpoint in endpoints:
        if counts(endpoint.get("conditions") or {}):
            yield endpoint["addresses"][0]


def _is_ready(conditions: Document) -> bool:
    """Return whether an endpoint is ready, which it is by default."""
    return conditions.get("ready") is not False


def _is_ending(conditions: Document) -> bool:
    return bool(conditions.get("serving") and conditions.get("terminating"))


SERVICES = Resource("", "v1", "services", _service)
ENDPOINT_SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", _slice)
