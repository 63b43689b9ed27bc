"""Mode `kubernetes`: the address of a name, for Services and for pods."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from chassis.discovery import Address, DiscoveryError, NameNotFoundError, NoReadyPodError
from chassis.discovery.dns import DnsDirectory
from chassis.discovery.dns_cache import DnsCache
from chassis.discovery.named import NamedDiscovery
from kube_api import KubeApi
from kube_objects import endpoint_slice, service
from unit.chassis.discovery.cluster import following, known

pytestmark = pytest.mark.anyio


def dns(**addresses: str) -> DnsDirectory:
    async def look_up(host: str) -> Sequence[str]:
        return [ip for name, ip in addresses.items() if host.startswith(f"{name}.")]

    return DnsDirectory(cluster_domain="k8s.example", cache=DnsCache(look_up))


OUTSIDE = {"type": "ExternalName", "externalName": "shop.example.com"}


async def pods_of(api: KubeApi, port: int = 80, *, calls: int = 4) -> list[Address | None]:
    async with following(api, mode="pod") as directory:
        await known(directory)
        return [await directory.service("detail", "ns-app", port) for _ in range(calls)]


async def test_mode_service_gives_the_cluster_ip(api: KubeApi) -> None:
    await api.put("services", service("detail", clusterIP="10.96.0.7"))
    async with following(api) as directory:
        await known(directory)
        assert await directory.service("detail", "ns-app", 80) == Address("10.96.0.7", 80)
        assert await directory.service("detail", "elsewhere", 80) is None


async def test_mode_service_reads_no_pods(api: KubeApi) -> None:
    """EndpointSlices change with each pod of the entire cluster."""
    async with following(api) as directory:
        await known(directory)
        await api.watched(1)
    assert {asked.resource for asked in api.asked} == {"services"}


@pytest.mark.parametrize("mode", ["service", "pod"])
async def test_an_unknown_port_is_an_error_that_lists_the_ports_of_the_service(
    api: KubeApi, mode: Any
) -> None:
    """No other namespace's service is called instead, and no connection attempt times out."""
    ports = [{"port": 80}, {"port": 53, "protocol": "UDP"}, {"port": 2001, "protocol": "TCP"}]
    await api.put("services", service("detail", ports=ports))
    async with following(api, mode=mode) as directory:
        await known(directory)
        with pytest.raises(NameNotFoundError, match="no port 53, only 80, 2001"):
            await directory.service("detail", "ns-app", 53)


async def test_mode_pod_calls_ready_pods_round_robin_at_their_target_port(api: KubeApi) -> None:
    await api.put("services", service("detail"))
    starting = ("10.244.0.3", {"ready": False, "serving": False, "terminating": False})
    await api.put(
        "endpointslices", endpoint_slice("detail", "10.244.0.1", starting, ("10.244.0.2", {}))
    )
    turns = [Address("10.244.0.1", 2001), Address("10.244.0.2", 2001)]
    assert await pods_of(api) == turns * 2


async def test_slices_of_a_service_are_merged_and_duplicate_pods_are_removed(
    api: KubeApi,
) -> None:
    await api.put("services", service("detail"))
    await api.put("endpointslices", endpoint_slice("detail", "10.244.0.1", name="a"))
    await api.put("endpointslices", endpoint_slice("detail", "10.244.0.1", "10.244.0.2", name="b"))
    await api.put("endpointslices", endpoint_slice("other", "10.244.0.9"))
    found = await pods_of(api, calls=2)
    assert [address.host for address in found if address] == ["10.244.0.1", "10.244.0.2"]


async def test_serving_pods_that_terminate_are_called_when_no_pod_is_ready(
    api: KubeApi,
) -> None:
    await api.put("services", service("detail"))
    ending = ("10.244.0.1", {"ready": False, "serving": True, "terminating": True})
    gone = ("10.244.0.2", {"ready": False, "serving": False, "terminating": True})
    await api.put("endpointslices", endpoint_slice("detail", ending, gone))
    assert await pods_of(api, calls=2) == [Address("10.244.0.1", 2001)] * 2


async def test_a_service_without_ready_pods_has_its_own_error(api: KubeApi) -> None:
    await api.put("services", service("detail"))
    await api.put("endpointslices", endpoint_slice("detail", endpoints=None, ports=None))
    with pytest.raises(NoReadyPodError, match=r"detail\.ns-app:80"):
        await pods_of(api, calls=1)


async def test_only_addresses_of_the_services_first_ip_family_are_used(api: KubeApi) -> None:
    await api.put("services", service("detail", ipFamilies=["IPv6", "IPv4"]))
    await api.put("endpointslices", endpoint_slice("detail", "10.244.0.1", name="v4"))
    six = endpoint_slice("detail", "fd00::1", name="v6", addressType="IPv6")
    await api.put("endpointslices", six)
    assert await pods_of(api, calls=2) == [Address("fd00::1", 2001)] * 2


async def test_a_headless_service_needs_no_declared_port(api: KubeApi) -> None:
    await api.put("services", service("detail", clusterIP="None", ports=None))
    await api.put("endpointslices", endpoint_slice("detail", "10.244.0.1", ports=None))
    assert await pods_of(api, 6379, calls=1) == [Address("10.244.0.1", 6379)]


async def test_mode_service_leaves_a_headless_service_to_dns(api: KubeApi) -> None:
    await api.put("services", service("detail", clusterIP="None"))
    async with following(api, dns=dns(detail="10.244.0.1")) as directory:
        await known(directory)
        assert await directory.service("detail", "ns-app", 80) == Address("10.244.0.1", 80)


@pytest.mark.parametrize("mode", ["service", "pod"])
async def test_an_external_name_is_resolved_to_its_host(api: KubeApi, mode: Any) -> None:
    await api.put("services", {**service("shop"), "spec": OUTSIDE})
    async with following(api, mode=mode, dns=dns(shop="192.0.2.1")) as directory:
        await known(directory)
        assert await directory.service("shop", "ns-app", 443) == Address("192.0.2.1", 443)
        assert await directory.host("shop.example.org", 443) == Address("192.0.2.1", 443)


async def test_a_dns_result_is_resolved_again_after_a_failed_connection(api: KubeApi) -> None:
    now, addresses = 0.0, ["192.0.2.1"]

    async def look_up(_: str) -> Sequence[str]:
        return list(addresses)

    cache = DnsCache(look_up, clock=lambda: now)
    by_dns = DnsDirectory(cluster_domain="k8s.example", cache=cache)
    async with following(api, dns=by_dns) as directory:
        await directory.host("shop.example.org", 443)
        now, addresses = 1.1, ["192.0.2.2"]
        directory.report_failure(Address("192.0.2.1", 443))
        assert await directory.host("shop.example.org", 443) == Address("192.0.2.2", 443)


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        (OUTSIDE, r"shop\.ns-app: no such host as its shop\.example\.com"),
        ({"clusterIP": "None"}, r"shop\.ns-app:80: no pod is ready"),
    ],
)
async def test_a_service_without_addresses_does_not_send_calls_to_another_namespace(
    api: KubeApi, spec: dict[str, Any], error: str
) -> None:
    """A headless Service without a ready pod has no DNS name, but it exists."""
    await api.put("services", {**service("shop"), "spec": spec})
    await api.put("services", service("shop", "elsewhere"))
    async with following(api, dns=dns()) as directory:
        await known(directory)
        with pytest.raises(DiscoveryError, match=error):
            await NamedDiscovery(directory, "ns-app").resolve("shop", 80)


async def test_a_name_in_a_namespace_that_is_not_followed_is_resolved_by_dns(api: KubeApi) -> None:
    """Such a name may also be a host outside the cluster."""
    known_there = {
        "cas.system-server.svc.k8s.example.": ("10.96.0.5",),
        "example.com.": ("192.0.2.1",),
    }

    async def look_up(host: str) -> Sequence[str]:
        return known_there.get(host, ())

    asked = DnsDirectory(cluster_domain="k8s.example", cache=DnsCache(look_up))
    async with following(api, namespaces=["ns-app"], dns=asked) as directory:
        await known(directory)
        names = NamedDiscovery(directory, "ns-app")
        assert await names.resolve("cas.system-server", 80) == Address("10.96.0.5", 80)
        assert await names.resolve("example.com", 443) == Address("192.0.2.1", 443)


async def test_no_look_up_outlives_the_directory(api: KubeApi) -> None:
    now, silent = 0.0, asyncio.Event()

    async def look_up(_: str) -> Sequence[str]:
        if now:
            await silent.wait()
        return ("10.244.0.1",)

    cache = DnsCache(look_up, clock=lambda: now)
    asked = DnsDirectory(cluster_domain="k8s.example", cache=cache)
    before = asyncio.all_tasks()
    async with following(api, dns=asked) as directory:
        await known(directory)
        await directory.host("example.com", 443)
        now = 6.0
        await directory.host("example.com", 443)
    assert not [task for task in asyncio.all_tasks() - before if "look-up" in task.get_name()]
