"""Runs load processes against a server and says what was acknowledged, refused, lost, how fast and at what cost."""

import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

import msgspec
import psutil
from django.db import connections as databases

from benchmarks.pace import Board
from benchmarks.wire import Connection, Pace, drive

CREATED = 201
OK = 200
BATCH_MARK = b'"status":201'
# The kernel hands a new connection to whichever worker wakes first; this many are tried for an even share.
CONNECTIONS_TRIED = 4000
ACCEPT_LIMIT_S = 2.0


class LoadError(RuntimeError):
    """A load process failed, or the server refused or lost sales that it should have taken."""


@dataclass(slots=True)
class LoadResult:
    """What one load process saw. `in_time` counts the sales acknowledged in the measured time; latencies in ms."""

    acknowledged: int = 0
    in_time: int = 0
    others: Counter[str] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    def add(self, other: "LoadResult") -> None:
        """Adds another process's figures."""
        self.acknowledged += other.acknowledged
        self.in_time += other.in_time
        self.others.update(other.others)
        self.latencies_ms.extend(other.latencies_ms)
        self.cpu_s += other.cpu_s

    def check(self) -> None:
        """Raises LoadError when any sale was answered with anything but 201."""
        if self.others:
            seen = ", ".join(f"{count} x {what}" for what, count in self.others.most_common(5))
            raise LoadError(f"{self.others.total()} sales or requests were not answered with 201: {seen}")


@dataclass(frozen=True, slots=True)
class Load:
    """A load to run: `make` gives a process's own maker of requests of `sales` sales each, `pace` its pace.

    Measured for `seconds` behind a warm-up; `pace` is made for the two moments between which that lies.
    """

    port: int
    server: int
    connections: int
    sales: int
    make: Callable[[tuple[int, int]], Callable[[], bytes]]
    pace: Callable[[float, float], Pace]
    warm_s: float
    seconds: float
    processes: int = 1
    board: Board | None = None


class Running:
    """A load under way."""

    def __init__(self, load: Load) -> None:
        # A forked child must not share the parent's connections.
        databases.close_all()
        context = multiprocessing.get_context("fork")
        self._children = []
        for place in range(load.processes):
            ours, theirs = context.Pipe(duplex=False)
            child = context.Process(target=_run, args=(load, place, theirs), daemon=True)
            child.start()
            theirs.close()
            self._children.append((child, ours))
        # Connecting is not part of what is measured.
        for _, pipe in self._children:
            said = _received(pipe)
            if said is not None:
                raise LoadError(str(said))

    def finish(self) -> LoadResult:
        """Waits for the end. Raises LoadError when a process failed."""
        total = LoadResult()
        for child, pipe in self._children:
            said = _received(pipe)
            child.join()
            if not isinstance(said, LoadResult):
                raise LoadError(str(said))
            total.add(said)
        return total


def _received(pipe: Pipe) -> object:
    try:
        return pipe.recv()
    except EOFError:
        return "a load process was killed"


def _run(load: Load, place: int, pipe: Pipe) -> None:
    try:
        opened = connect_evenly(load.port, load.server, load.connections)
        pipe.send(None)
        pipe.send(measure(load, opened, place))
    except BaseException as fault:
        pipe.send(f"{type(fault).__name__}: {fault}")


def measure(load: Load, opened: list[Connection], place: int = 0) -> LoadResult:
    """Runs the load in this process over these connections, and closes them."""
    result = LoadResult()
    begin_s = time.monotonic() + load.warm_s
    end_s = begin_s + load.seconds
    before = resource.getrusage(resource.RUSAGE_SELF)

    def answered(status: int, body: bytes, due_s: float, now_s: float) -> None:
        good = count_accepted(status, body, load.sales, result.others)
        result.acknowledged += good
        if begin_s <= now_s < end_s:
            result.in_time += good
        if begin_s <= due_s:
            result.latencies_ms.append((now_s - due_s) * 1000)
        if load.board is not None:
            load.board.add(place, good)

    drive(opened, load.pace(begin_s, end_s), load.make((place, load.processes)), answered)
    for connection in opened:
        connection.socket.close()
    after = resource.getrusage(resource.RUSAGE_SELF)
    result.cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return result


def count_accepted(status: int, body: bytes, sales: int, others: Counter[str]) -> int:
    """How many sales of an answer are acknowledged as new; everything else is counted under its status and word."""
    if sales == 1:
        if status == CREATED:
            return 1
        others[f"{status or 'no answer'} {body[:200].decode(errors='replace')}"] += 1
        return 0
    good = body.count(BATCH_MARK) if status == OK else 0
    if good == sales:
        return good
    try:
        items = msgspec.json.decode(body)["results"]
    except (msgspec.DecodeError, KeyError, TypeError):
        others[f"batch: {status or 'no answer'} {body[:200].decode(errors='replace')}"] += sales
        return 0
    good = 0
    for item in items:
        if item["status"] == CREATED:
            good += 1
        else:
            others[f"{item['status']} {item.get('detail', 'sent again')}"] += 1
    if len(items) != sales:
        others[f"batch: {len(items)} answers to {sales} sales"] += sales - len(items)
    return good


def connect_evenly(port: int, server: int, count: int) -> list[Connection]:
    """Connections of which every worker of the server holds as many as any other.

    Thousands of tills spread by themselves; with a few, chance would leave a worker idle. Raises LoadError.
    """
    workers = psutil.Process(server).children()
    quota = {worker.pid: -(-count // max(1, len(workers))) for worker in workers}
    kept: list[Connection] = []
    for _ in range(CONNECTIONS_TRIED):
        if len(kept) == count:
            return kept
        connection = Connection(port)
        holder = _holder(workers, connection.socket.getsockname()[1])
        if quota.get(holder, 0) > 0:
            quota[holder] -= 1
            kept.append(connection)
        else:
            connection.socket.close()
    raise LoadError(f"only {len(kept)} of {count} connections were shared out evenly")


def _holder(workers: list[psutil.Process], port: int) -> int:
    """The worker that accepted the connection from this local port."""
    limit_s = time.monotonic() + ACCEPT_LIMIT_S
    while time.monotonic() < limit_s:
        for worker in workers:
            if any(held.raddr and held.raddr.port == port for held in worker.net_connections("tcp4")):
                return int(worker.pid)
        time.sleep(0.001)
    return -1
