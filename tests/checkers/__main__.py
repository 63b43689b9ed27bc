"""`make check-manifests`: runs every checker on every rendering, the Dockerfile and the sources."""

import os
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import yaml

from checkers import tools
from checkers.custom_resources import MODULES, Schema, cut_text, schemas
from checkers.explained import PAGE, disagreements, explanations
from checkers.reports import RENDERED, Finding, checkov, hadolint, kubeconform
from checkers.schemas import write
from localkube.progress import step
from manifests.checks.schema import CUSTOM_RESOURCES, SUPPORTED
from manifests.renderings import renderings
from manifests.suite_manifests import K8S, Manifests
from suitectl.terminal import console, table

Check = Callable[[], Sequence[Finding]]
Custom = Mapping[tuple[str, str], Schema]
Rendered = Mapping[str, Manifests]

_DOCKERFILE = tools.ROOT / "docker/Dockerfile"
_CHECKERS = ("kubeconform", "checkov", "hadolint")


def main() -> int:
    """Print findings. Returns 1 for an unexplained report or an explanation without a report."""
    # For kubectl, if the machine has none.
    os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)
    with tempfile.TemporaryDirectory() as directory:
        with step("installing the checkers"):
            tools.install()
        custom = {key: value for module in MODULES for key, value in schemas(module).items()}
        rendered = {name: one.render() for name, one in renderings().items()}
        with step(f"checking {len(rendered)} renderings"):
            findings = _findings(rendered, custom, Path(directory))
    explained = explanations(PAGE.read_text())
    wrong = [*disagreements(findings, explained, rendered), *_prune_again(custom, rendered)]
    _draw(findings, f"{len(rendered)} renderings; {len(explained)} reports are explained", wrong)
    return int(bool(wrong))


def _findings(rendered: Rendered, custom: Custom, directory: Path) -> Collection[Finding]:
    files = directory / "rendered"
    files.mkdir()
    for name, manifests in rendered.items():
        (files / f"{name}{RENDERED}").write_text(yaml.safe_dump_all(manifests.objects))
    checks = [*_rule_checks(files), *_schema_checks(custom, files)]
    with ThreadPoolExecutor(2) as pool:
        return [one for found in pool.map(lambda check: check(), checks) for one in found]


def _schema_checks(custom: Custom, files: Path) -> Iterator[Check]:
    for version in (SUPPORTED[0], SUPPORTED[-1]):
        known = files.parent / version
        write(version, custom, known)
        yield partial(kubeconform, files, known)


def _rule_checks(files: Path) -> Sequence[Check]:
    """Return the rule checks, separate for each rendering, since policies must not mix."""
    return [
        *(partial(checkov, "kubernetes", path) for path in sorted(files.iterdir())),
        partial(checkov, "dockerfile", _DOCKERFILE),
        partial(checkov, "secrets", K8S),
        partial(hadolint, _DOCKERFILE),
    ]


def _prune_again(custom: Custom, rendered: Rendered) -> Iterator[str]:
    """Write the pruned schemas for `make test`. Yields the file's name if it changed."""
    text = cut_text(custom, [one for manifests in rendered.values() for one in manifests.objects])
    if not CUSTOM_RESOURCES.exists() or CUSTOM_RESOURCES.read_text() != text:
        CUSTOM_RESOURCES.write_text(text)
        yield f"{CUSTOM_RESOURCES.relative_to(tools.ROOT)}: pruned again; review and commit it"


def _draw(findings: Collection[Finding], summary: str, wrong: Sequence[str]) -> None:
    out = console()
    counts = [(name, sum(one.checker == name for one in findings)) for name in _CHECKERS]
    out.print(table(("CHECKER", "REPORTS"), counts))
    out.print(summary)
    for line in wrong:
        out.print(line, markup=False, soft_wrap=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as error:
        sys.exit(f"check-manifests: {error}")
