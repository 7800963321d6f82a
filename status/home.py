"""The registry by its states on the admin's first page, and where the public status page is."""

from typing import NamedTuple

from django.urls import reverse

from possys.clock import lasting, utc
from possys.home import Card, Content, Showing, register
from status.models import RegistryCount
from transactions.models import Life

VIEW_TERMINALS = "transactions.view_terminal"
NEVER = "Not counted yet: the worker of the queue celery does it every five minutes."


class StatusRow(NamedTuple):
    """A state, how many terminals are in it, and their list."""

    status: str
    how_many: str
    url: str


def registry_card(showing: Showing) -> Content:
    """Counts as of the last time they were made: one query of a dozen rows."""
    counts = list(RegistryCount.objects.all())
    by_status = {one.status: one.rows for one in counts if one.kind == "terminal"}
    url = reverse("admin:transactions_terminal_changelist")
    rows = [
        StatusRow(status, f"{by_status.get(status, 0):,}", f"{url}?status__exact={status}")
        for status in Life.values
        if by_status.get(status) or status == Life.ACTIVE
    ]
    totals = [
        (f"{kind}s", f"{sum(one.rows for one in counts if one.kind == kind):,}")
        for kind in ("terminal", "store", "retailer")
    ]
    counted_at = min((one.counted_at for one in counts), default=None)
    as_of = "" if counted_at is None else f"Counted {lasting(utc(showing.now_ms) - counted_at)} ago."
    return Content({"rows": rows, "figures": totals if counts else [], "as_of": as_of or NEVER})


def register_cards() -> None:
    """Called once, when the app is ready."""
    register(Card("registry", "Terminals", VIEW_TERMINALS, 30, "admin/status/_registry.html", registry_card))
