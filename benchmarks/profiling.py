"""py-spy records of the processes at work during a part: gunicorn's worker and a flush worker."""

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.site import Site, find_child

SAMPLES_PER_S = 200
# The first try waits until the load has begun; flush workers come up in the middle of a part.
LOOK_S = 1.0
STOP_LIMIT_S = 30
# What py-spy can write, and how such a file is called.
FORMATS = {"speedscope": "json", "flamegraph": "svg", "raw": "txt"}


@contextmanager
def profiled(site: Site, folder: Path, part: str, form: str, say: Callable[[str], None]) -> Iterator[None]:
    """Records one worker of each kind for the `with` block, into `folder`; does nothing without a format."""
    if not form:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    recorders: dict[str, subprocess.Popen[bytes]] = {}
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(site, folder / part, form, recorders, over))
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        for name, recorder in recorders.items():
            _stop(recorder)
            say(f"profile of {name}: {folder / part}-{name}.{FORMATS[form]}")


def _watch(
    site: Site, stem: Path, form: str, recorders: dict[str, subprocess.Popen[bytes]], over: threading.Event
) -> None:
    """Starts a recorder for each kind of worker as soon as there is one."""
    marks = {"gunicorn": f":{site.product}", "flush": "flush@%h"}
    while not over.wait(LOOK_S):
        for name, mark in marks.items():
            if name in recorders:
                continue
            try:
                workers = psutil.Process(find_child(mark)).children()
            except (LookupError, psutil.Error):
                continue
            if workers:
                recorders[name] = _record(workers[0].pid, form, stem.with_name(f"{stem.name}-{name}.{FORMATS[form]}"))


def _record(pid: int, form: str, output: Path) -> subprocess.Popen[bytes]:
    beside = Path(sys.executable).with_name("py-spy")
    program = str(beside) if beside.exists() else shutil.which("py-spy") or "py-spy"
    command = [
        program, "record", "--pid", str(pid), "--rate", str(SAMPLES_PER_S), "--format", form,
        "--output", str(output), "--duration", "unlimited", "--nonblocking",
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True)


def _stop(recorder: subprocess.Popen[bytes]) -> None:
    """Asks for the file to be written; a record whose process ended has written it already."""
    if recorder.poll() is None:
        recorder.send_signal(signal.SIGINT)
    try:
        recorder.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        recorder.kill()
        recorder.wait()
