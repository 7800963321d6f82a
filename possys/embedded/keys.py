"""The secrets of one local installation: made at random once, kept in its folder for its owner alone."""

import json
import os
import secrets
from pathlib import Path

# As possys/settings.py takes them.
TERMINAL_KEY_BYTES = 32
CODE_KEY_BYTES = 16
# The first day that a receipt code can carry.
FIRST_DAY = "2020-01-01"


def local_keys(folder: Path) -> dict[str, str]:
    """Return SECRET_KEY, TERMINAL_KEY, CODE_KEYS and TEST_CODE_KEYS of the installation in `folder`.

    They must stay what they are: receipt codes are computed from them.
    """
    path = folder / "keys.json"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(_new_keys(), file)
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def _new_keys() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TERMINAL_KEY": secrets.token_hex(TERMINAL_KEY_BYTES),
        "CODE_KEYS": f"0:{FIRST_DAY}:{secrets.token_hex(CODE_KEY_BYTES)}",
        "TEST_CODE_KEYS": f"0:{FIRST_DAY}:{secrets.token_hex(CODE_KEY_BYTES)}",
    }
