"""What is wrong with a configuration, in one line that says where and what to do."""

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["read", "parse", "invalid", "listener"]
"""Which step refused: reading files, YAML, the settings' rules, a listener's preparation."""


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
