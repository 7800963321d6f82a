"""The demo's lottery: `manage.py demo_lottery` as a process of the run, once the services know the past."""

import sys
from collections.abc import Mapping
from pathlib import Path

from possys.embedded.errand import Errand

PROJECT = Path(__file__).resolve().parents[2]
# It sleeps most of the time, and each of its steps is one DB transaction: nothing is half done when it stops.
STOP_LIMIT_S = 2


class Lottery(Errand):
    """Holds the demo's first draw and leaves the second one open."""

    def __init__(self, local: Path, environment: Mapping[str, str], url: str) -> None:
        command: list[str | Path] = [sys.executable, PROJECT / "manage.py", "demo_lottery", "--url", url]
        log = local / "log" / "lottery.log"
        super().__init__("lottery", command, log=log, environment=environment, stop_limit_s=STOP_LIMIT_S)
