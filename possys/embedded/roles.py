"""The database's roles on a local PostgreSQL, from the script that production uses, and the address of each."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from possys.embedded.environment import ROLE_URL_END
from possys.embedded.postgres import Postgres
from possys.embedded.server import PASSWORD_BYTES

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "roles.sql"
PREFIX = "possys_"
# Who the processes are: `owner` is for owner's commands.
ROLES = ("owner", "flush", "log", "web", "backup")


def make_roles(postgres: Postgres) -> dict[str, str]:
    """Make the roles of a running server, where they are missing; return DATABASE_URL (the web's) and the others'.

    Their passwords are kept in the server's folder for its owner alone.
    """
    passwords = _passwords(postgres.folder)
    run_script(postgres.url, passwords)
    urls = {role.upper() + ROLE_URL_END: postgres.url_of(PREFIX + role, passwords[role]) for role in ROLES}
    return {"DATABASE_URL": urls.pop("WEB" + ROLE_URL_END), **urls}


def run_script(url: str, passwords: Mapping[str, str]) -> None:
    """Run deploy/roles.sql as the superuser of this address, filling in the passwords as psql would."""
    text = SCRIPT.read_text()
    for role in ROLES:
        text = text.replace(f":'{role}_password'", sql.quote(passwords[role]))
    with psycopg.connect(url) as connection:
        connection.execute(text.encode())


def _passwords(folder: Path) -> dict[str, str]:
    path = folder / "role-passwords.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    if missing := [role for role in ROLES if role not in kept]:
        kept.update((role, secrets.token_urlsafe(PASSWORD_BYTES)) for role in missing)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(kept, file)
    return kept
