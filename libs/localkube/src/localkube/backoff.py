"""How long a crashed container waits: kubelet's doubling, from a shorter start."""

from dataclasses import dataclass

START_S = 1.0
"""kubelet's is 10 s: too long for someone who looks on."""
LIMIT_S = 300.0
FORGIVEN_S = 600.0
"""A container that ran this long starts afresh."""


@dataclass(slots=True)
class BackOff:
    """The first restart is at once, the next after 1, 2, 4 … 300 s."""

    crashes: int = 0

    def next_delay(self, ran_for: float) -> float:
        """Return the seconds to wait after a run of `ran_for` seconds."""
        self.crashes = 1 if ran_for >= FORGIVEN_S else self.crashes + 1
        if self.crashes == 1:
            return 0.0
        return min(START_S * 2.0 ** min(self.crashes - 2, 16), LIMIT_S)
