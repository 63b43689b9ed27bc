"""What the stored table of identities lacks or has differently, and the audit of what changes.

The rules of docs/design/identities.md, "Dead stays dead".
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from cas_server.stores.token_store import Change, IdentityTable
from chassis.telemetry.audit import AuditEvent, audit

_KINDS = ("client", "user", "grant")
"""Of identities, by the first word of their names."""


def differences(
    table: IdentityTable,
    marks: Mapping[str, str],
    missed: AbstractSet[str],
    *,
    keep: int | None,
    is_needed: Callable[[str], bool],
) -> Iterator[Change]:
    """Yield the entries that the table lacks and, where `keep` is given, those that differ.

    `missed` are names whose end the table does not have. `is_needed` says whether an entry that is
    no identity's is still needed.
    """
    for name, own in marks.items():
        entry = table.entries.get(name)
        if entry is None or name in missed:
            yield Change(name, entry, own, ends=name in missed)
        elif keep is not None and entry.marks != own:
            yield Change(name, entry, own, ends=has_ended(entry.marks, own))
    lacking = {name for name in missed - marks.keys() if is_needed(name)}
    for name in lacking:
        yield Change(name, table.entries.get(name), "", ends=True)
    if keep is None:
        return
    for name in table.entries.keys() - marks.keys() - lacking:
        entry = table.entries[name]
        if entry.marks:
            yield Change(name, entry, "", ends=True)
        elif entry.not_before + keep * 1_000_000 < table.now and not is_needed(name):
            yield Change(name, entry, None, ends=False)


def has_ended(before: str, now: str) -> bool:
    """Return whether none of the marks before, separated by commas, is left."""
    return before != now and set(before.split(",")).isdisjoint(now.split(","))


def audit_changes(changes: Iterable[Change]) -> None:
    """Audit each identity that ended or has other secrets; a new one is neither."""
    for change in changes:
        kind, _, name = change.name.partition(":")
        if kind not in _KINDS:
            continue
        about = {"reason": kind} if kind != "grant" else {"reason": name.partition(":")[0]}
        subject = {"user": name} if kind == "user" else {"client": name.rpartition(":")[2]}
        if change.ends:
            audit(AuditEvent.NOT_BEFORE, **subject, **about)
        elif change.expected is not None and change.marks is not None:
            audit(AuditEvent.IDENTITY_CHANGED, **subject, **about)
