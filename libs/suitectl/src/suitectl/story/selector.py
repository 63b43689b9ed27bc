"""Whom the Service with versions selects: one of them, or both."""

import json

from suitectl.command_lines import Verb
from suitectl.story.cast import DIFF_NS


def _select(version: str | None) -> Verb:
    selector = {"app": "diff-ns-service", "version": version}
    patch = json.dumps({"spec": {"selector": selector}})
    return Verb(("patch", "service", DIFF_NS[0], "-n", DIFF_NS[1], "-p", patch))


TO_V1, TO_V2, TO_BOTH = _select("v1"), _select("v2"), _select(None)
