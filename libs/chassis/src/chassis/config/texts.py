"""Files to text: UTF-8, without the mark that editors put before it."""

from chassis.config.errors import ConfigError


def decoded(content: bytes, file: str) -> str:
    """Return the text; raise `ConfigError` where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("is no UTF-8 text", file=file, kind="parse") from None
