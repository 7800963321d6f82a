"""Secrets from files or from the environment: where each setting's value comes from, without ever naming the value.

A setting NAME is given by one of

    NAME                          in the environment
    NAME_FILE                     a file's path: Docker's and Kubernetes' secrets, or any file of root's
    $CREDENTIALS_DIRECTORY/NAME   a file that systemd's LoadCredential= put there; NAME_FILE comes before it

and an empty variable, or an empty file of systemd's, gives nothing. What a file gives stays out of the process's
environment, which child processes inherit and tools print. Pure: the environment comes in as a mapping, values go out
as one.
"""

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

FILE_END = "_FILE"
CREDENTIALS = "CREDENTIALS_DIRECTORY"
# Above the longest list of old keys by far; a wrong path may lead to a disk or a log.
FILE_BYTES_MAX = 64 * 1024
# Values that are lists with commas: their files may have one entry a line.
LISTS = frozenset({"SECRET_KEY_FALLBACKS", "SECOND_FACTOR_OLD_KEYS", "CODE_KEYS", "TEST_CODE_KEYS"})
# Addresses that hold a password.
ADDRESSES = frozenset(
    {
        "DATABASE_URL",
        "OWNER_DATABASE_URL",
        "BACKUP_DATABASE_URL",
        "REDIS_URL",
        "BROKER_URL",
        "CACHE_URL",
        "EMAIL_URL",
    }
)
SECRETS = LISTS | ADDRESSES | {"SECRET_KEY", "SECOND_FACTOR_KEY", "TERMINAL_KEY", "METRICS_TOKEN", "SMS_TOKEN"}
# Read by the checkpointer at each signature, so that a new key needs no restart: its path is the setting.
LOG_KEY = "LOG_KEY"


class SecretError(ValueError):
    """A secret cannot be had; the message names its source and never a part of its value."""


class SecretFile(NamedTuple):
    """A file that gives a setting its value; `variable` is what named it."""

    name: str
    variable: str
    path: Path


def files(environment: Mapping[str, str]) -> list[SecretFile]:
    """Every file that gives a secret, in the order of their names.

    Raises SecretError when a secret is given in the environment and by a file.
    """
    return [found for name in sorted(SECRETS | {LOG_KEY}) if (found := file_of(name, environment))]


def file_of(name: str, environment: Mapping[str, str]) -> SecretFile | None:
    """The file that gives this secret, if one does. Raises SecretError when the environment gives it, too."""
    variable = name + FILE_END
    if path := environment.get(variable, ""):
        found = SecretFile(name, variable, Path(path))
    elif (folder := environment.get(CREDENTIALS, "")) and (kept := Path(folder) / name).is_file():
        # A unit names all that there may be, and does not start without the file: an empty one gives nothing.
        if kept.stat().st_size == 0:
            return None
        found = SecretFile(name, f"${CREDENTIALS}/{name}", kept)
    else:
        return None
    if environment.get(name):
        raise SecretError(f"{name} and {found.variable} are both given: take one of them away.")
    return found


def read(environment: Mapping[str, str]) -> dict[str, str]:
    """The values of all secrets that files give, by the setting's name; the log's key stays in its file.

    Raises SecretError when a file cannot be read, is empty or is none of a secret, or when two sources give one secret.
    """
    return {found.name: value_of(found) for found in files(environment) if found.name != LOG_KEY}


def value_of(found: SecretFile) -> str:
    """What the file holds, without the line end that editors add. Raises SecretError."""
    where = f"{found.variable}: {found.path}"
    try:
        with found.path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as fault:
        raise SecretError(f"{where} cannot be read: {fault.strerror}.") from None
    if len(raw) > FILE_BYTES_MAX:
        raise SecretError(f"{where} holds more than {FILE_BYTES_MAX} bytes, so it is no secret's.")
    try:
        lines = [line.strip() for line in raw.decode().splitlines()]
    except UnicodeDecodeError:
        raise SecretError(f"{where} is not text.") from None
    filled = [line for line in lines if line]
    if not filled:
        raise SecretError(f"{where} is empty.")
    if len(filled) > 1 and found.name not in LISTS:
        raise SecretError(f"{where} holds {len(filled)} lines, {found.name} is one.")
    return ",".join(line.strip(",") for line in filled)


def move(source: str, target: str, environment: MutableMapping[str, str]) -> None:
    """Has the secret `target` come from where `source` comes from, and from nowhere else. Raises SecretError."""
    found = file_of(source, environment)
    value = environment.get(source, "")
    for name in (target, target + FILE_END):
        environment.pop(name, None)
    if found:
        environment[target + FILE_END] = str(found.path)
    else:
        environment[target] = value


def readable_address(name: str, value: str) -> str:
    """The same address, or each of several with commas between.

    Raises SecretError for one that cannot be taken apart: what the parser itself says quotes pieces of the password.
    """
    for one in value.split(",") if name == "REDIS_URL" else [value]:
        try:
            parts = urlsplit(one)
            readable = bool(parts.scheme) and (parts.port is None or parts.port > 0)
        except ValueError:
            readable = False
        if not readable:
            raise SecretError(
                f"{name} cannot be read. It is scheme://user:password@host:port/name, with each of / ? # @ : % in the "
                "password written as %2F %3F %23 %40 %3A %25."
            )
    return value


class Environment(dict[str, str]):
    """A process's environment with the secrets that files give: what the settings read."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__({name: value for name, value in environment.items() if value or name not in SECRETS})
        self.update(read(environment))
        for name in ADDRESSES & self.keys():
            readable_address(name, self[name])

    def __repr__(self) -> str:
        return f"<the environment's {len(self)} settings>"
