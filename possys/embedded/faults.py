"""What can go wrong with a local server, said so that the reader knows what to do next."""

from pathlib import Path

# Enough of a log to hold an error and what led to it, on one screen.
LOG_TAIL_LINES = 15
# A line is a few hundred bytes at most; reading only this much keeps a huge log from being loaded.
LOG_TAIL_BYTES = 16_384


class LocalServerError(RuntimeError):
    """A local server or process cannot do what was asked; the message is for the person at the terminal."""


class FolderInUseError(LocalServerError):
    """Another process, which the message names, runs the servers in this folder."""


def log_tail(log: Path) -> str:
    """Return the last lines of a log, or an empty string when there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-LOG_TAIL_LINES:])
