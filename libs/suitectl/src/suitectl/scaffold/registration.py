"""The registration of a service with the demo's identities: its client, and its audience."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from suitectl.catalogue import REGISTERED_KEY, apis, token_service
from suitectl.identities import DEMO
from suitectl.root import ROOT
from suitectl.scaffold.blocks import end_of, with_after, without

_AUDIENCES = re.compile(r"(resource-ids: )\[([^\]]*)\]")
_CLIENT = """\
      {name}:
        client-secret: "{hashed}"
        authorized-grant-types: [client_credentials]
        scope: [read]
        resource-ids: [{audiences}]
        authorities: [ROLE_CLIENT]
        check-tokens: true
"""


def demo_secret(name: str) -> str:
    """Return the secret of an identity that everybody knows."""
    return f"{name}-123"


def registered(name: str, hashed: str, calls: Sequence[str]) -> Mapping[Path, str]:
    """Return the files with a service as a client, and its audience at every app of the demo."""
    file, own = _file(), "|".join(re.escape(service.client_id) for service in apis())
    head, apps = _parted(file.read_text(), own)
    text = head + _AUDIENCES.sub(lambda ids: f"{ids[1]}[{ids[2]}, {name}]", apps)
    block = _CLIENT.format(name=name, hashed=hashed, audiences=", ".join([name, *calls]))
    demo = json.loads(DEMO.read_text()) | {name: demo_secret(name)}
    return {file: with_after(text, rf"      ({own}):$", block), DEMO: _json(demo)}


def unregistered(name: str) -> Mapping[Path, str]:
    """Return the files without a service as a client, and without its audience."""
    file, demo = _file(), json.loads(DEMO.read_text())
    text = without(file.read_text(), rf"      {re.escape(name)}:$")
    demo.pop(name, None)
    return {file: _AUDIENCES.sub(lambda ids: _less(ids, name), text), DEMO: _json(demo)}


def _parted(text: str, own: str) -> tuple[str, str]:
    """Part the text behind the registrations of services: apps of the demo follow."""
    lines = text.splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if re.match(rf"      ({own}):$", line))
    end = end_of(lines, last)
    return "".join(lines[:end]), "".join(lines[end:])


def _less(ids: re.Match[str], name: str) -> str:
    left = [one for one in ids[2].split(", ") if one != name]
    return f"{ids[1]}[{', '.join(left)}]"


def _json(secrets: Mapping[str, str]) -> str:
    return json.dumps(secrets, indent=2) + "\n"


def _file() -> Path:
    """Return the manifest of the registrations, which is beside those of the token service."""
    folder = ROOT / "k8s/base" / token_service().name
    return next(file for file in folder.glob("*.yaml") if REGISTERED_KEY in file.read_text())
