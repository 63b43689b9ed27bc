"""`make up`: the suite stays, and every command of the story is printed to paste."""

from localkube.errors import AlreadyRunningError
from story.localkube import Localkube
from story.narrator import Narrator, console
from story.steps import STEPS

DOORS = (
    ("cas-server-service", "system-server", "tokens: /oauth/token, /oauth/check_token"),
    ("rest-service-service", "system-server", "/greeting, /api/me, /api/detail/relayed"),
    ("diff-ns-service-service", "ns-app", "/getservicedetail?servicename=aaa"),
)


async def guide(platform: Localkube | None = None) -> int:
    """Bring a suite up, by default the user's own; print the guide; return the exit code.

    One that runs already is left as it is, and the guide says where it is.
    """
    platform = platform or Localkube()
    code = await platform.up()
    if code not in (0, AlreadyRunningError.exit_code):
        return code
    tell = Narrator(console())
    tell.title("Where everything is")
    rows = [(name, space, await platform.url(name, space), what) for name, space, what in DOORS]
    tell.table(("SERVICE", "NAMESPACE", "URL", "WHAT"), rows)
    tell.title("What to try")
    for number, step in enumerate(STEPS, start=1):
        tell.chapter(number, step.title)
        for command in step.commands:
            tell.command(command)
    tell.say("make down   ends it")
    return 0
