"""What is wrong with a configuration, in one line that says where and what to do."""


class ConfigError(Exception):
    """A configuration that can't be used; `file`, `line` and `key` are None where unknown."""

    def __init__(
        self,
        reason: str,
        *,
        file: str | None = None,
        line: int | None = None,
        key: str | None = None,
    ) -> None:
        self.file, self.line, self.key, self.reason = file, line, key, reason
        super().__init__(self._text())

    def _text(self) -> str:
        place = self.file or ""
        if self.file and self.line:
            place = f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.reason) if part)
