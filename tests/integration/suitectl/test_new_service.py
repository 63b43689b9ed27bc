"""One command makes a service that needs no edit by hand, and another removes every trace of it."""

import sys
from pathlib import Path

import pytest
import yaml

from clone import Clone, clone
from suitectl.catalogue import Service, apis, read, token_service, versioned

NAME, NAMESPACE, PACKAGE = "parcel-desk", "ns-parcels", "parcel_desk"
CALLS = ",".join(service.name for service in apis())
FOLDERS = {f"services/{NAME}", f"k8s/base/{NAME}", f"tests/unit/{PACKAGE}"}
CHECKS = ("configuration", "identities", "names", "network_policies", "secrets", "selectors")
"""Of the tests of the manifests, those about names, identities and who may call whom."""
ROLE = "k8s/components/discovery-rbac/role.yaml"
NOT_AGAIN = "not component"
"""Each component is rendered by the tests of this checkout already."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Have a service with versions that calls all others, in a namespace of its own."""
    checkout = clone(tmp_path_factory.mktemp("made"))
    flags = (f"--namespace={NAMESPACE}", "--port=2100", f"--calls={CALLS}", "--versions=v1,v2")
    ran = checkout.suitectl("new-service", f"--name={NAME}", *flags)
    assert ran.returncode == 0, ran.stderr
    checkout.install(NAME)
    return checkout


@pytest.fixture(scope="module")
def service(made: Clone) -> Service:
    """Return it as the catalogue sees it."""
    return read(made.root)[NAME]


def test_it_is_what_was_asked_for(service: Service) -> None:
    assert (service.namespace, service.port) == (NAMESPACE, 2100)
    assert service.versions == ("v1", "v2")
    assert service.client_id == service.resource_id == NAME
    assert service.preview


def test_it_passes_its_own_tests(made: Clone) -> None:
    assert " passed" in _tested(made, f"tests/unit/{PACKAGE}")


def test_it_passes_the_checks_of_manifests_and_of_lists(made: Clone) -> None:
    manifests = [f"tests/manifests/test_manifest_{name}.py" for name in CHECKS]
    lists = ["tests/unit/test_skaffold.py", "tests/unit/test_service_names.py"]
    assert " passed" in _tested(made, *manifests, *lists, "tests/unit/suitectl/test_catalogue.py")


def test_commands_about_versions_hold_beside_it(made: Clone) -> None:
    assert " passed" in _tested(made, "tests/integration/suitectl/test_releases_without_a_suite.py")


def test_its_code_is_clean(made: Clone) -> None:
    folders = (f"services/{NAME}", f"tests/unit/{PACKAGE}")
    made.done(sys.executable, "-m", "ruff", "check", *folders)
    made.done(sys.executable, "-m", "ruff", "format", "--check", *folders)
    made.done(sys.executable, "tests/checkers/typed.py", *folders)


def test_production_generates_its_secret(made: Clone) -> None:
    ran = made.suitectl("secrets")
    assert ran.returncode == 0, ran.stderr
    assert f"{NAME}-credentials" in (made.root / ".secrets/secrets.yaml").read_text()


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    checkout = clone(tmp_path)
    ran = checkout.suitectl("new-service", f"--name={NAME}", f"--namespace={NAMESPACE}")
    assert ran.returncode == 0, ran.stderr
    assert all((checkout.root / folder).is_dir() for folder in FOLDERS)
    ran = checkout.suitectl("remove-service", f"--name={NAME}")
    assert ran.returncode == 0, ran.stderr
    assert checkout.changed() == ""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("last", [service.name for service in apis()])
def test_any_one_service_may_be_left_and_others_are_made_beside_it(
    tmp_path: Path, last: str
) -> None:
    checkout = clone(tmp_path)
    for name in (service.name for service in apis() if service.name != last):
        assert checkout.suitectl("remove-service", f"--name={name}").returncode == 0
    assert set(read(checkout.root)) == {token_service().name, last}
    manifests = [f"tests/manifests/test_manifest_{name}.py" for name in ("names", "discovery")]
    lists = ("tests/unit/test_skaffold.py", "tests/unit/test_service_names.py")
    assert " passed" in _tested(checkout, *manifests, *lists)
    checkout.commit("One service")
    assert checkout.suitectl("new-service", f"--name={NAME}", f"--calls={last}").returncode == 0
    rendered = checkout.done("kubectl", "kustomize", "tests/e2e/whole")
    assert f"name: {NAME}-deployment" in rendered
    (binding,) = yaml.safe_load_all((checkout.root / ROLE).read_text().rpartition("---\n")[2])
    assert NAME in [subject["name"] for subject in binding["subjects"]]
    assert checkout.suitectl("remove-service", f"--name={NAME}").returncode == 0
    assert checkout.changed() == ""


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ((), "NAME is missing; use NAME=orders, for instance"),
        (("--name=Desk",), "NAME=Desk: is no DNS label; use up to 49 of"),
        (("--name=desk-",), "NAME=desk-: is no DNS label"),
        (("--name=2desks",), "NAME=2desks: is no DNS label"),
        ((f"--name={'d' * 50}",), "is too long; use up to 49 characters"),
        (("--name=class",), "NAME=class: is a word of Python"),
        (("--name=json",), "NAME=json: is a word of Python"),
        (("--name=httpx",), "NAME=httpx: an installed package"),
        (("--name=eventually",), "NAME=eventually: an installed package"),
        ((f"--name={apis()[0].name}",), f"NAME={apis()[0].name}: is taken"),
        (("--name=redis",), "NAME=redis: is taken"),
        (("--name=alice",), "NAME=alice: a client or user"),
        (("--name=desk", "--namespace=Desks"), "NAMESPACE=Desks: is no DNS label"),
        (("--name=desk", "--namespace=kube-system"), "NAMESPACE=kube-system: is the cluster's"),
        (("--name=desk", "--port=80"), "PORT=80: must be from 1024 to 55535"),
        (("--name=desk", "--port=x"), "PORT=x: must be"),
        (("--name=desk", "--calls=nobody"), "CALLS=nobody: no such service"),
        (("--name=desk", f"--calls={token_service().name}"), "every service calls it"),
        (("--name=desk", "--versions=v3"), "VERSIONS=v3: must be v1,v2"),
    ],
)
def test_a_wrong_wish_is_one_line_and_writes_nothing(
    pristine: Clone, flags: tuple[str, ...], reason: str
) -> None:
    ran = pristine.suitectl("new-service", *flags)
    assert ran.returncode == 1
    (line,) = ran.stderr.splitlines()
    assert reason in line
    assert pristine.changed() == ""


@pytest.mark.skipif(not versioned(), reason="no service has versions")
def test_a_name_whose_objects_are_there_already_writes_nothing(pristine: Clone) -> None:
    other = next(iter(versioned().values()))
    ran = pristine.suitectl("new-service", f"--name={other.name}-{other.versions[0]}")
    assert ran.returncode == 1
    assert f"{other.name}-{other.versions[0]}: there is a Deployment" in ran.stderr
    assert pristine.changed() == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "NAME is missing; there are: "),
        ("nobody", "NAME=nobody: no such service"),
        (token_service().name, "the others need its tokens"),
    ],
)
def test_what_cannot_be_removed_is_one_line(pristine: Clone, name: str, reason: str) -> None:
    ran = pristine.suitectl("remove-service", f"--name={name}")
    assert ran.returncode == 1
    (line,) = ran.stderr.splitlines()
    assert reason in line
    assert pristine.changed() == ""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Have a clone that no test changes."""
    return clone(tmp_path_factory.mktemp("pristine"))


def _tested(checkout: Clone, *paths: str) -> str:
    """Run tests there; return the summary."""
    options = ("-n", "0", "-p", "no:cacheprovider", "-k", NOT_AGAIN)
    return checkout.done(sys.executable, "-m", "pytest", *options, *paths)
