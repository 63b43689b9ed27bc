"""A plain and slow reference of Spring's AntPathMatcher, by exhaustive search."""


def opens(pattern: str, path: str) -> bool:
    """Return whether a pattern that begins with a slash matches an entire path."""
    return _segments(pattern.split("/")[1:], path.split("/")[1:])


def _segments(pattern: list[str], path: list[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return _segments(pattern[1:], path) or (bool(path) and _segments(pattern, path[1:]))
    fits = bool(path) and _complete(pattern[0], path[0])
    return fits and _segments(pattern[1:], path[1:])


def _complete(pattern: str, text: str) -> bool:
    is_variable = pattern.startswith("{") and pattern.find("}") == len(pattern) - 1
    return text != "" if is_variable else _segment(pattern, text)


def _segment(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "{":
        pattern = "*" + pattern[pattern.index("}") + 1 :]
    if pattern[0] == "*":
        return _segment(pattern[1:], text) or (bool(text) and _segment(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and _segment(pattern[1:], text[1:])
