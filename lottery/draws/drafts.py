"""Drafts of draws: sensible dates and rules to begin with, and a copy of an earlier draw."""

from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Max

from lottery.draws.errors import DrawError
from lottery.draws.models import Draw, Prize

# Receipts of a month's last days are entered in the days after it; the draw is held on the day after that, at noon.
ENTRIES_CLOSE = timedelta(days=10, hours=22)
FREEZE = timedelta(days=10, hours=23)
HOLD = timedelta(days=11, hours=12)
# What the rules are made of besides number and dates, and so what a copy takes over.
COPIED = (
    "name",
    "claim_days",
    "currency",
    "minimum_total",
    "takes_online",
    "takes_offline",
    "takes_business",
    "ticket_each",
    "tickets_a_receipt_max",
    "one_a_store_and_day",
    "monthly_tickets_max",
    "double_methods",
    "mode",
)
DATES = ("first_day", "last_day", "entries_until", "freezes_at", "draws_at")


def next_number() -> int:
    """One more than the highest, drafts included."""
    return int(Draw.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def month_after(day: date) -> tuple[date, date]:
    """The first and the last day of the next month."""
    first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def proposed_dates(now: datetime) -> dict[str, date | datetime]:
    """Those of a draw over the next month."""
    first, last = month_after(now.date())
    end = _midnight(last)
    return {
        "first_day": first,
        "last_day": last,
        "entries_until": end + ENTRIES_CLOSE,
        "freezes_at": end + FREEZE,
        "draws_at": end + HOLD,
    }


def copy(source: Draw, now: datetime) -> Draw:
    """A new draft with a draw's rules and its own prizes, over the next month that it does not cover."""
    first, last = month_after(max(now.date(), source.last_day))
    moved = _midnight(last) - _midnight(source.last_day)
    dates = {name: getattr(source, name) + moved for name in ("entries_until", "freezes_at", "draws_at")}
    with transaction.atomic():
        draft = Draw.objects.create(
            number=next_number(), first_day=first, last_day=last, **dates,
            **{name: getattr(source, name) for name in COPIED},
        )  # fmt: skip
        own = source.prizes.filter(carried_from=None).order_by("rank")
        Prize.objects.bulk_create(
            Prize(draw=draft, rank=rank, name=prize.name, amount=prize.amount, count=prize.count)
            for rank, prize in enumerate(own, 1)
        )
    return draft


def discard(draft: Draw) -> None:
    """Deletes a draft with its prizes. Raises DrawError for a draw that was opened."""
    with transaction.atomic():
        locked = Draw.objects.select_for_update().get(pk=draft.pk)
        if locked.state != Draw.State.DRAFT:
            raise DrawError("what was published of a draw stays")
        locked.prizes.all().delete()
        locked.delete()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
