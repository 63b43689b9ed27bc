"""What all request bodies of a process may hold in memory together."""


class ByteBudget:
    """Count bytes against a limit; whoever took some gives them back."""

    __slots__ = ("limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit, self.used = limit, 0

    def take(self, size: int) -> bool:
        """Take `size` bytes; False, with nothing taken, where they exceed the limit."""
        if self.used + size > self.limit:
            return False
        self.used += size
        return True

    def give_back(self, size: int) -> None:
        """Return bytes that were taken."""
        self.used -= size
