"""What the options of `get` ask for: an object as a row, JSON or YAML."""

import argparse
import json
from typing import Any

from localkube.api.kinds import Kind
from localkube.verbs.columns import Cells
from localkube.verbs.tables import row_of


def row(options: argparse.Namespace, kind: Kind, document: Any) -> Cells:
    """Return an object's row with the columns that the options ask for."""
    everywhere, wide = options.all_namespaces, options.output == "wide"
    return row_of(kind, document, everywhere=everywhere, wide=wide, labels=options.show_labels)


def formatted(document: Any, output: str) -> str:
    """Return a document as JSON or YAML."""
    if output == "json":
        return json.dumps(document, indent=4)
    from localkube.api.yaml_writer import to_yaml  # noqa: PLC0415  # slow to import, rarely needed

    return to_yaml(document).rstrip()
