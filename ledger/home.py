"""The ledger on the admin's first page: is it sound, what waits for it, what is signed, the services on its feed."""

from datetime import datetime
from typing import NamedTuple

from django.urls import reverse

from ledger.admin_health import VIEW_HEADS, stopped_alarm, store_alarm, waiting_alarm
from ledger.admin_services import VIEW_SERVICES, alarms_of
from ledger.admin_soundness import VIEW_LOG, page_of
from ledger.backlog import Backlog, backlog
from ledger.backups.queries import last_good
from ledger.evidence import soundness
from ledger.feeding.queries import ServiceState, services
from ledger.soundness import Severity
from possys.charts import BarChart, bar_chart, round_top
from possys.clock import lasting, utc
from possys.home import Alarm, Card, Content, Showing, register

NEVER = "never"
NOT_KNOWN = "not known"
# Of the worst shards, by name; the page of all shards has the rest.
NAMED_MAX = 5
# Below this no shard's bar is worth a word.
NAMED_RECORDS_MIN = 1000


class Consumer(NamedTuple):
    """A service on the feed as a row."""

    name: str
    state: str
    lag: str
    complete_to: str
    is_bad: bool


def soundness_card(showing: Showing) -> Content:
    """The verdict, and its alarms with what to do."""
    found = showing.read(soundness)
    page = page_of(found)
    alarms = tuple(Alarm(one.what, one.remedy, page.url) for one in found.findings if one.severity is Severity.ALARM)
    return Content({"sound": page}, alarms)


def backlog_card(showing: Showing) -> Content:
    """What waits, by shard."""
    found = showing.read(backlog)
    figures = [
        ("records wait", f"{found.waiting:,}" if found.is_store_reachable else NOT_KNOWN),
        ("the oldest waits for", _waited(found.oldest_s)),
        ("last sealed", _ago(found.last_sealed_at, found.now)),
        ("records in the ledger", f"{found.records:,}"),
        ("shards stopped", str(len(found.stopped))),
    ]
    context = {"figures": figures, "chart": _shard_bars(found), "named": _named(found)}
    context["url"] = reverse("admin:ledger_head_changelist")
    return Content(context, _backlog_alarms(found))


def checkpoint_card(showing: Showing) -> Content:
    """What is signed and how far behind it is; and the copies that would be restored."""
    facts = showing.read(soundness).facts
    signed = facts.checkpoint
    figures = [
        ("last checkpoint", NEVER if signed is None else f"{lasting(facts.now - signed.signed_at)} ago"),
        ("the oldest unsigned block waits for", f"{facts.waiting_s:.0f} s"),
        ("blocks not signed", f"{facts.uncovered:,}"),
        ("witnesses that confirm it", f"{facts.confirming} of {len(facts.witnesses)}" if facts.witnesses else "none"),
    ]
    size = "" if signed is None else f"{signed.size:,}"
    context = {"figures": figures, "size": size, "url": reverse("admin:ledger_checkpoint_changelist")}
    context["backups"] = showing.read(last_good).line(facts.now)
    context["backups_url"] = reverse("admin:ledger_backuprun_changelist")
    return Content(context)


def services_card(showing: Showing) -> Content:
    """Every consumer's lag."""
    found, now = showing.read(services), utc(showing.now_ms)
    rows = [_consumer(one, now) for one in found]
    rows.sort(key=lambda row: (not row.is_bad, row.name))
    context = {"rows": rows, "url": reverse("admin:ledger_service_changelist")}
    return Content(context, tuple(alarms_of(found, now)))


def _consumer(one: ServiceState, now: datetime) -> Consumer:
    behind = one.behind(now)
    lag = "from the archive" if behind is None else lasting(behind) if one.behind_blocks else "nothing"
    complete = NOT_KNOWN if one.complete_to is None else _clock(one.complete_to, now)
    if not one.is_declared:
        return Consumer(one.name, "not installed", lag, complete, False)
    if one.stops:
        return Consumer(one.name, f"stopped in {len(one.stops)} shards", lag, complete, True)
    late = one.is_late(now)
    return Consumer(one.name, "late" if late else "keeps up", lag, complete, late)


def _clock(moment: datetime, now: datetime) -> str:
    """With its day, unless that is today's (UTC)."""
    return f"{moment:%H:%M:%S}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M:%S}"


def _backlog_alarms(found: Backlog) -> tuple[Alarm, ...]:
    url = reverse("admin:ledger_head_changelist")
    alarms = [] if found.is_store_reachable else [store_alarm(url)]
    if (waiting := waiting_alarm(found.waiting, found.last_sealed_at, found.now, url)) is not None:
        alarms.append(waiting)
    return (*alarms, *(stopped_alarm(shard, reason, url) for shard, reason in found.stopped.items()))


def _shard_bars(found: Backlog) -> BarChart:
    waiting = [shard.waiting or 0 for shard in found.shards]
    top = round_top(max(waiting, default=0), least=10)
    bars = [
        (float(top if shard.stopped_reason or shard.waiting is None else shard.waiting),
         "is-bad" if shard.stopped_reason else "is-unknown" if shard.waiting is None else "")
        for shard in found.shards
    ]  # fmt: skip
    last = max(0, len(found.shards) - 1)
    unknown = sum(shard.waiting is None for shard in found.shards)
    text = f"Waiting records by shard: {found.waiting:,} in all, {max(waiting, default=0):,} in the fullest"
    text += f", {len(found.stopped)} shards stopped" if found.stopped else ", no shard stopped"
    text += f", {unknown} not known." if unknown else "."
    return bar_chart(bars, top=top, scale=(f"{top:,.0f}", "0"), times=("shard 0", f"shard {last}"), text=text)


def _named(found: Backlog) -> list[str]:
    """Only what somebody should look at."""
    said = [f"Shard {shard.shard} is stopped" for shard in found.shards if shard.stopped_reason]
    full = sorted(found.shards, key=lambda one: -(one.waiting or 0))
    full = [one for one in full if (one.waiting or 0) >= NAMED_RECORDS_MIN]
    said += [f"Shard {one.shard}: {one.waiting:,} wait" for one in full if not one.stopped_reason]
    return said[:NAMED_MAX]


def _waited(seconds: float | None) -> str:
    if seconds is None:
        return NOT_KNOWN
    if not seconds:
        return "none waits"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:,.0f} min"


def _ago(moment: datetime | None, now: datetime) -> str:
    return NEVER if moment is None else f"{lasting(now - moment)} ago"


def register_cards() -> None:
    """Called once, when the app is ready."""
    cards = (
        Card("soundness", "Is the ledger sound?", VIEW_LOG, 0, "admin/ledger/_sound_card.html", soundness_card,
             is_wide=True),
        Card("backlog", "Waiting for the ledger", VIEW_HEADS, 20, "admin/ledger/_backlog.html", backlog_card),
        Card("checkpoint", "Last checkpoint", VIEW_LOG, 21, "admin/ledger/_checkpoint_card.html", checkpoint_card),
        Card("services", "Services on the feed", VIEW_SERVICES, 40, "admin/ledger/_services_card.html", services_card),
    )  # fmt: skip
    for card in cards:
        register(card)
