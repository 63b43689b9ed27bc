"""`suitectl try`: the commands of the story, chapter by chapter."""

import argparse

from suitectl.arguments import flag
from suitectl.errors import CommandFailedError
from suitectl.reporter import Reporter
from suitectl.story.chapter import Chapter
from suitectl.story.chapters import CHAPTERS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--chapter", help="its name or number, by default a list of all")
    parser.add_argument("--kubectl", help="for a cluster too")


async def run(options: argparse.Namespace) -> int:
    """Print a chapter's commands, or the names of the chapters."""
    reporter = Reporter(kubectl=flag("KUBECTL", options.kubectl))
    if options.chapter:
        number = _number(options.chapter)
        reporter.chapter(number, CHAPTERS[number - 1].title)
        for command in CHAPTERS[number - 1].commands:
            reporter.command(command)
        return 0
    for number, chapter in enumerate(CHAPTERS, start=1):
        reporter.say(f"{number}  {chapter.name:18} {chapter.title}")
    reporter.title(f"make try CHAPTER={_example().name}   its commands; KUBECTL=1 for a cluster")
    return 0


def _number(text: str) -> int:
    """Return a chapter's number by its name or number; raise `CommandFailedError`."""
    for number, chapter in enumerate(CHAPTERS, start=1):
        if text in (chapter.name, str(number)):
            return number
    known = ", ".join(chapter.name for chapter in CHAPTERS)
    raise CommandFailedError(f"CHAPTER={text}: no such chapter; there are: {known}")


def _example() -> Chapter:
    return CHAPTERS[min(3, len(CHAPTERS) - 1)]
