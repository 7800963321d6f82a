"""Starts processes that cannot outlive this one."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")


def start_child(  # noqa: PLR0913 (each says one thing that a process is started with)
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    account: str = "same",
    pass_fds: Sequence[int] = (),
    own_session: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a command that gets `death_signal` when this process ends, however it ends.

    In a session of its own, so that Ctrl-C reaches only this process, which then stops its children in
    order. Output goes to the end of `log`, or where ours goes. `account` is explained in launch.py.
    """
    command = [
        sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(death_signal)), account,
        *map(str, command),
    ]  # fmt: skip

    def start() -> subprocess.Popen[bytes]:
        output = log.open("ab") if log else None
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL if own_session else None,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                env=environment,
                cwd=folder,
                pass_fds=pass_fds,
                start_new_session=own_session,
            )
        finally:
            if output:
                output.close()

    return _starter(os.getpid()).submit(start).result()


@cache
def _starter(pid: int) -> ThreadPoolExecutor:
    """Return the one thread of this process that starts children.

    The kernel sends the death signal when the starting thread ends, not the process, so a short-lived thread
    must not start a server. The process id is the cache's key because a forked child inherits the cache
    without the thread.
    """
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"starter-{pid}")
