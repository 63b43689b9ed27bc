"""Deployments: replicas, selector, strategy and pod template."""

from localkube.api.objects import Object
from localkube.api.validation import formats
from localkube.api.validation.field import Field
from localkube.api.validation.metadata import check_labels, check_words
from localkube.api.validation.pod import check_pod

DEFAULT_STEP = "25%"


def check_deployment(new: Object, old: Object | None, at: Field) -> None:
    """Check a Deployment."""
    spec, at = new["spec"], at.child("spec")
    at.child("replicas").not_negative(spec.get("replicas"))
    if _check_selector(spec["selector"], at.child("selector")):
        _check_template(spec, at.child("template"))
    if old is not None and old["spec"]["selector"] != spec["selector"]:
        at.child("selector").invalid(spec["selector"], "field is immutable")
    _check_strategy(spec.get("strategy", {}), at.child("strategy"))
    at.child("revisionHistoryLimit").not_negative(spec.get("revisionHistoryLimit"))
    deadline = spec.get("progressDeadlineSeconds")
    at.child("progressDeadlineSeconds").not_negative(deadline)
    if deadline is not None and deadline <= 0:
        at.child("progressDeadlineSeconds").invalid(
            deadline, "must be greater than minReadySeconds"
        )


def _check_selector(selector: Object, at: Field) -> bool:
    """Say whether a selector is valid."""
    wanted, before = selector.get("matchLabels", {}), len(at.problems)
    check_labels(wanted, at.child("matchLabels"))
    if not wanted:
        at.invalid({}, "empty selector is invalid for deployment")
    elif len(at.problems) > before:
        at.invalid(selector, "invalid label selector")
        return False
    return True


def _check_template(spec: Object, at: Field) -> None:
    template, wanted = spec["template"], spec["selector"].get("matchLabels", {})
    metadata = template.get("metadata", {})
    labels = metadata.get("labels", {})
    if not wanted.items() <= labels.items():
        place = at.child("metadata").child("labels")
        place.invalid(labels, "`selector` does not match template `labels`")
    check_words(metadata, at)  # the API server's path
    check_pod(template.get("spec", {}), at.child("spec"))


def _check_strategy(strategy: Object, at: Field) -> None:
    rolling, kind = strategy.get("rollingUpdate"), strategy.get("type") or "RollingUpdate"
    if kind == "Recreate":
        if rolling is not None:
            reason = "may not be specified when strategy `type` is 'Recreate'"
            at.child("rollingUpdate").forbidden(reason)
        return
    steps = {"maxUnavailable": DEFAULT_STEP, "maxSurge": DEFAULT_STEP} | (rolling or {})
    at = at.child("rollingUpdate")
    for name in ("maxUnavailable", "maxSurge"):
        step = steps[name]
        if isinstance(step, str):
            at.child(name).invalid(step, *formats.percent(step))
        else:
            at.child(name).not_negative(step)
    unavailable = steps["maxUnavailable"]
    if _amount(unavailable) == _amount(steps["maxSurge"]) == 0:
        at.child("maxUnavailable").invalid(unavailable, "may not be 0 when `maxSurge` is 0")
    if isinstance(unavailable, str) and _amount(unavailable) > 100:  # noqa: PLR2004  # percent
        at.child("maxUnavailable").invalid(unavailable, "must not be greater than 100%")


def _amount(step: int | str) -> int:
    """Return a number or percentage as a number, 0 for any other value as in Kubernetes."""
    if isinstance(step, int):
        return step
    return 0 if formats.percent(step) else int(step.rstrip("%"))
