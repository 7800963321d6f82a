"""What capture tells Prometheus: its stores, what waits in them, and the fleet by state."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis.exceptions import RedisError

from possys import clock, metrics
from possys.redis import unsafe_settings
from transactions.backlog import StoreBacklog, oldest_at_ms, read_backlog
from transactions.models import Life, Terminal
from transactions.pressure import BACKLOG_MAX, DISK_FREE_BYTES_MIN, MEMORY_SHARE_MAX
from transactions.replicas import read_replicas
from transactions.service import capture, stores

# Of 2.5 million terminals a count takes a good part of a second; by state they change by the hour.
TERMINALS_KEPT_S = 300
# Terminals that wait to be loaded are counted up to here: a wave of new ones must not make each scrape slower.
NOT_LOADED_MAX = 10_000

STORE = ["store"]
# Of INFO: the name there, this metric's, and what it is.
FIGURES = (
    ("used_memory", "possys_store_memory_used_bytes", "Memory that the capture store uses."),
    ("maxmemory", "possys_store_memory_max_bytes", "Memory that the capture store may use (maxmemory)."),
    ("aof_current_size", "possys_store_aof_size_bytes", "Size of the capture store's append-only file."),
    ("connected_clients", "possys_store_clients", "Connections to the capture store."),
    ("uptime_in_seconds", "possys_store_uptime_seconds", "Since the capture store was started."),
)
# What INFO says in words.
STATES = (
    ("aof_last_write_status", "possys_store_aof_write_ok", "1 when the last write of the append-only file went well."),
    ("aof_last_bgrewrite_status", "possys_store_aof_rewrite_ok", "1 when the last rewrite of that file went well."),
)


def store_metrics() -> Iterator[Metric]:
    """Each store, and what waits in it. A store that is away is told as such, and fails nothing."""
    up = GaugeMetricFamily("possys_store_up", "1 when the capture store answers.", labels=STORE)
    safe = GaugeMetricFamily(
        "possys_store_settings_safe", "1 when the capture store's settings can lose no acknowledged sale.", labels=STORE
    )
    takes = GaugeMetricFamily(
        "possys_store_takes_sales",
        "1 when capture sends sales to the store; 0 when it is unsafe, nearly full, too far ahead, away or not open.",
        labels=STORE,
    )
    figures = {name: GaugeMetricFamily(metric, text, labels=STORE) for name, metric, text in FIGURES}
    states = {name: GaugeMetricFamily(metric, text, labels=STORE) for name, metric, text in STATES}
    disk = GaugeMetricFamily(
        "possys_store_disk_free_bytes", "Free space where the store's files lie; only of a local store.", labels=STORE
    )
    delayed = CounterMetricFamily(
        "possys_store_delayed_fsyncs", "Times that the store waited for a slow disk.", labels=STORE
    )
    replicas = GaugeMetricFamily(
        "possys_store_replicas",
        "Replicas that are connected to the capture store, and in step where it demands some itself.",
        labels=STORE,
    )
    needed = GaugeMetricFamily(
        "possys_store_replicas_needed",
        "Replicas without which no sale is acknowledged (STORE_REPLICAS_MIN, min-replicas-to-write).",
        labels=STORE,
    )
    backlog = read_backlog(stores())
    for one in backlog:
        label = [str(one.store)]
        try:
            if one.fault:
                raise RedisError(one.fault)
            client = stores().clients[one.store]
            info: Any = client.info()
            unsafe = unsafe_settings(client)
            found = read_replicas(client, info, capture_min=capture().limits.replicas_min)
        except (RedisError, OSError):
            up.add_metric(label, 0)
            takes.add_metric(label, 0)
            continue
        up.add_metric(label, 1)
        safe.add_metric(label, int(not unsafe))
        is_open = any(shard.epoch for shard in one.shards)
        takes.add_metric(label, int(is_open and capture().pressure.reason(one.store) is None))
        replicas.add_metric(label, found.there)
        needed.add_metric(label, found.needed)
        for name, family in figures.items():
            if name in info:
                family.add_metric(label, info[name])
        for name, family in states.items():
            if name in info:
                family.add_metric(label, int(info[name] == "ok"))
        delayed.add_metric(label, info.get("aof_delayed_fsync", 0))
        if (free := capture().pressure.disk_free_bytes(one.store)) is not None:
            disk.add_metric(label, free)
    yield from (up, safe, takes, *figures.values(), *states.values(), replicas, needed, disk, delayed)
    yield from _backlog(backlog)
    yield from _limits()


def _backlog(backlog: list[StoreBacklog]) -> Iterator[Metric]:
    now_ms = clock.now_ms()
    records = GaugeMetricFamily(
        "possys_backlog_records", "Records in the capture store that the ledger lacks.", labels=["shard"]
    )
    oldest = GaugeMetricFamily(
        "possys_backlog_oldest_seconds",
        "How long the shard's oldest record has waited for the ledger; 0 when none waits.",
        labels=["shard"],
    )
    closed = 0
    for shard in (shard for store in backlog for shard in store.shards):
        records.add_metric([str(shard.shard)], shard.records)
        oldest.add_metric([str(shard.shard)], shard.age_s(now_ms))
        closed += shard.epoch == 0
    yield from (records, oldest)
    if all(not store.fault for store in backlog):
        first_ms = oldest_at_ms(backlog)
        yield GaugeMetricFamily(
            "possys_seal_wait_seconds",
            "How long the oldest record of all shards has waited to be sealed into the ledger; 0 when none waits.",
            value=0.0 if first_ms is None else max(0.0, (now_ms - first_ms) / 1000),
        )
    yield GaugeMetricFamily(
        "possys_shards_without_epoch",
        "Shards that their store does not know: it was wiped or exchanged, and takes none of their sales.",
        value=closed,
    )


def _limits() -> Iterator[Metric]:
    """At which values sales are refused, so that alarms and pictures need no numbers of their own."""
    yield GaugeMetricFamily(
        "possys_store_memory_refusing_ratio",
        "Share of the store's memory above which sales are refused.",
        value=MEMORY_SHARE_MAX,
    )
    yield GaugeMetricFamily(
        "possys_store_disk_refusing_bytes", "Free disk below which sales are refused.", value=DISK_FREE_BYTES_MIN
    )
    yield GaugeMetricFamily(
        "possys_backlog_refusing_records", "Waiting records above which sales are refused.", value=BACKLOG_MAX
    )


def fleet_metrics() -> Iterator[Metric]:
    """Terminals by state, as of the last five minutes. Raises DatabaseError."""
    counts: dict[str, int] = metrics.kept("terminals", terminal_counts, for_s=TERMINALS_KEPT_S)
    terminals = GaugeMetricFamily(
        "possys_terminals", "Terminals by their own state, as of five minutes ago at most.", labels=["state"]
    )
    for life in Life.values:
        terminals.add_metric([life], counts.get(life, 0))
    yield terminals
    waiting = Terminal.objects.filter(is_loaded=False).order_by()[:NOT_LOADED_MAX]
    yield GaugeMetricFamily(
        "possys_terminals_not_loaded",
        f"Terminals of which the capture store lacks the latest change; counted up to {NOT_LOADED_MAX}.",
        value=waiting.count(),
    )


def terminal_counts() -> dict[str, int]:
    """Terminals by state: one query over the whole table."""
    rows = Terminal.objects.order_by().values_list("status").annotate(Count("number"))
    return dict(rows)
