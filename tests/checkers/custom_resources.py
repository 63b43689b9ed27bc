"""The schemas of custom resources, from the Go modules that define them.

They are strict: an API server drops unknown fields, which is never intended.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from manifests.suite_manifests import Manifest

Schema = dict[str, Any]

_CUT = {
    *("type", "properties", "required", "items", "additionalProperties", "enum", "pattern"),
    *("format", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"),
    *("minProperties", "maxProperties", "anyOf", "oneOf", "allOf", "not"),
}
"""The keywords of a pruned schema: rules without descriptions and Kubernetes extensions."""

_HEAD = """\
# The schemas of custom resources, cut down to the fields that the manifests use; any other is
# unknown here. Written by `make check-manifests`, which checks against the whole of them, from:
"""


@dataclass(frozen=True, slots=True)
class Module:
    """A Go module that contains CustomResourceDefinitions."""

    path: str
    version: str
    directory: str
    files: tuple[str, ...]

    def __str__(self) -> str:
        """Return its name as Go writes it."""
        return f"{self.path}@{self.version}"


MODULES = (
    Module(
        "sigs.k8s.io/gateway-api",
        "v1.6.3",
        "config/crd/standard",
        ("gateway.networking.k8s.io_gateways.yaml", "gateway.networking.k8s.io_httproutes.yaml"),
    ),
    Module(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd",
        ("monitoring.coreos.com_podmonitors.yaml", "monitoring.coreos.com_prometheusrules.yaml"),
    ),
)


def schemas(module: Module) -> Mapping[tuple[str, str], Schema]:
    """Return a module's strict schemas by apiVersion and kind. RuntimeError if it is missing."""
    done = subprocess.run(
        ["go", "mod", "download", "-json", str(module)],  # noqa: S607 - the Go on the PATH
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    downloaded = json.loads(done.stdout or "{}")
    if "Dir" not in downloaded:
        raise RuntimeError(
            f"go mod download {module}: {downloaded.get('Error') or done.stderr.strip()}"
        )
    directory = Path(downloaded["Dir"], module.directory)
    return dict(one for name in module.files for one in versions(directory / name))


def versions(path: Path) -> Iterator[tuple[tuple[str, str], Schema]]:
    """Yield the strict schema of each served version in a file with one definition."""
    # The C loader, since the file has half a megabyte.
    spec = yaml.load(path.read_text(), yaml.CSafeLoader)["spec"]
    for version in spec["versions"]:
        if version["served"]:
            schema = version["schema"]["openAPIV3Schema"]
            # The definition leaves `metadata` to the API server.
            schema["properties"]["metadata"] = {"type": "object"}
            yield (f"{spec['group']}/{version['name']}", spec["names"]["kind"]), _strict(schema)


def cut(schema: Schema, values: Sequence[Any]) -> Schema:
    """Return the part of a schema that these values use. Other fields become unknown."""
    pruned = {key: rule for key, rule in schema.items() if key in _CUT}
    if "properties" in schema:
        pruned["properties"] = {
            name: cut(part, [value[name] for value in values if name in value])
            for name, part in schema["properties"].items()
            if any(name in value for value in values)
        }
    if "items" in schema:
        pruned["items"] = cut(schema["items"], [item for value in values for item in value])
    if isinstance(schema.get("additionalProperties"), dict):
        inner = [one for value in values for one in value.values()]
        pruned["additionalProperties"] = cut(schema["additionalProperties"], inner)
    return pruned


def cut_text(custom: Mapping[tuple[str, str], Schema], objects: Sequence[Manifest]) -> str:
    """Return the pruned schemas of all used kinds, with their sources at the top."""
    cuts = {}
    for (api_version, kind), schema in custom.items():
        of_kind = [o for o in objects if (o["apiVersion"], o["kind"]) == (api_version, kind)]
        if of_kind:
            cuts[f"{api_version}/{kind}"] = cut(schema, of_kind)
    sources = "\n".join(f"# - {module}" for module in MODULES)
    return f"{_HEAD}{sources}\n{yaml.safe_dump(cuts, width=130)}"


def _strict(node: Any) -> Any:
    """Make objects with known fields refuse others, unless the definition preserves them."""
    if isinstance(node, list):
        return [_strict(one) for one in node]
    if not isinstance(node, dict):
        return node
    strict = {key: _strict(value) for key, value in node.items()}
    open_ended = node.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in node
    if node.get("type") == "object" and "properties" in node and not open_ended:
        strict["additionalProperties"] = False
    return strict
