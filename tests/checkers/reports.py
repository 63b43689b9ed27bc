"""The reports of each checker as uniform findings."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkers.tools import Output, ask

RENDERED = ".rendered.yaml"
"""The suffix of a rendering's file."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """A rule violation that a checker found. `where` is a rendering or a file name."""

    checker: str
    rule: str
    where: str
    what: str


def kubeconform(rendered: Path, schemas: Path) -> Sequence[Finding]:
    """Check every rendering against a folder of schemas, named `KIND-GROUP-VERSION.json`."""
    done = ask(
        "kubeconform",
        *("-strict", "-output", "json", "-schema-location"),
        f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
        str(rendered),
    )
    return [
        Finding(
            checker="kubeconform",
            rule=one["status"],
            where=_name(one["filename"]),
            what=f"{one['kind']}/{one['name']} under {schemas.name}: {one['msg']}",
        )
        for one in _output(done).get("resources") or ()
    ]


def checkov(framework: str, path: Path) -> Sequence[Finding]:
    """Check a file or folder by checkov's rules for a framework, offline."""
    done = ask(
        "checkov",
        *("--framework", framework, "--skip-download", "--compact", "--quiet", "--output", "json"),
        *("--directory" if path.is_dir() else "--file", str(path)),
    )
    report = _output(done)
    # Without input or findings, the report is only a summary.
    if report.get("summary", report)["parsing_errors"]:
        raise RuntimeError(f"checkov cannot read {path}")
    return [
        Finding(
            checker="checkov",
            rule=one["check_id"],
            where=_name(one["file_path"]),
            what=f"{one['resource']}: {one['check_name']}",
        )
        for one in report.get("results", {}).get("failed_checks", ())
    ]


def hadolint(path: Path) -> Sequence[Finding]:
    """Check a Dockerfile, including its style."""
    return [
        Finding(
            checker="hadolint",
            rule=one["code"],
            where=path.name,
            what=f"line {one['line']}: {one['message']}",
        )
        for one in _output(ask("hadolint", "--format", "json", str(path)))
    ]


def _name(path: str) -> str:
    """Return the name of a rendering, or of another file."""
    return Path(path).name.removesuffix(RENDERED)


def _output(done: Output) -> Any:
    try:
        return json.loads(done.out)
    except ValueError:
        said = done.err.strip() or done.out.strip()
        raise RuntimeError(f"{done.program} gave no report: {said}") from None
