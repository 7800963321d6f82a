"""The demo's office: what people enter into books and stock, once the services know the past."""

import sys
from collections.abc import Mapping
from pathlib import Path

from possys.embedded.errand import Errand

PROJECT = Path(__file__).resolve().parents[2]
# Each of their parts is one DB transaction, and the next start goes on with what is missing.
STOP_LIMIT_S = 2
# The commands, by what they fill.
OFFICES = {"books": "demo_books", "stock": "demo_stock", "findings": "demo_findings"}


class Office(Errand):
    """Fills one of the services with `manage.py demo_...`, and ends."""

    def __init__(self, filled: str, local: Path, environment: Mapping[str, str]) -> None:
        command: list[str | Path] = [sys.executable, PROJECT / "manage.py", OFFICES[filled]]
        log = local / "log" / f"demo-{filled}.log"
        super().__init__(f"demo {filled}", command, log=log, environment=environment, stop_limit_s=STOP_LIMIT_S)


def offices(local: Path, environment: Mapping[str, str]) -> list[Office]:
    """One for each service that people enter something into."""
    return [Office(filled, local, environment) for filled in OFFICES]
