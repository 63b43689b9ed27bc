"""The steps of a canary: percentages of the new version, or pairs of replicas.

`10,25,50` are parts of the pods that the canary ends with, rounded to whole pods, at least one;
`4:1,2:3` are replicas of v1 and v2. The canary's own pair always comes last.
"""

from collections.abc import Sequence
from typing import TypeAlias

from suitectl.arguments import replicas
from suitectl.errors import CommandFailedError

Pair: TypeAlias = tuple[int, int]
"""Replicas of v1 and of v2."""


def steps_of(text: str | None, target: Pair) -> Sequence[Pair]:
    """Read steps towards a pair and end with it; raise `CommandFailedError`."""
    words = [word.strip() for word in (text or "").split(",")] if text else []
    if all(":" in word for word in words):
        pairs = [_pair(word) for word in words]
    else:
        pairs = [_part(percent, target) for percent in _percentages(words, target)]
    return [*dict.fromkeys(pair for pair in pairs if pair != target), target]


def _pair(word: str) -> Pair:
    numbers = word.split(":")
    if len(numbers) != 2:  # noqa: PLR2004 - two versions
        raise _nonsense(word, "a step is replicas of v1 and v2, such as 4:1")
    pair = (replicas("STEPS", numbers[0]), replicas("STEPS", numbers[1]))
    if pair == (0, 0):
        raise _nonsense(word, "no replicas on either side")
    return pair


def _percentages(words: Sequence[str], target: Pair) -> Sequence[int]:
    percentages = [_percentage(word) for word in words]
    most = 100 * target[1] / sum(target)
    if percentages != sorted(set(percentages)):
        raise _nonsense(",".join(words), "percentages of v2 go up")
    if percentages and percentages[-1] > most:
        reason = f"v1 : v2 = {target[0]} : {target[1]} ends at {most:.0f} % of v2"
        raise _nonsense(words[-1], reason)
    return percentages


def _percentage(word: str) -> int:
    number = word.removesuffix("%")
    if not number.isdecimal() or not 0 < int(number) <= 100:  # noqa: PLR2004 - per cent
        raise _nonsense(word, "use percentages of v2 such as 10,25,50, or pairs such as 4:1,2:3")
    return int(number)


def _part(percentage: int, target: Pair) -> Pair:
    total = sum(target)
    new = min(max(1, (total * percentage + 50) // 100), target[1])
    return total - new, new


def _nonsense(word: str, reason: str) -> CommandFailedError:
    return CommandFailedError(f"STEPS: invalid step {word!r}: {reason}")
