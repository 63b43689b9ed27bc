"""The chapters of the story, in order; those whose services are gone are left out."""

from collections.abc import Sequence

from suitectl.story.chapter import Chapter
from suitectl.story.chapters import (
    across_namespaces,
    authorise,
    blue_green,
    canary,
    code_flow,
    configuration,
    failed_canary,
    faults,
    ready,
    revoke,
    signed_tokens,
)

ALL: Sequence[Chapter] = (
    ready.CHAPTER,
    authorise.CHAPTER,
    code_flow.CHAPTER,
    across_namespaces.CHAPTER,
    configuration.CHAPTER,
    canary.CHAPTER,
    failed_canary.CHAPTER,
    blue_green.CHAPTER,
    faults.CHAPTER,
    revoke.CHAPTER,
    signed_tokens.CHAPTER,
)
CHAPTERS: Sequence[Chapter] = tuple(chapter for chapter in ALL if not chapter.missing)
LEFT_OUT: Sequence[Chapter] = tuple(chapter for chapter in ALL if chapter.missing)
