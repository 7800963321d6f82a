"""A plugin for pytest-xdist: each worker has servers of its own, so that tests that run side by side never meet.

Loaded with `-p tests.workers`, which comes before Django reads the servers' addresses.
"""

import os
import tempfile
from pathlib import Path

from possys.embedded.execute import PREFIX
from possys.embedded.servers import FOLDER_MODE, LocalServers

LOCAL = Path(__file__).parent.parent / ".local"


def _start() -> LocalServers | None:
    """Starts this worker's servers and puts their addresses in the place of those that all workers inherited."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return None
    LOCAL.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=LOCAL))
    folder.chmod(FOLDER_MODE)
    servers = LocalServers(folder)
    servers.__enter__()
    os.environ.update(servers.environment)
    return servers


SERVERS = _start()


def pytest_unconfigure() -> None:
    """Stops them; what a killed worker leaves behind, `possys.embedded exec` ends."""
    if SERVERS is not None:
        SERVERS.__exit__(None, None, None)
