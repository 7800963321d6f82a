"""The capture store full, without disk, wiped, exchanged, gone back in time, or without its replica."""

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import redis

from possys.embedded import Valkey
from tests.fault.stage import ScenarioError, Stage, scenario
from tests.fault.system import AOF, WEB

# Room on the small disk beyond what is there: some seconds of sales.
ROOM_BYTES = 3 * 1024**2
# How long no sale may be acknowledged, in the full and in the short run.
LOOK_S = (3.0, 1.0)
# What waits to be flushed while nothing is wrong: a second of the traffic, and some.
WAITING_AT_REST = 1000


def _refuses(stage: Stage, when: str) -> int:
    """Sales are answered 503, none is acknowledged; answers how many 503 there were."""
    before = stage.traffic.settled_counts()
    stage.wait_for(lambda: stage.traffic.counts().statuses["503"] > before.statuses["503"], f"a 503 {when}")
    # What was under way when it began is through by now.
    time.sleep(1)
    if taken := stage.acknowledged_during(LOOK_S[stage.brief]):
        raise ScenarioError(f"{taken} sales were acknowledged {when}")
    return stage.traffic.counts().since(before).statuses["503"]


@scenario("memory-full", brief=True)
def memory_full(stage: Stage) -> str:
    """The store's memory is full: 503, nothing is dropped; with room again sales go on."""
    client = stage.system.client()
    normal = client.config_get("maxmemory")["maxmemory"]
    # A backlog that an earlier scenario left would drain and make room again below the limit that is set here.
    stage.wait_for(lambda: int(stage.system.health()["waiting"]) < WAITING_AT_REST, "the end of the backlog")
    # Half of what is there: the flush goes on trimming, and what it drops must not make room for sales.
    full = client.info("memory")["used_memory"] // 2
    client.config_set("maxmemory", full)
    stage.say(f"maxmemory set to {full}")
    refused = _refuses(stage, "with the memory full")
    client.config_set("maxmemory", str(normal))
    stage.sales_flow("with room again")
    return f"{refused} answers 503"


@scenario("disk-full")
def disk_full(stage: Stage) -> str:
    """The store's disk is full: the store exits, tills get 503; with room again it starts and nothing is lost."""
    small = _SmallDisk(stage)
    try:
        stage.wait_for(lambda: not stage.system.store.running, "the store's exit on a full disk")
        stage.say("the store has exited")
        time.sleep(2)
    finally:
        small.remove()
    stage.system.store.start()
    stage.sales_flow("with room again")
    return f"{small.kind}: the store exits, then starts again"


class _SmallDisk:
    """A full disk under the store's files: a small file system where root may mount one, else a limit on file size."""

    def __init__(self, stage: Stage) -> None:
        self.store = stage.system.store
        self.folder = self.store.folder / AOF
        self.store.stop()
        size = sum(path.stat().st_size for path in self.folder.iterdir()) + ROOM_BYTES
        self.kind = "tmpfs" if self._mount(size) else "file size limit"
        self.store.start()
        if self.kind != "tmpfs":
            largest = max(path.stat().st_size for path in self.folder.iterdir())
            resource.prlimit(self.store.pid, resource.RLIMIT_FSIZE, (largest + ROOM_BYTES, largest + ROOM_BYTES))
        stage.say(f"a disk with {ROOM_BYTES} bytes of room ({self.kind})")

    def _mount(self, size: int) -> bool:
        if os.geteuid() != 0:
            return False
        aside = self.folder.with_name("aside")
        self.folder.rename(aside)
        self.folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.folder], capture_output=True, check=False
        )
        if done.returncode != 0:
            self.folder.rmdir()
            aside.rename(self.folder)
            return False
        subprocess.run(f"cp {aside}/* {self.folder}/ && rm -r {aside}", shell=True, check=True)  # noqa: S602
        return True

    def remove(self) -> None:
        """The files move to the roomy disk again."""
        self.store.kill()
        if self.kind == "tmpfs":
            aside = self.folder.with_name("aside")
            subprocess.run(["cp", "-r", self.folder, aside], check=True)
            subprocess.run(["umount", self.folder], check=True)
            self.folder.rmdir()
            aside.rename(self.folder)


@scenario("store-wiped", brief=True)
def store_wiped(stage: Stage) -> str:
    """The store comes back empty: 503 until `rebuild_store`; `recover_store` brings what only the old disk held."""
    old = stage.system.take_store_data()
    stage.system.start_store_with(None)
    stage.say("the store is empty")
    refused = _refuses(stage, "by an empty store")
    alarmed = len(stage.stopped())
    stage.manage("rebuild_store", "--reason", "fault test: store wiped")
    recovered = _recover(stage, old)
    stage.sales_flow("after the rebuild")
    return f"{refused} answers 503, {alarmed} shards alarmed; {recovered}"


@scenario("old-log")
def old_log(stage: Stage) -> str:
    """An old append-only file comes back: shards stop with an alarm; rebuild and recovery mend it."""
    copy = stage.system.copy_store_data()
    stage.say("append-only file copied")
    stage.linger(8, 3)
    newer = stage.system.take_store_data()
    stage.system.start_store_with(copy)
    stage.say("the store has its old file")
    stopped = _must_stop(stage)
    stage.manage("rebuild_store", "--reason", "fault test: an old file came back")
    recovered = _recover(stage, newer)
    stage.sales_flow("after the rebuild")
    return f"{stopped} shards stopped; {recovered}"


@scenario("stale-promoted")
def stale_promoted(stage: Stage) -> str:
    """A stale replica becomes the store without the command: shards stop with an alarm; the command mends it."""
    replica = _stale_replica(stage)
    old = stage.system.take_store_data()
    replica.stop()
    stage.system.start_store_with(replica.folder)
    stage.say("stale replica promoted without the command")
    stopped = _must_stop(stage)
    stage.manage("rebuild_store", "--reason", "fault test: stale replica promoted silently")
    recovered = _recover(stage, old)
    stage.sales_flow("after the rebuild")
    return f"{stopped} shards stopped; {recovered}"


@scenario("stale-promoted-by-command")
def stale_promoted_by_command(stage: Stage) -> str:
    """A stale replica is promoted as it should be: the command on it first, then the traffic moves."""
    replica = _stale_replica(stage)
    old = stage.system.take_store_data()
    stage.manage("rebuild_store", "--reason", "fault test: promotion", REDIS_URL=replica.url)
    replica.stop()
    stage.system.start_store_with(replica.folder)
    stage.say("stale replica promoted by the command")
    recovered = _recover(stage, old)
    stage.sales_flow("after the promotion")
    if stopped := stage.stopped():
        raise ScenarioError(f"shards stopped after a promotion in order: {stopped}")
    return recovered


@scenario("replica-frozen")
def replica_frozen(stage: Stage) -> str:
    """A replica is frozen while answers wait for its fsync: 503 and no acknowledgement, until it goes on."""
    replica = stage.system.replica()
    try:
        _in_step(stage, replica)
        stage.system.restart(WEB, STORE_REPLICAS_MIN="1")
        stage.sales_flow("with a replica")
        os.kill(replica.pid, signal.SIGSTOP)
        stage.say("replica frozen")
        refused = _refuses(stage, "while the replica is frozen")
        os.kill(replica.pid, signal.SIGCONT)
        stage.sales_flow("after the replica went on")
    finally:
        os.kill(replica.pid, signal.SIGCONT)
        stage.system.restart(WEB)
        replica.stop()
    return f"{refused} answers 503, no acknowledgement"


def _stale_replica(stage: Stage) -> Valkey:
    """A replica that was in step and then left behind for some seconds of sales and flushes."""
    replica = stage.system.replica()
    _in_step(stage, replica)
    _client(replica).replicaof("NO", "ONE")
    stage.say("the replica falls behind")
    stage.linger(6, 3)
    return replica


def _in_step(stage: Stage, replica: Valkey) -> None:
    def ready() -> bool:
        told = _client(replica).info()
        return (
            told["master_link_status"] == "up"
            and not told["aof_rewrite_in_progress"]
            and not told["aof_rewrite_scheduled"]
        )

    stage.wait_for(ready, "the replica's synchronisation")


def _client(server: Valkey) -> redis.Redis:
    return redis.Redis.from_url(server.url)


def _must_stop(stage: Stage) -> int:
    """Some shards are found stopped, none is wrongly continued; the reconciliation afterwards proves it."""
    stage.wait_for(lambda: bool(stage.stopped()), "stopping shards")
    stage.linger(5, 2)
    stopped = stage.stopped()
    stage.say(f"{len(stopped)} shards stopped, as: {next(iter(stopped.values()))}")
    return len(stopped)


def _recover(stage: Stage, old: Path) -> str:
    """Captures again what an old store's files still hold."""
    with stage.system.old_store(old) as url:
        return stage.manage("recover_store", url).splitlines()[-1]
