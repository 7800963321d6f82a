"""Whose processor time a measurement was: of each server and of the load generator."""

import time
from contextlib import suppress

import psutil


class CpuShares:
    """Processor time of named processes with their children, from its making on."""

    def __init__(self, processes: dict[str, int]) -> None:
        self._processes = processes
        self._before = self._now()
        self._began_s = time.monotonic()

    def shares(self, load_cpu_s: float = 0.0) -> dict[str, float]:
        """Cores kept busy by each, of `cores` in all, and by the load generator."""
        took_s = time.monotonic() - self._began_s
        now = self._now()
        used = {name: (now[name] - self._before[name]) / took_s for name in self._processes}
        used["load"] = load_cpu_s / took_s
        return {name: round(value, 3) for name, value in used.items()} | {"cores": float(psutil.cpu_count() or 1)}

    def _now(self) -> dict[str, float]:
        return {name: cpu_s(pid) for name, pid in self._processes.items()}


def cpu_s(pid: int) -> float:
    """User and system time of a process, of its living descendants and of those that have ended."""
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += sum(one.cpu_times()[:4])
    return total
