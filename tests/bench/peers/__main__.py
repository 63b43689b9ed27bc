"""`make bench-peers`: installs the peers that `make bench` compares with."""

import shutil
import subprocess
import sys

from bench.peers import oidc_provider, python


def main() -> int:
    """Install what this machine can run; return 1 if something is missing."""
    python.install()
    if shutil.which("npm") is None:
        sys.stderr.write(
            "bench-peers: no npm for node-oidc-provider; install Node.js 20 or later\n"
        )
        return 1
    oidc_provider.install()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"bench-peers: {error}")
