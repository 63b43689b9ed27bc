"""cas-server as a separate process, as in a pod."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from chassis.testing import installed
from chassis.testing.service_process import ServiceProcess


def cas_process(
    directory: Path, identities: Mapping[str, object], settings: Mapping[str, str]
) -> ServiceProcess:
    """Return a cas-server that runs during `with`, on free loopback ports."""
    (directory / "application.yaml").write_text(yaml.safe_dump(identities))
    return ServiceProcess(installed.cas_server(), settings, config=directory)
