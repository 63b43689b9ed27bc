"""`suitectl dev-secrets --signing-key`: a patch with one key more."""

import argparse
import json
import time

import pytest

from suitectl.command_lines import KUBECTL, LOCALKUBE, Patch, verb
from suitectl.commands import dev_secrets
from suitectl.secrets.signing_keys import signs_from

pytestmark = pytest.mark.anyio


async def test_it_is_a_patch_with_a_key_that_signs_later(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = argparse.ArgumentParser()
    dev_secrets.add_arguments(parser)
    assert await dev_secrets.run(parser.parse_args(["--signing-key=3600"])) == 0
    ((name, pem),) = json.loads(capsys.readouterr().out)["stringData"].items()
    assert "PRIVATE KEY" in pem
    assert name.endswith("-es256")
    assert signs_from(name) > time.time()


def test_a_patch_is_what_a_program_prints() -> None:
    patch = Patch(verb("patch secret keys -n ns"), "program --print")
    assert patch.line(LOCALKUBE) == './localkube patch secret keys -n ns -p "$(program --print)"'
    assert patch.line(KUBECTL) == 'kubectl patch secret keys -n ns -p "$(program --print)"'
