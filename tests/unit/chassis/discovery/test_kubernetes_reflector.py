"""Mode `kubernetes`: the local state follows the API server through every kind of failure."""

import logging

import pytest

from certificates import self_signed
from chassis.discovery import Address, LookupFailedError
from chassis.discovery.kubernetes import CALLS, KubernetesDirectory, reflector
from chassis.discovery.kubernetes import api as api_module
from eventually import PATIENCE_S, until
from kube_api import HOST, TOKEN, KubeApi
from kube_objects import endpoint_slice, service
from unit.chassis.discovery.cluster import following, known

pytestmark = pytest.mark.anyio

DETAIL = service("detail")
SOON = service("soon")
LATER = service("later")


def names(directory: KubernetesDirectory) -> set[str]:
    return {name.name for name in directory._services._objects}


def trouble(directory: KubernetesDirectory) -> str:
    return " ".join(w.trouble for reflectors in directory._reflectors.values() for w in reflectors)


async def test_added_changed_and_deleted_objects_are_seen_immediately(api: KubeApi) -> None:
    async with following(api) as directory:
        await api.watched(1)
        await api.put("services", DETAIL)
        await until(lambda: names(directory) == {"detail"})
        await api.put("services", service("detail", clusterIP="10.96.0.9"))
        await api.put("services", SOON)
        await until(lambda: names(directory) == {"detail", "soon"})
        assert await directory.service("detail", "ns-app", 80) == Address("10.96.0.9", 80)
        await api.delete("services", SOON)
        await until(lambda: names(directory) == {"detail"})
    assert api.lists("services") == 1


async def test_a_long_list_is_read_in_pages(api: KubeApi) -> None:
    for number in range(250):
        await api.put("services", service(f"s{number}"))
    async with following(api) as directory:
        await known(directory)
        assert len(names(directory)) == 250
    pages = [asked for asked in api.asked if asked.verb == "list"]
    assert (len(pages), api.lists("services")) == (3, 1)


async def test_a_dropped_watch_resumes_at_its_last_version(api: KubeApi) -> None:
    await api.put("services", DETAIL)
    async with following(api) as directory:
        await api.watched(1)
        await api.drop()
        await api.put("services", SOON)
        await api.delete("services", DETAIL)
        await until(lambda: names(directory) == {"soon"})
    assert api.lists("services") == 1


async def test_a_watch_that_the_server_ends_resumes_at_the_last_bookmark(api: KubeApi) -> None:
    async with following(api) as directory:
        await api.watched(1)
        await api.put("services", DETAIL)
        await api.touch()
        await api.bookmark("services")
        await until(lambda: directory._reflectors[None][0]._version == str(api.version))
        api.oldest = api.version
        await api.end_watches()
        await until(lambda: len(api.asked) == 3, "another watch")
        await api.watched(1)
        await api.put("services", SOON)
        await until(lambda: names(directory) == {"detail", "soon"})
    assert api.lists("services") == 1


async def test_an_expired_version_is_relisted_and_drops_deleted_objects(
    api: KubeApi,
) -> None:
    await api.put("services", DETAIL)
    async with following(api) as directory:
        await api.watched(1)
        await api.stop()
        await api.delete("services", DETAIL)
        await api.put("services", SOON)
        await api.touch(forget=True)
        await api.start()
        await until(lambda: names(directory) == {"soon"})
        await api.put("services", LATER)
        await until(lambda: names(directory) == {"soon", "later"})
    assert api.lists("services") == 2


async def test_a_version_that_expires_within_a_watch_is_relisted(api: KubeApi) -> None:
    async with following(api) as directory:
        await api.watched(1)
        await api.expire_watches("services")
        await until(lambda: api.lists("services") == 2, "another list")
        await api.put("services", SOON)
        await until(lambda: names(directory) == {"soon"})


async def test_a_server_that_was_restored_from_a_backup_is_relisted(
    api: KubeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It continues below the known version and sends a watch neither event nor bookmark."""
    monkeypatch.setattr(reflector, "_WATCH_S", (0, 0))
    monkeypatch.setattr(reflector, "_PROGRESS_S", 0)
    await api.put("services", DETAIL)
    async with following(api) as directory:
        await api.watched(1)
        api.restore()
        await api.delete("services", DETAIL)
        await api.put("services", SOON)
        await api.end_watches()
        await until(lambda: names(directory) == {"soon"})
    assert api.lists("services") == 2


async def test_a_watch_without_events_is_not_followed_by_a_list(
    api: KubeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bookmark may contain the version that is already known."""
    monkeypatch.setattr(reflector, "_WATCH_S", (0, 0))
    monkeypatch.setattr(reflector, "_PROGRESS_S", 0)

    async def another() -> None:
        await api.watched(1)
        asked = len(api.asked)
        await api.end_watches()
        await until(lambda: len(api.asked) > asked, "another watch")

    async with following(api):
        for _ in range(3):
            await another()
    assert api.lists("services") == 1


async def test_pages_that_expire_before_they_are_read_are_relisted(api: KubeApi) -> None:
    for number in range(150):
        await api.put("services", service(f"s{number}"))
    api.forgets_pages = 1
    async with following(api) as directory:
        await known(directory)
        assert len(names(directory)) == 150
    assert api.lists("services") == 2


async def test_watches_back_off_from_a_server_that_ends_each_immediately(api: KubeApi) -> None:
    api.impatient = True
    async with following(api) as directory:
        await until(lambda: trouble(directory) == "it ended the watch at once")
        await until(lambda: directory._reflectors[None][0]._failures > 1)


@pytest.mark.bound("kubernetes-watch")
async def test_a_silent_watch_is_restarted(api: KubeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that died silently looks like this, since the server ends every watch."""
    monkeypatch.setattr(reflector, "_WATCH_S", (0, 0))
    monkeypatch.setattr(reflector, "_WATCH_MARGIN_S", 0.1)
    async with following(api) as directory:
        await until(lambda: trouble(directory) == "TimeoutError")
        await until(lambda: len(api.asked) > 2, "another watch")
        monkeypatch.setattr(reflector, "_WATCH_MARGIN_S", PATIENCE_S)
        await api.put("services", SOON)
        await until(lambda: names(directory) == {"soon"})
    assert api.lists("services") == 1


@pytest.mark.bound("kubernetes-request")
async def test_a_list_without_a_response_is_requested_again(
    api: KubeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_module, "_RESPONSE_S", 0.1)
    api.may_answer.clear()
    async with following(api) as directory:
        await until(lambda: "Timeout" in trouble(directory))
        monkeypatch.setattr(api_module, "_RESPONSE_S", PATIENCE_S)
        api.may_answer.set()
        await known(directory)


@pytest.mark.bound("kubernetes-response")
@pytest.mark.parametrize("known_before", [False, True], ids=["event", "list"])
async def test_a_response_over_the_bound_is_not_read(
    api: KubeApi, monkeypatch: pytest.MonkeyPatch, *, known_before: bool
) -> None:
    large = service("large")
    large["metadata"]["annotations"] = {"note": "x" * 20_000}
    monkeypatch.setattr(api_module, "_MAX_BYTES", 10_000)
    if known_before:
        await api.put("services", large)
    async with following(api) as directory:
        if not known_before:
            await api.watched(1)
            await api.put("services", large)
        what = "the response" if known_before else "an event"
        await until(lambda: trouble(directory) == f"{what} exceeds 10000 bytes")


async def test_before_the_first_list_look_ups_fail_and_readiness_gives_the_reason(
    api: KubeApi,
) -> None:
    api.may_answer.clear()
    await api.put("services", DETAIL)
    async with following(api) as directory:
        with pytest.raises(LookupFailedError, match="has not responded yet"):
            await directory.service("detail", "ns-app", 80)
        with pytest.raises(LookupFailedError):
            directory.namespaces_of("detail")
        assert "has not responded yet" in directory.unknown()
        api.may_answer.set()
        await known(directory)
        assert await directory.service("detail", "ns-app", 80) is not None


async def test_a_start_without_the_api_server_recovers_when_it_appears(api: KubeApi) -> None:
    await api.stop()
    await api.put("services", DETAIL)
    async with following(api) as directory:
        await until(lambda: "ConnectError" in trouble(directory))
        with pytest.raises(LookupFailedError, match="ConnectError"):
            await directory.service("detail", "ns-app", 80)
        await api.start()
        await known(directory)
        assert await directory.service("detail", "ns-app", 80) is not None


async def test_the_last_known_state_is_used_while_the_api_server_is_away(api: KubeApi) -> None:
    await api.put("services", DETAIL)
    async with following(api) as directory:
        await api.watched(1)
        await api.stop()
        await until(lambda: "ConnectError" in trouble(directory))
        assert await directory.service("detail", "ns-app", 80) is not None
        assert directory.unknown() == ""


async def test_a_rotated_token_is_read_again(api: KubeApi) -> None:
    async with following(api) as directory:
        await api.watched(1)
        await api.bookmark("services")
        await until(lambda: directory._reflectors[None][0]._version == str(api.version))
        api.rotate("another-token")
        await api.end_watches()
        await api.put("services", SOON)
        await until(lambda: names(directory) == {"soon"})
    assert [asked.token for asked in api.asked] == [TOKEN, TOKEN, "another-token"]


async def test_requests_resume_once_a_refused_token_is_replaced(api: KubeApi) -> None:
    api.tokens = {"another-token"}
    async with following(api) as directory:
        await until(lambda: "401 Unauthorized" in trouble(directory))
        api.rotate("another-token")
        await known(directory)


async def test_an_empty_token_is_never_sent(api: KubeApi) -> None:
    api.rotate("")
    async with following(api) as directory:
        await until(lambda: "contains no token" in trouble(directory))
    assert api.asked == []


async def test_each_namespace_is_followed_separately(api: KubeApi) -> None:
    """A Role in each namespace is enough. A namespace without one does not affect the others."""
    await api.put("services", DETAIL)
    await api.put("services", service("cas", "system-server"))
    await api.put("services", service("hidden", "elsewhere"))
    api.forbidden = {("services", "system-server")}
    async with following(api, namespaces=["ns-app", "system-server"]) as directory:
        await until(lambda: "403" in trouble(directory))
        await until(lambda: names(directory) == {"detail"})
        assert await directory.service("detail", "ns-app", 80) is not None
        refused = 'cannot list resource "services"; see k8s/components/discovery-rbac'
        with pytest.raises(LookupFailedError, match=refused):
            await directory.service("cas", "system-server", 80)
        assert refused in directory.unknown()
        api.forbidden = set()
        await known(directory)
        await api.watched(2)
        await api.delete("services", DETAIL)
        await until(lambda: names(directory) == {"cas"})
    assert {asked.namespace for asked in api.asked} == {"ns-app", "system-server"}


async def test_a_list_of_one_namespace_does_not_change_the_others(api: KubeApi) -> None:
    await api.put("services", DETAIL)
    await api.put("services", service("cas", "system-server"))
    async with following(api, namespaces=["ns-app", "system-server"]) as directory:
        await api.watched(2)
        await api.expire_watches("services")
        await until(lambda: api.lists("services") == 4, "another list of each")
        assert names(directory) == {"detail", "cas"}


async def test_unicode_line_breaks_within_an_object_do_not_split_it(api: KubeApi) -> None:
    odd = service("odd")
    odd["metadata"]["annotations"] = {"note": "a\u0085b\u2028c"}
    async with following(api) as directory:
        await api.watched(1)
        await api.put("services", odd)
        await until(lambda: names(directory) == {"odd"})
    assert api.lists("services") == 1


async def test_a_server_with_an_untrusted_certificate_gets_no_token(api: KubeApi) -> None:
    self_signed(api.mount / "ca.crt", HOST)
    async with following(api) as directory:
        await until(lambda: "CERTIFICATE_VERIFY_FAILED" in trouble(directory))
    assert api.asked == []


async def test_deleted_objects_leave_nothing_in_memory(api: KubeApi) -> None:
    detail = endpoint_slice("detail", "10.244.0.1")
    unlabelled = {**detail, "metadata": {"namespace": "ns-app", "name": "stray"}}
    async with following(api, mode="pod") as directory:
        await api.watched(2)
        for resource, document in (("services", DETAIL), ("endpointslices", detail)):
            await api.put(resource, document)
        await api.put("endpointslices", unlabelled)
        await until(lambda: directory._slices and directory._services)
        for resource, document in (("endpointslices", detail), ("services", DETAIL)):
            await api.delete(resource, document)
        await until(lambda: not directory._slices and not directory._services)
        assert (directory._slices._groups, directory._services._groups) == ({}, {})


async def test_an_endpoint_slice_that_changes_its_service_leaves_the_old_one(
    api: KubeApi,
) -> None:
    detail = endpoint_slice("detail", "10.244.0.1")
    async with following(api, mode="pod") as directory:
        await api.watched(2)
        await api.put("endpointslices", detail)
        await until(lambda: directory._slices.group(("ns-app", "detail")))
        labels = {"kubernetes.io/service-name": "other"}
        given = {**detail, "metadata": {**detail["metadata"], "labels": labels}}
        await api.put("endpointslices", given)
        await until(lambda: directory._slices.group(("ns-app", "other")))
        assert directory._slices.group(("ns-app", "detail")) == {}


async def test_the_api_calls_are_the_documented_ones(api: KubeApi) -> None:
    """Another test compares the component's Role with these calls."""
    async with following(api, mode="pod"):
        await api.watched(2)
    assert {(asked.group, asked.resource, asked.verb) for asked in api.asked} == CALLS


async def test_no_log_line_holds_the_token(api: KubeApi, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with following(api) as directory:
            await known(directory)
            api.tokens = {"another-token"}
            await api.drop()
            await until(lambda: "401" in trouble(directory))
    assert caplog.text
    assert TOKEN not in caplog.text
