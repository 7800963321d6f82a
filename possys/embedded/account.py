"""As which user PostgreSQL runs: it refuses root."""

import os
import pwd
import subprocess
import sys
from functools import cache
from pathlib import Path

from possys.embedded.child import LAUNCHER
from possys.embedded.faults import LocalServerError

SAME = "same"
NAMESPACE = "namespace"
ROOT = 0
# Users made for servers or for nobody's files, tried in this order when the folder and sudo name no one.
PLAIN_USERS = ("postgres", "nobody")
# Each trial starts a program that ends at once.
TRIAL_TIMEOUT_S = 10


def choose_account(folder: Path, programs: Path) -> str:
    """Return the account for launch.py under which PostgreSQL can run `programs` with its data in `folder`.

    A folder that exists keeps the owner it has. For root: a plain user who can reach the programs and the
    folder, else a user namespace, in which root's files stay usable. Raises LocalServerError when neither
    works here.
    """
    postgres = str(programs / "postgres")
    if os.geteuid() != ROOT:
        # It wants its user to have a name, which containers often leave out; in a namespace that is "nobody".
        return SAME if _has_name(os.geteuid()) or not _namespace_works(postgres) else NAMESPACE
    data = folder / "data"
    if data.exists():
        owner = data.stat()
        return f"{owner.st_uid}:{owner.st_gid}" if owner.st_uid != ROOT else NAMESPACE
    for user in _plain_users(folder):
        if _can_run(user, programs, folder):
            return user
    if _namespace_works(postgres):
        return NAMESPACE
    raise LocalServerError(
        "PostgreSQL refuses to run as root, no plain user can reach this folder, and this machine allows no "
        f"user namespaces.\nRun it as a plain user, or where others may read (now: {folder}), or set "
        "DATABASE_URL."
    )


def hand_over(folder: Path, account: str) -> None:
    """Give the folder to the account's user; a namespace's files stay with root."""
    if account not in (SAME, NAMESPACE):
        uid, gid = (int(part) for part in account.split(":"))
        os.chown(folder, uid, gid)


def _plain_users(folder: Path) -> list[str]:
    """Return "uid:gid" of who should own PostgreSQL's files, the likeliest first."""
    owner = folder.parent.stat()
    users = [(owner.st_uid, owner.st_gid)]
    if "SUDO_UID" in os.environ:
        users.append((int(os.environ["SUDO_UID"]), int(os.environ.get("SUDO_GID", os.environ["SUDO_UID"]))))
    known = {entry.pw_name: (entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()}
    users.extend(known[name] for name in PLAIN_USERS if name in known)
    return [f"{uid}:{gid}" for uid, gid in dict.fromkeys(users) if uid != ROOT and _has_name(uid)]


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _can_run(account: str, programs: Path, folder: Path) -> bool:
    """Tell whether this user can start PostgreSQL from there and work in the folder's parent."""
    trial = 'cd "$1" && "$2/initdb" --version && "$2/postgres" --version'
    return _succeeds(account, "/bin/sh", "-c", trial, "trial", str(folder.parent), str(programs))


@cache
def _namespace_works(postgres: str) -> bool:
    return _succeeds(NAMESPACE, postgres, "--version")


def _succeeds(account: str, *command: str) -> bool:
    launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), "0", account, *command]
    ended = subprocess.run(launch, capture_output=True, timeout=TRIAL_TIMEOUT_S, check=False)
    return ended.returncode == 0
