"""Commands in a process of their own that die at a named point, as by kill -9."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection


def run_killed(point: str, *words: str) -> None:
    """Runs `manage.py WORDS` on the test's database until it reaches the failpoint."""
    database = connection.settings_dict
    name = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}@{quote(database['HOST'], safe='')}"
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgres://{name}:{database['PORT']}/{database['NAME']}",
        "OWNER_DATABASE_URL": "",
        "ARCHIVE_DIR": settings.ARCHIVE_DIR,
        "LOG_STATE_FILE": settings.LOG_STATE_FILE,
        "STREAM_KEPT_S": str(settings.STREAM_KEPT_S),
        "DEBUG": "1",
        "FAILPOINT": point,
    }
    manage = Path(settings.BASE_DIR) / "manage.py"
    ended = subprocess.run(
        [sys.executable, manage, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
