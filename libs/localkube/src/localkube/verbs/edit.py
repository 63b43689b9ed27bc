"""`edit`: open an object in an editor, and patch the object with the changes."""

import argparse
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from localkube.api.patches import difference
from localkube.api.yaml_reader import parse
from localkube.api.yaml_writer import to_yaml
from localkube.control.client import Client
from localkube.errors import LocalkubeError, UsageError
from localkube.terminal import print_result
from localkube.verbs.resource_arguments import parse_reference
from localkube.verbs.send_patch import send_patch

_BYTES = "surrogateescape"
"""An edit that is not UTF-8 is refused, and stored unchanged."""
_HINT = "# Save and close to apply; an unchanged file changes nothing.\n"


def edit(options: argparse.Namespace, client: Client) -> int:
    """Open one object in an editor and patch it with the changes."""
    place = parse_reference(options)
    before = {key: value for key, value in client.get(**place).items() if key != "status"}
    text = _HINT + to_yaml(before)
    after = _edited(text)
    if all(line.lstrip().startswith("#") or not line.strip() for line in after.splitlines()):
        print_result("Edit cancelled, saved file was empty.")
        return 0
    try:
        patch = {} if after == text else difference(before, _document(after))
        if not patch:
            print_result("Edit cancelled, no changes made.")
            return 0
        print_result(send_patch(client, place, before, patch))
    except LocalkubeError as error:
        raise LocalkubeError(f"{error}; {_stored(after)}", error.exit_code) from None
    return 0


def _document(text: str) -> Any:
    documents = parse(text, "the edited object")
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise UsageError(f"the edited object: expected one object, not {len(documents)} documents")
    return documents[0]


def _edited(text: str) -> str:
    editor = os.environ.get("KUBE_EDITOR") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "object.yaml"
        path.write_text(text, encoding="utf-8")
        # The user's own variable, which may contain arguments.
        command = ["/bin/sh", "-c", f"{editor} {shlex.quote(str(path))}"]
        code = subprocess.call(command)  # noqa: S603  # see above
        after = path.read_text(encoding="utf-8", errors=_BYTES) if path.exists() else ""
    if code:
        hint = f"; {_stored(after)}" if after not in {"", text} else ""
        raise LocalkubeError(f"the editor {editor!r} ended with {code}; nothing was changed{hint}")
    return after


def _stored(text: str) -> str:
    """Write a refused edit to a private file, and return the message with its path."""
    descriptor, path = tempfile.mkstemp(prefix="localkube-edit-", suffix=".yaml")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors=_BYTES) as file:
        file.write(text)
    return f"a copy of your changes has been stored to {path}"
