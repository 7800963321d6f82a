"""Management commands on the servers of `make run`, whether it runs at the moment or not."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from possys.embedded.environment import merged
from possys.embedded.execute import run_attached
from possys.embedded.faults import FolderInUseError
from possys.embedded.keys import local_keys
from possys.embedded.servers import LocalServers

PROJECT = Path(__file__).resolve().parents[2]


def keep_settings(local: Path, servers: LocalServers, more: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the installation in `local`, with `more` of them, and write them down for its owner."""
    settings = {**more, **_settings(local, servers)}
    descriptor = os.open(local / "settings.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(settings, file)
    return settings


def manage(arguments: Sequence[str], local: Path) -> int:
    """Run `manage.py` beside the run in `local`, else on its servers alone; return the exit code."""
    try:
        with LocalServers(local, given=os.environ) as servers:
            own = {server.pid for server in servers.started}
            return _manage(arguments, _settings(local, servers), own)
    except FolderInUseError:
        kept = local / "settings.json"
        if not kept.exists():
            raise
        return _manage(arguments, json.loads(kept.read_text()), set())


def _settings(local: Path, servers: LocalServers) -> dict[str, str]:
    return {"DEMO": "true", **local_keys(local), **servers.environment, **servers.role_environment()}


def _manage(arguments: Sequence[str], settings: Mapping[str, str], own: set[int]) -> int:
    command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
    return run_attached(command, merged(settings, os.environ), own)
