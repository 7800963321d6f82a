"""What a deployment is told: deploy/environment/ with every value and secret filled in."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from possys.embedded.keys import note_key, public_key

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLES = PROJECT / "deploy" / "environment"
# Where the examples keep what lasts.
KEPT = "/var/lib/possys"
# Kinds of keys in signed notes (ledger/log/notes.py): of a log, of a witness.
LOG_KIND, WITNESS_KIND = 1, 4


def example(name: str, folder: Path) -> dict[str, str]:
    """The variables of an example, as systemd's EnvironmentFile= reads it, what lasts being in `folder`."""
    lines = [line for line in (EXAMPLES / f"{name}.env").read_text().splitlines() if line and not line.startswith("#")]
    return {key: value.replace(KEPT, str(folder)) for key, _, value in (line.partition("=") for line in lines)}


def witnesses() -> str:
    """The setting of one witness."""
    return f"{public_key(note_key('witness.example/w1', WITNESS_KIND))} https://witness.example"


def shared_secrets() -> dict[str, str]:
    """Secrets that every process has, made at random."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SECRET_KEY_FALLBACKS": secrets.token_urlsafe(50),
        "SECOND_FACTOR_KEY": secrets.token_hex(32),
        "TERMINAL_KEY": secrets.token_hex(32),
        "CODE_KEYS": f"0:2020-01-01:{secrets.token_hex(16)}",
        "TEST_CODE_KEYS": f"0:2020-01-01:{secrets.token_hex(16)}",
        "REDIS_URL": "rediss://:p$w@store.internal:6379/0",
        "BROKER_URL": "rediss://:p$w@broker.internal:6379/0?ssl_cert_reqs=required",
        "CACHE_URL": "rediss://:p$w@broker.internal:6379/1",
    }


def role_secrets(role: str) -> dict[str, str]:
    """The secrets of one role's processes alone."""
    database = f"postgres://possys_{role}:p$w@database.internal:5432/possys?sslmode=verify-full"
    own = {"DATABASE_URL": database}
    if role == "web":
        own |= {"METRICS_TOKEN": secrets.token_hex(32), "SMS_TOKEN": secrets.token_hex(16)}
        own |= {"EMAIL_URL": "smtp+tls://user:p$w@mail.internal:587"}
    if role == "log":
        own["LOG_KEY"] = note_key("receipts.example/log", LOG_KIND)
    return own


def credentials(folder: Path, values: Mapping[str, str]) -> Path:
    """A folder as systemd makes it for LoadCredential=: a file for each secret, readable for its owner alone."""
    folder.mkdir(mode=0o700)
    for name, value in values.items():
        (folder / name).write_text(f"{value}\n")
        (folder / name).chmod(0o400)
    return folder
