"""The page for one's own repository: its commands run in this order, and lead to a suite."""

import re
import sys
from pathlib import Path

import pytest

from clone import Clone, clone
from code_blocks import ROOT, blocks
from suitectl.catalogue import Service, read, services, token_service
from suitectl.story.cast import DIFF_NS, DIFF_NS_SERVICE, REST_SERVICE

PAGE = ROOT / "docs/make-it-yours.md"
TEMPLATE = "libs/template/k8s/base/{{ name }}/configmap.yaml.jinja"
OLD, NEW = "            mode: event\n", "            mode: event\n            period: 15000\n"
PYTHON = """#!/bin/sh
export PYTHONPATH="$(printf %s: "$PWD"/libs/*/src "$PWD"/services/*/src)"
exec {python} "$@"
"""

DEMO = {REST_SERVICE, DIFF_NS_SERVICE}
DROPPED = frozenset(re.findall(r"remove-service NAME=(\S+)", PAGE.read_text()))
"""The services that the page removes, and so expects."""
OWN = "orders" if "orders" not in services() else "orders-of-the-page"
"""The service that it makes; this checkout may have made its own of that name."""
pytestmark = pytest.mark.skipif(
    not set(services()) >= DROPPED, reason="the page removes a service that is gone already"
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Run the page in a clone of an upstream, which has a release before the last section."""
    directory = tmp_path_factory.mktemp("yours")
    upstream = clone(directory / "upstream")
    (upstream.root / "setup").write_text("#!/bin/sh\n")  # there is an environment already
    for name in set(services()) - DROPPED - {token_service().name}:  # upstream has none of yours
        assert upstream.suitectl("remove-service", f"--name={name}").returncode == 0
    upstream.commit("Without a setup", tag="v1.0.0")
    upstream.git("switch", "--quiet", "-C", "main")
    made = Clone(directory / "own")
    upstream.git("clone", "--quiet", str(upstream.root), str(made.root))
    _environment(made)
    for block in blocks(PAGE):
        if "git fetch" in block.text:
            _release(upstream)
        made.done("bash", "-euo", "pipefail", "-c", block.text.replace("orders", OWN))
    return made


def test_what_is_left_is_the_own_service(own: Clone) -> None:
    assert own.changed() == ""
    assert set(read(own.root)) == {token_service().name, OWN}
    assert _service(own).versions == ("v1", "v2")


def test_nothing_names_what_was_removed_or_renamed(own: Clone) -> None:
    named = own.run("git", "grep", "-lwE", "|".join((DIFF_NS[1], *DEMO)), "--", "k8s")
    assert (named.returncode, named.stdout) == (1, "")
    assert _service(own).namespace == "shop"
    assert own.run("git", "grep", "-lE", "part-of[:=] ?suite", "--", "k8s", "libs").stdout == ""


def test_lists_of_services_are_right(own: Clone) -> None:
    lists = ("tests/unit/test_skaffold.py", "tests/unit/test_service_names.py")
    options = ("-n", "0", "-p", "no:cacheprovider")
    assert " passed" in own.done(sys.executable, "-m", "pytest", *options, *lists)


@pytest.mark.parametrize("overlay", ["base", "overlays/prod", "overlays/canary", "overlays/dev"])
def test_it_renders(own: Clone, overlay: str) -> None:
    assert f"name: {OWN}-v1-deployment" in own.done("kubectl", "kustomize", f"k8s/{overlay}")


def test_the_service_follows_the_release(own: Clone) -> None:
    assert NEW in (own.root / f"k8s/base/{OWN}/configmap.yaml").read_text()


def test_the_demo_says_which_chapters_it_leaves_out(own: Clone) -> None:
    code = "from suitectl.story.chapters import *; from suitectl.story import chapters as c"
    print_them = "print(len(c.CHAPTERS), *(name for one in c.LEFT_OUT for name in one.missing))"
    left, *missing = own.done(sys.executable, "-c", f"{code}; {print_them}").split()
    assert left == "1"
    assert set(missing) == DEMO


def _service(own: Clone) -> Service:
    return read(own.root)[OWN]


def _environment(own: Clone) -> None:
    """Make a `.venv` of the environment of the tests, with the sources of the clone."""
    programs = own.root / ".venv/bin"
    programs.mkdir(parents=True)
    (programs / "python").write_text(PYTHON.format(python=sys.executable))
    (programs / "python").chmod(0o755)
    (programs / "copier").symlink_to(Path(sys.executable).with_name("copier"))


def _release(upstream: Clone) -> None:
    file = upstream.root / TEMPLATE
    text = file.read_text()
    assert OLD in text
    file.write_text(text.replace(OLD, NEW))
    upstream.commit("A newer template", tag="v1.1.0")
