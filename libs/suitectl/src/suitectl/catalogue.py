"""What services there are, as their own folders say: `services/NAME` and `k8s/base/NAME`.

A folder of `k8s/base` is a service where its Deployment carries the label `suite/service`. No other
list of services exists.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from suitectl.errors import CommandFailedError
from suitectl.nearest import nearest
from suitectl.root import ROOT

SERVICE = "suite/service"
"""The label of a service: scraped, in the profile of its overlay."""
LANGUAGE = "suite/language"
"""The label of a service that does not run the chassis; its value is the target of its image."""
API = "suite/api"
"""The label of a resource service; the one service without it issues the tokens."""
OPTIONAL = "suite/optional"
"""The label of a service that is in `prod` only where its component is named."""
NODE_PORT = "suite/node-port"
"""The label of a Service that is reached from outside of a cluster."""
PREVIEW = "suite/preview"
"""The label of the Service that the release commands point at the version to try."""
DEMO_IDENTITY = "suite/demo-identity"
"""The label of Secrets that everybody knows; `prod` has none of them."""
VERSION_PATH, PROTECTED_PATH = "suite/version-path", "suite/protected-path"
"""Annotations of a Service with versions: an open path that names them, and one for a token."""
LIVE_SETTING, LIVE_PATH = "suite/live-setting", "suite/live-path"
"""Annotations of a Service: a setting that people may edit live, and an open path that shows it."""
TRY = "suite/try"
"""The annotation of a Service that says what to ask for first."""
CREDENTIALS_KEY = "security.oauth2.client.client-secret"
REGISTERED_KEY = "identities.yaml"

# As fast as YAML gets: `make token` reads the catalogue too.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """A service; its name is that of its folders, its image, its command and its label `app`."""

    name: str
    documents: tuple[Manifest, ...]

    @property
    def namespace(self) -> str:
        """Return where all of it is."""
        return str(self.main["metadata"]["namespace"])

    @property
    def service(self) -> str:
        """Return the name of its Service."""
        return str(self.main["metadata"]["name"])

    @property
    def address(self) -> tuple[str, str]:
        """Return its Service and namespace."""
        return self.service, self.namespace

    @property
    def preview(self) -> str:
        """Return the name of the Service that leads to the version to try."""
        found = [s for s in self.of("Service") if _labels(s).get(PREVIEW) == "true"]
        if not found:
            raise CommandFailedError(f"{self.name} has no Service labelled {PREVIEW}")
        return str(found[0]["metadata"]["name"])

    @property
    def port(self) -> int:
        """Return the first port of its Service."""
        return int(self.main["spec"]["ports"][0]["port"])

    @property
    def deployments(self) -> Mapping[str, str]:
        """Return its Deployments by version; of one without versions by the empty string."""
        return {
            _labels(deployment).get("version", ""): deployment["metadata"]["name"]
            for deployment in self.of("Deployment")
        }

    @property
    def versions(self) -> tuple[str, ...]:
        """Return the versions that it runs in, if it does."""
        return tuple(version for version in self.deployments if version)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Return what its ConfigMap says under every profile."""
        text = next(self.of("ConfigMap"))["data"]["application.yaml"]
        settings: Mapping[str, Any] = next(yaml.load_all(text, _LOADER))
        return settings

    @property
    def client_id(self) -> str:
        """Return the client as which it proves itself; empty where it is none."""
        oauth2 = self.settings.get("security", {}).get("oauth2", {})
        return str(oauth2.get("client", {}).get("client-id", ""))

    @property
    def resource_id(self) -> str:
        """Return what a token has to have in `aud`; empty where it checks none."""
        oauth2 = self.settings.get("security", {}).get("oauth2", {})
        return str(oauth2.get("resource", {}).get("id", ""))

    @property
    def credentials(self) -> str | None:
        """Return the Secret by which it proves itself; None where it need not."""
        found = [s for s in self.of("Secret") if CREDENTIALS_KEY in s.get("stringData", {})]
        return str(found[0]["metadata"]["name"]) if found else None

    @property
    def optional(self) -> bool:
        """Say whether `prod` leaves it out unless its component is named."""
        return self._labelled(OPTIONAL)

    @property
    def is_api(self) -> bool:
        """Say whether it is a resource service: one that asks the token service."""
        return self._labelled(API)

    @property
    def language(self) -> str:
        """Return what it is written in; empty for Python, where it runs the chassis."""
        return _labels(next(self.of("Deployment"))).get(LANGUAGE, "")

    def annotation(self, name: str, default: str | None = None) -> str:
        """Return an annotation of its Service, else the default.

        Raises `CommandFailedError` where there is neither.
        """
        annotations = self.main["metadata"].get("annotations", {})
        if name not in annotations and default is not None:
            return default
        if name not in annotations:
            raise CommandFailedError(f"Service {self.service} has no annotation {name}")
        return str(annotations[name])

    def of(self, kind: str) -> Iterator[Manifest]:
        """Yield its objects of a kind."""
        return (document for document in self.documents if document["kind"] == kind)

    @property
    def main(self) -> Manifest:
        """Return its Service."""
        return next(s for s in self.of("Service") if PREVIEW not in _labels(s))

    def _labelled(self, label: str) -> bool:
        return _labels(next(self.of("Deployment"))).get(label) == "true"


def read(root: Path) -> Mapping[str, Service]:
    """Return the services of a checkout by name."""
    folders = sorted(path.parent for path in root.glob("k8s/base/*/kustomization.yaml"))
    found = [Service(folder.name, tuple(_documents(folder))) for folder in folders]
    return {service.name: service for service in found if _is_service(service)}


@functools.cache
def services() -> Mapping[str, Service]:
    """Return the services of this checkout by name."""
    return read(ROOT)


def namespaces_of_services() -> Mapping[str, str]:
    """Return the namespace of each service."""
    return {service.name: service.namespace for service in services().values()}


def service_named(name: str, variable: str = "SERVICE") -> Service:
    """Return a service of this checkout; raise `CommandFailedError` with make's variable."""
    if name not in services():
        known, near = ", ".join(services()), nearest(name, services())
        reason = f"no such service, nearest is {near}"
        raise CommandFailedError(f"{variable}={name}: {reason}; there are: {known}")
    return services()[name]


def versioned() -> Mapping[str, Service]:
    """Return the services that run in versions."""
    return {service.name: service for service in services().values() if service.versions}


def named_if_needed(service: Service) -> str:
    """Return what a release command says to mean this service: nothing for the only one."""
    return f" SERVICE={service.name}" if len(versioned()) > 1 else ""


def versioned_service(name: str | None) -> Service:
    """Return a service with versions, by default the only one; raise `CommandFailedError`."""
    found = versioned()
    known = ", ".join(found) or "none"
    if not name:
        if len(found) == 1:
            return next(iter(found.values()))
        raise CommandFailedError(f"SERVICE is missing; with versions there are: {known}")
    if service_named(name).name not in found:
        raise CommandFailedError(f"SERVICE={name}: has no versions; those that have: {known}")
    return found[name]


def api_by_default() -> Service | None:
    """Return the resource service that is reached from outside, or else the only one."""
    outside = [one for one in apis() if NODE_PORT in _labels(one.main)]
    found = outside or apis()
    return found[0] if len(found) == 1 else None


def called_service(name: str | None) -> Service:
    """Return a resource service; raise `CommandFailedError` where none is meant by default."""
    if name:
        return service_named(name)
    if (default := api_by_default()) is not None:
        return default
    known = ", ".join(service.name for service in apis())
    raise CommandFailedError(f"SERVICE is missing; there are: {known}")


def live_services() -> tuple[Service, ...]:
    """Return those with a setting to edit live."""
    return tuple(one for one in services().values() if one.annotation(LIVE_SETTING, ""))


def live_service(name: str | None) -> Service:
    """Return a service with a setting to edit live, by default the only one."""
    found = live_services()
    if name:
        service = service_named(name)
        service.annotation(LIVE_SETTING)
        return service
    if len(found) == 1:
        return found[0]
    known = ", ".join(service.name for service in found) or "none"
    raise CommandFailedError(f"SERVICE is missing; with {LIVE_SETTING} there are: {known}")


def on_chassis() -> Mapping[str, Service]:
    """Return the services in Python, which run the chassis, by name."""
    return {name: service for name, service in services().items() if not service.language}


def apis() -> tuple[Service, ...]:
    """Return the resource services."""
    return tuple(service for service in services().values() if service.is_api)


def token_service() -> Service:
    """Return the one that issues and checks tokens."""
    return next(service for service in services().values() if not service.is_api)


def registered_secret() -> Manifest:
    """Return the demo's Secret of clients and users."""
    return next(s for s in token_service().of("Secret") if REGISTERED_KEY in s["stringData"])


@functools.cache
def registrations() -> Mapping[str, Any]:
    """Return the demo's `clients`, `users` and `password-grant-clients` as they are registered."""
    text = registered_secret()["stringData"][REGISTERED_KEY]
    loaded: Mapping[str, Any] = yaml.load(text, _LOADER)  # noqa: S506 - a safe loader
    return loaded


def _documents(folder: Path) -> Iterator[Manifest]:
    for file in sorted(folder.glob("*.yaml")):
        if file.name != "kustomization.yaml":
            yield from filter(None, yaml.load_all(file.read_text(), _LOADER))


def _is_service(service: Service) -> bool:
    return any(_labels(one).get(SERVICE) == "true" for one in service.of("Deployment"))


def _labels(manifest: Manifest) -> Mapping[str, str]:
    labels: Mapping[str, str] = manifest["metadata"].get("labels", {})
    return labels
