"""The flush at a glance for the admin: figures, alarms with what to do, and a row for each shard."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.timesince import timesince

from ledger.admin_base import Alarm
from ledger.queries import Health, ShardHealth, health
from possys import clock
from transactions.admin_actions import link

NEVER = "–"
SHARD_HEADERS = ("shard", "waiting", "records", "blocks", "last sealed", "state")
# A shard is due after 0.7 s; when something waits and nothing was sealed for this long, no flush is at work.
STANDSTILL = timedelta(seconds=30)
VIEW_HEADS = "ledger.view_head"


@dataclass(frozen=True, slots=True)
class HealthPage:
    """All that the page shows."""

    figures: list[tuple[str, str]]
    alarms: list[Alarm]
    shards: dict[str, Any]
    url: str


def health_page() -> HealthPage:
    """The state right now: three queries, and one call of the store a shard."""
    now = clock.utc(clock.now_ms())
    found = health()
    return HealthPage(
        figures=_figures(found, now),
        alarms=_alarms(found, now),
        shards={"headers": SHARD_HEADERS, "rows": [_row(shard) for shard in found.shards]},
        url=reverse("admin:ledger_head_changelist"),
    )


def _figures(found: Health, now: datetime) -> list[tuple[str, str]]:
    return [
        ("Waiting", f"{found.waiting:,}" if found.store_reachable else "not known"),
        ("Last sealed", _ago(found.last_sealed_at, now)),
        ("Stopped shards", str(len(found.stopped))),
        ("Records", f"{found.records:,}"),
        ("Blocks", f"{found.blocks:,}"),
        ("Duplicates", f"{found.duplicates:,}"),
        ("Conflicts", f"{found.conflicts:,}"),
    ]


def _alarms(found: Health, now: datetime) -> list[Alarm]:
    alarms = [] if found.store_reachable else [store_alarm()]
    if (waiting := waiting_alarm(found.waiting, found.last_sealed_at, now)) is not None:
        alarms.append(waiting)
    return alarms + [stopped_alarm(shard, reason) for shard, reason in found.stopped.items()]


def store_alarm(url: str = "") -> Alarm:
    """A store that does not answer."""
    return Alarm(
        "The capture store cannot be reached: tills get 503 and go on offline.",
        "Start it with the data that it had. Only if that is lost, or another store takes its place: "
        "manage.py rebuild_store --reason '…'",
        url,
    )


def waiting_alarm(waiting: int, last_sealed_at: datetime | None, now: datetime, url: str = "") -> Alarm | None:
    """Records wait, and no flush is at work."""
    if not waiting or (last_sealed_at is not None and now - last_sealed_at <= STANDSTILL):
        return None
    return Alarm(
        f"{waiting:,} records wait; last sealed: {_ago(last_sealed_at, now)}.",
        "See whether the Celery workers of the queue flush, and beat, run, and what they log. "
        "By hand: manage.py flush --once",
        url,
    )


def stopped_alarm(shard: int, reason: str, url: str = "") -> Alarm:
    """A shard that the flush does not write."""
    return Alarm(
        f"Shard {shard} is stopped: {reason}",
        "Nothing of it is written or trimmed; the other shards go on. Find out what happened. "
        "With the right store again it goes on by itself. If that is lost: "
        f"manage.py rebuild_store --shard {shard} --reason '…', then manage.py recover_store with "
        "what an old store still holds.",
        url,
    )


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    return f"{seconds} s ago" if seconds < 60 else f"{timesince(moment, now)} ago"


def _row(shard: ShardHealth) -> tuple[object, ...]:
    blocks = reverse("admin:ledger_block_changelist")
    sealed_on = "" if shard.sealed_at is None else f"{shard.sealed_at:%Y-%m-%d}"
    return (
        link(reverse("admin:ledger_head_change", args=[shard.shard]), shard.shard),
        f"{shard.waiting:,}",
        f"{shard.records:,}",
        link(f"{blocks}?shard={shard.shard}&day={sealed_on}", f"{shard.blocks:,}"),
        NEVER if shard.sealed_at is None else f"{shard.sealed_at:%Y-%m-%d %H:%M:%S} UTC",
        f"STOPPED: {shard.stopped_reason}" if shard.stopped_reason else "",
    )
