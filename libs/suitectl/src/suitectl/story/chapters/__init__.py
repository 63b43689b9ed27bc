"""The chapters of the story, in order."""

from collections.abc import Sequence

from suitectl.story.chapter import Chapter
from suitectl.story.chapters import (
    across_namespaces,
    authorise,
    blue_green,
    canary,
    configuration,
    faults,
    ready,
    revoke,
)

CHAPTERS: Sequence[Chapter] = (
    ready.CHAPTER,
    authorise.CHAPTER,
    across_namespaces.CHAPTER,
    configuration.CHAPTER,
    canary.CHAPTER,
    blue_green.CHAPTER,
    faults.CHAPTER,
    revoke.CHAPTER,
)
