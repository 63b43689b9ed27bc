"""What all request bodies of a process may hold in memory together."""


class ByteBudget:
    """Count bytes against a limit."""

    __slots__ = ("limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit, self.used = limit, 0


class Share:
    """What one owner has taken of a budget."""

    __slots__ = ("_budget", "taken")

    def __init__(self, budget: ByteBudget) -> None:
        self._budget, self.taken = budget, 0

    def take(self, size: int) -> bool:
        """Take `size` bytes; False, with nothing taken, where they exceed the limit."""
        budget = self._budget
        if budget.used + size > budget.limit:
            return False
        budget.used += size
        self.taken += size
        return True

    def give_back(self) -> None:
        """Return all that was taken."""
        self._budget.used -= self.taken
        self.taken = 0
