"""The flush at a glance for the admin: figures, alarms with what to do, and a row for each shard."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince

from ledger.admin_base import Alarm
from ledger.admin_services import VIEW_SERVICES, service_alarms
from ledger.admin_soundness import VIEW_LOG, soundness_page
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
    """All that the page and the index's card show."""

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


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The verdict, services in trouble and the card on top of the admin's index, each for those who may see it."""
    if request.user.has_perm(VIEW_LOG):
        context["sound"] = soundness_page()
    if request.user.has_perm(VIEW_SERVICES):
        context["services"] = service_alarms()
    if request.user.has_perm(VIEW_HEADS):
        context["health"] = health_page()
    return context


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
    alarms = []
    if not found.store_reachable:
        alarms.append(
            Alarm(
                "The capture store cannot be reached: tills get 503 and go on offline.",
                "Start it with the data that it had. Only if that is lost, or another store takes its place: "
                "manage.py rebuild_store --reason '…'",
            )
        )
    if found.waiting and (found.last_sealed_at is None or now - found.last_sealed_at > STANDSTILL):
        alarms.append(
            Alarm(
                f"{found.waiting:,} records wait; last sealed: {_ago(found.last_sealed_at, now)}.",
                "See whether the Celery workers of the queue flush, and beat, run, and what they log. "
                "By hand: manage.py flush --once",
            )
        )
    for shard, reason in found.stopped.items():
        alarms.append(
            Alarm(
                f"Shard {shard} is stopped: {reason}",
                "Nothing of it is written or trimmed; the other shards go on. Find out what happened. "
                "With the right store again it goes on by itself. If that is lost: "
                f"manage.py rebuild_store --shard {shard} --reason '…', then manage.py recover_store with "
                "what an old store still holds.",
            )
        )
    return alarms


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
