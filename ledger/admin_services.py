"""The services on the feed in the admin: how far each is, where it is stopped, and having it tried again."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from ledger.admin_base import Alarm, LedgerAdmin
from ledger.admin_soundness import GREEN, ORANGE, RED
from ledger.feeding.models import Service
from ledger.feeding.operations import try_again
from ledger.feeding.queries import ServiceState, Stop, services
from possys.clock import now_ms, utc
from transactions.stream import SHARD_COUNT

VIEW_SERVICES = "ledger.view_service"
CHANGE_SERVICES = "ledger.change_service"
GONE = (
    "Its code is not installed here: nothing is fed to it. Bring its app back, or delete its rows of feed_cursor and "
    "its tables."
)


class StopRow(NamedTuple):
    """The shards in which a service is stopped by the same error, and everything that is known of it."""

    title: str
    reason: str
    times: str


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """One service as the page shows it."""

    name: str
    state: str
    colour: str
    facts: list[tuple[str, str]]
    stops: list[StopRow]


def service_cards() -> list[ServiceCard]:
    """Every consumer, first those that need somebody, last those that are gone: three queries."""
    now = utc(now_ms())
    found = sorted(services(), key=lambda one: (not one.is_declared, not one.stops, not one.is_late(now), one.name))
    return [_card(one, now) for one in found]


def alarms_of(found: Iterable[ServiceState], now: datetime) -> list[Alarm]:
    """What the admin's first page says of services that are stopped or do not keep up."""
    return [alarm for one in found if one.is_declared and (alarm := _alarm(one, now)) is not None]


def _alarm(one: ServiceState, now: datetime) -> Alarm | None:
    if one.stops:
        first = one.stops[0]
        more = f" and {len(one.stops) - 1} more" if len(one.stops) > 1 else ""
        return Alarm(
            f"Service {one.name} is stopped in shard {first.shard}{more}: {first.reason}",
            "Sales and other services go on; its figures stand still there. Once the cause is mended it goes on by "
            "itself from the same block, or at once by its button under Services.",
            reverse("admin:ledger_service_changelist"),
        )
    if one.is_late(now):
        return Alarm(
            f"Service {one.name} does not keep up; behind: {one.lag(now)}.",
            "See whether the Celery worker of the queue feed, and beat, run, and what they log.",
            reverse("admin:ledger_service_changelist"),
        )
    return None


def _card(one: ServiceState, now: datetime) -> ServiceCard:
    state, colour = _state(one, now)
    complete = "not known yet" if one.complete_to is None else _at(one.complete_to)
    return ServiceCard(
        name=one.name,
        state=state,
        colour=colour,
        facts=[
            ("Sales fed", f"{one.sales:,}"),
            ("Blocks fed", f"{one.blocks:,}"),
            ("Behind", one.lag(now)),
            ("Complete up to", complete),
            ("Its tables", ", ".join(one.tables) or ("it declares none" if one.is_declared else "not known")),
        ],
        stops=_stop_rows(one.stops),
    )


def _stop_rows(stops: Iterable[Stop]) -> list[StopRow]:
    """A bug that meets every shard is shown once, with all of them."""
    of_reason: dict[str, list[Stop]] = defaultdict(list)
    for stop in stops:
        of_reason[stop.reason.removeprefix(f"block {stop.block + 1}: ")].append(stop)
    return [StopRow(_places(alike), reason, _times(alike)) for reason, alike in of_reason.items()]


def _places(alike: list[Stop]) -> str:
    listed = "; ".join(f"shard {stop.shard}, block {stop.block + 1}" for stop in alike)
    return f"{listed[:1].upper()}{listed[1:]}"


def _times(alike: list[Stop]) -> str:
    since = min((stop.since for stop in alike if stop.since is not None), default=None)
    tried = [stop.tried_at for stop in alike if stop.tried_at is not None]
    again = f"last tried {_at(max(tried))}" if len(tried) == len(alike) else "due to be tried again now"
    return f"Stopped since {_at(since)}, {again}."


def _state(one: ServiceState, now: datetime) -> tuple[str, str]:
    if not one.is_declared:
        return GONE, ORANGE
    if one.stops:
        return f"STOPPED in {len(one.stops)} of {SHARD_COUNT} shards.", RED
    if one.is_late(now):
        return "It does not keep up.", RED
    return "It keeps up.", GREEN


def _at(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


@admin.register(Service)
class ServiceAdmin(LedgerAdmin):
    """One page: GET shows, POST has one of them tried again."""

    navigation_icon = "hub"
    navigation_title = "Services"

    def get_urls(self) -> list[URLPattern]:
        """The page."""
        return [path("", self.admin_site.admin_view(self.changelist_view), name="ledger_service_changelist")]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Every service, and the button for those who have the right."""
        self.require_view(request)
        may_try = request.user.has_perm(CHANGE_SERVICES)
        if request.method == "POST":
            if not may_try:
                raise PermissionDenied
            return self._tried(request, request.POST.get("name", ""))
        return self.page(request, "services.html", "Services", services=service_cards(), may_try=may_try)

    def _tried(self, request: HttpRequest, name: str) -> HttpResponse:
        if shards := try_again(name):
            said = f"Service {name} is tried again now in {shards} shard{'s' if shards > 1 else ''}."
            self.log_change(request, Service(name=name), said)
            messages.success(request, f"{said} Look again in a few seconds.")
        else:
            messages.info(request, "Nothing was done: no service of that name is stopped.")
        return HttpResponseRedirect(reverse("admin:ledger_service_changelist"))
