"""The chapter that rolls all Deployments knows them by the services' folders."""

from suitectl.catalogue import services
from suitectl.command_lines import Verb
from suitectl.story.chapters import faults

OWN = [one for service in services().values() for one in service.of("Deployment")]


def test_every_deployment_of_a_service_is_rolled() -> None:
    rolled = [name for name, _ in faults.deployed(OWN)]
    assert rolled == [one["metadata"]["name"] for one in OWN]


def test_what_the_platform_left_out_is_not_rolled() -> None:
    assert len(faults.deployed(OWN[1:])) == len(OWN) - 1


def test_the_commands_to_paste_restart_all_but_optional_ones() -> None:
    pasted = [one.arguments for one in faults.COMMANDS if isinstance(one, Verb)]
    for name, namespace in faults.of_services(optional=False):
        assert ("rollout", "restart", f"deployment/{name}", "-n", namespace) in pasted
