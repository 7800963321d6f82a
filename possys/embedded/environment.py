"""What each process is told: its own database role and no other's, and the log's key only where it signs."""

from collections.abc import Mapping

from possys.secrets import FILE_END

# Beside DATABASE_URL, which is the web's: OWNER_DATABASE_URL for commands, and one for each kind of worker.
ROLE_URL_END = "_DATABASE_URL"
# Who signs: the checkpointer, and an owner's command that notes a key's change.
SIGNERS = frozenset({"log", "owner"})


def for_role(environment: Mapping[str, str], role: str) -> dict[str, str]:
    """Return the environment of a process with this role; without addresses of roles, DATABASE_URL is everybody's."""
    own = without_role_urls(environment)
    own["DATABASE_URL"] = environment.get(role.upper() + ROLE_URL_END) or environment["DATABASE_URL"]
    if role not in SIGNERS:
        # Left out, it would be the well-known one of local work.
        own["LOG_KEY"] = ""
    return own


def merged(settings: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return both, `given` before `settings`; roles' addresses go with the DATABASE_URL that they came with.

    A secret that a given file holds (NAME_FILE) takes the place of the local one, too.
    """
    settings = {name: value for name, value in settings.items() if not given.get(name + FILE_END)}
    if given.get("DATABASE_URL"):
        return {**without_role_urls(settings), **given}
    return {**settings, **without_role_urls(given)}


def without_role_urls(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without any role's address but DATABASE_URL's."""
    return {name: value for name, value in environment.items() if not name.endswith(ROLE_URL_END)}
