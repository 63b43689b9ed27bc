"""The part of kubectl that generated Secrets need, with objects as files in a directory."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

CLUSTER = Path(os.environ.get("FAKE_CLUSTER", "."))


def main(arguments: Sequence[str]) -> int:
    """Run one verb and record it."""
    with (CLUSTER / "verbs").open("a") as verbs:
        verbs.write(" ".join(arguments) + "\n")
    match list(arguments):
        case ["get", "secret", "-n", _, name, *_]:
            return _say(_file(name).read_text() if _file(name).exists() else "")
        case ["get", _, *_]:
            return _say("deployment.apps/redis-deployment")
        case ["create", "-f", "-"]:
            return _create(json.load(sys.stdin))
        case ["apply", "-f", "-"]:
            return max(_apply(document) for document in yaml.safe_load_all(sys.stdin))
        case ["kustomize", directory]:
            return subprocess.call([str(shutil.which("kubectl")), "kustomize", directory])
    return 0


def _create(document: dict[str, Any]) -> int:
    try:
        # Write atomically, as the API server does.
        (whole := CLUSTER / f"{os.getpid()}.new").write_text(_stored(document))
        os.link(whole, _file(document["metadata"]["name"]))
    except FileExistsError:
        print("Error from server (AlreadyExists)", file=sys.stderr)  # noqa: T201
        return 1
    return _say("created")


def _apply(document: dict[str, Any]) -> int:
    if document["kind"] != "Secret":
        return 0
    file = _file(document["metadata"]["name"])
    before = file.read_text() if file.exists() else None
    file.write_text(_stored(document))
    did = "created" if before is None else "configured"
    return _say(f"secret/{file.name} {'unchanged' if before == _stored(document) else did}")


def _stored(document: dict[str, Any]) -> str:
    data = {k: base64.b64encode(v.encode()).decode() for k, v in document["stringData"].items()}
    return json.dumps({"metadata": document["metadata"], "data": data})


def _file(name: str) -> Path:
    return CLUSTER / name


def _say(text: str) -> int:
    print(text)  # noqa: T201 - this is a command
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
