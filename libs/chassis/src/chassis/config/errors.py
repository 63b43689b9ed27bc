"""The error of an invalid configuration: one line with the place and the remedy."""

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["read", "missing", "parse", "timeout", "invalid", "listener"]
"""The reason of a rejection: unreadable files, a missing file, invalid or too much YAML, a timeout,
invalid settings, a listener that could not prepare."""


class ConfigError(Exception):
    """The configuration is invalid; `file`, `line` and `key` are None if unknown.

    No message contains a value, which may be a secret.
    """

    def __init__(
        self,
        reason: str,
        *,
        file: str | None = None,
        line: int | None = None,
        key: str | None = None,
        kind: Kind = "invalid",
    ) -> None:
        self.file, self.line, self.key, self.reason = file, line, key, reason
        self.kind: Kind = kind
        super().__init__(self._text())

    def _text(self) -> str:
        place = self.file or ""
        if self.file and self.line:
            place = f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.reason) if part)
