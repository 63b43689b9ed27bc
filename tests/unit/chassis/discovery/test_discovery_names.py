"""How names are resolved to a namespace, with a directory of a few services."""

from collections.abc import Collection, Sequence

import pytest

from chassis.discovery import (
    Address,
    AmbiguousNameError,
    LookupFailedError,
    NameNotFoundError,
)
from chassis.discovery.named import Directory, NamedDiscovery

PORT = 2000


class KnownServices(Directory):
    """A directory of the given `name.namespace` entries. It fails for those in `failing`.

    A `complete` directory also lists the namespaces that have a name.
    """

    def __init__(
        self, services: Collection[str], failing: Collection[str] = (), *, complete: bool = False
    ) -> None:
        self._services, self._failing = services, failing
        self._complete = complete

    async def service(self, name: str, namespace: str, port: int) -> Address | None:
        full = f"{name}.{namespace}"
        if full in self._failing:
            raise LookupFailedError(full)
        return Address(full, port) if full in self._services else None

    async def host(self, name: str, port: int) -> Address | None:
        return Address("outside", port) if name == "example.com" else None

    def namespaces_of(self, name: str) -> Sequence[str] | None:
        if not self._complete:
            return None
        found = (full.split(".") for full in self._services)
        return [namespace for service, namespace in found if service == name]


def discovery(
    *services: str, failing: Collection[str] = (), complete: bool = False
) -> NamedDiscovery:
    return NamedDiscovery(
        KnownServices(services, failing, complete=complete),
        own_namespace="system-server",
        namespaces=("ns-app", "system-server", "ns-other"),
        cluster_domain="k8s.example",
    )


@pytest.mark.anyio
@pytest.mark.parametrize(
    "name",
    [
        "cas",
        "cas.system-server",
        "cas.system-server.svc",
        "cas.system-server.svc.k8s.example",
        "cas.system-server.svc.k8s.example.",
    ],
)
async def test_a_service_is_found_by_every_form_of_its_name(name: str) -> None:
    found = await discovery("cas.system-server").resolve(name, PORT)
    assert found == Address("cas.system-server", PORT)


@pytest.mark.anyio
async def test_the_callers_namespace_is_searched_first() -> None:
    found = await discovery("cas.ns-app", "cas.system-server").resolve("cas", PORT)
    assert found.host == "cas.system-server"


@pytest.mark.anyio
async def test_configured_namespaces_are_searched_next() -> None:
    assert (await discovery("cas.ns-app").resolve("cas", PORT)).host == "cas.ns-app"


@pytest.mark.anyio
async def test_a_name_in_several_other_namespaces_is_an_error_that_lists_them() -> None:
    """They are different services: discovery never merges them and never picks one."""
    with pytest.raises(AmbiguousNameError) as raised:
        await discovery("cas.ns-app", "cas.ns-other").resolve("cas", PORT)
    assert raised.value.candidates == ("cas.ns-app", "cas.ns-other")
    assert "cas.ns-app, cas.ns-other" in str(raised.value)


@pytest.mark.anyio
async def test_all_namespaces_are_searched_last_when_all_are_followed() -> None:
    names = discovery("cas.ns-app", "cas.anywhere", "shop.anywhere", complete=True)
    assert (await names.resolve("cas", PORT)).host == "cas.ns-app"
    assert (await names.resolve("shop", PORT)).host == "shop.anywhere"
    with pytest.raises(NameNotFoundError, match="in any namespace"):
        await names.resolve("nobody", PORT)


@pytest.mark.anyio
async def test_a_name_in_several_of_all_namespaces_is_an_error_that_lists_them() -> None:
    with pytest.raises(AmbiguousNameError) as raised:
        await discovery("cas.here", "cas.there", complete=True).resolve("cas", PORT)
    assert raised.value.candidates == ("cas.here", "cas.there")


@pytest.mark.anyio
async def test_a_failed_look_up_does_not_lead_to_the_service_of_another_namespace() -> None:
    names = discovery("cas.ns-app", failing=["cas.system-server"])
    with pytest.raises(LookupFailedError):
        await names.resolve("cas", PORT)


@pytest.mark.anyio
async def test_an_unknown_name_is_an_error_that_lists_the_searched_namespaces() -> None:
    with pytest.raises(NameNotFoundError, match="system-server, ns-app, ns-other"):
        await discovery().resolve("cas", PORT)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["127.1.2.3", "::1", "localhost"])
async def test_an_address_needs_no_look_up(name: str) -> None:
    assert await discovery().resolve(name, PORT) == Address(name, PORT)


@pytest.mark.anyio
async def test_a_name_outside_the_cluster_is_resolved_as_a_host() -> None:
    assert (await discovery().resolve("example.com", PORT)).host == "outside"


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["", ".", "a..b", "cas.", ".svc", "cas.ns.pod.k8s.example"])
async def test_an_invalid_name_is_not_found(name: str) -> None:
    with pytest.raises(NameNotFoundError):
        await discovery("cas.system-server").resolve(name, PORT)
