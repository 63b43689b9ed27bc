"""The explanations of accepted reports in docs/manifests.md."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from checkers.reports import Finding
from checkers.tools import ROOT
from manifests.suite_manifests import Manifests

PAGE = ROOT / "docs/manifests.md"
_ROW = re.compile(r"^\| (\w+) \| `(\w+)`[^|]* \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)

SCOPES: Mapping[str, Callable[[str, Manifests], bool]] = {
    "everywhere": lambda _name, _rendered: True,
    "with `discovery-rbac`": lambda _, rendered: any(rendered.of("ClusterRole")),
    "overlay `dev`": lambda name, _: name == "dev",
}
"""Names for groups of renderings in an explanation. Any other text is a file name."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row of the page's table."""

    checker: str
    rule: str
    where: str
    reason: str

    def covers(self, finding: Finding, rendered: Mapping[str, Manifests]) -> bool:
        """Return whether it explains a finding."""
        if (self.checker, self.rule) != (finding.checker, finding.rule):
            return False
        if finding.where not in rendered:
            return self.where == f"`{finding.where}`"
        holds = SCOPES.get(self.where)
        return holds is not None and holds(finding.where, rendered[finding.where])


def explanations(page: str) -> Collection[Explanation]:
    """Read the page's table."""
    return [Explanation(*cells) for cells in _ROW.findall(page)]


def disagreements(
    findings: Collection[Finding],
    explained: Collection[Explanation],
    rendered: Mapping[str, Manifests],
) -> Iterator[str]:
    """Yield findings without an explanation, and explanations without a finding."""
    for finding in sorted(findings):
        if not any(one.covers(finding, rendered) for one in explained):
            yield f"{finding.checker} {finding.rule} in {finding.where}: {finding.what}"
    for one in explained:
        if not any(one.covers(finding, rendered) for finding in findings):
            yield f"{PAGE.name} explains {one.checker} {one.rule} {one.where}: not reported"
