"""What is wrong with a configuration, in one line that says where and what to do."""

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["read", "missing", "parse", "timeout", "invalid", "listener"]
"""Why it was refused: files can't be read, a file is gone, no YAML or too much of it, too slow,
against the settings' rules, a listener could not prepare."""


class ConfigError(Exception):
    """A configuration that can't be used; `file`, `line` and `key` are None where unknown.

    No message holds a value: it may be a secret.
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
