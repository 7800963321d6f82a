"""The secrets of one local installation: made at random once, kept in its folder for its owner alone."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# As possys/settings.py takes them.
TERMINAL_KEY_BYTES = 32
CODE_KEY_BYTES = 16
# The first day that a receipt code can carry.
FIRST_DAY = "2020-01-01"
# The log's name and how its key is written, as its own code reads them (ledger/log/notes.py).
LOG_ORIGIN = "possys.local/log"
PRIVATE = "PRIVATE+KEY+"
LOG_KIND = 1


def local_keys(folder: Path) -> dict[str, str]:
    """Return the secrets of the installation in `folder`, as settings, and where its log's own files are.

    They must stay what they are: receipt codes are computed from them, checkpoints are signed with them.
    """
    path = folder / "keys.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    new = {name: make() for name, make in MAKERS.items() if name not in kept}
    if new:
        # Under another name until complete: a file that was cut short would mean other keys at the next start.
        descriptor = os.open(attempt := path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({**kept, **new}, file)
        attempt.rename(path)
    own = folder.resolve()
    files = {"LOG_STATE_FILE": str(own / "log-state.json"), "ARCHIVE_DIR": str(own / "archive")}
    return {**kept, **new, **files}


def _code_key() -> str:
    return f"0:{FIRST_DAY}:{secrets.token_hex(CODE_KEY_BYTES)}"


def note_key(name: str, kind: int) -> str:
    """Return a new Ed25519 key in the form of c2sp.org/signed-note; the kernel may not ask the ledger for one."""
    key = Ed25519PrivateKey.generate()
    key_id = _key_id(name, kind, key)
    return f"{PRIVATE}{name}+{key_id}+{base64.b64encode(bytes([kind]) + key.private_bytes_raw()).decode()}"


def public_key(note_key: str) -> str:
    """Return the public half of such a key, in the same form."""
    name, _, encoded = note_key.removeprefix(PRIVATE).split("+", 2)
    raw = base64.b64decode(encoded)
    kind, key = raw[0], Ed25519PrivateKey.from_private_bytes(raw[1:])
    public = base64.b64encode(bytes([kind]) + key.public_key().public_bytes_raw()).decode()
    return f"{name}+{_key_id(name, kind, key)}+{public}"


def _key_id(name: str, kind: int, key: Ed25519PrivateKey) -> str:
    public = key.public_key().public_bytes_raw()
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).hexdigest()[:8]


# Each secret and how it is made; one that an older folder lacks is added.
MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "SECOND_FACTOR_KEY": lambda: secrets.token_hex(TERMINAL_KEY_BYTES),
    "TERMINAL_KEY": lambda: secrets.token_hex(TERMINAL_KEY_BYTES),
    "CODE_KEYS": _code_key,
    "TEST_CODE_KEYS": _code_key,
    "LOG_KEY": lambda: note_key(LOG_ORIGIN, LOG_KIND),
}
