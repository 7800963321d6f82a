"""Finds refunds and voids of watched receipts and writes a mail for each pair of watch and correction, once.

Two looks, because rows of the ledger may appear out of order of their ids and times, and a watch may be confirmed in
the moment in which a refund comes:

    the quick one, every few seconds    the latest minute's corrections; costs what was sold back, not what is watched
    the whole one, every ten minutes    all confirmed watches against all corrections; misses nothing, assumes no order

The database holds a mail for a pair only once, so that looking twice tells nothing twice.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from ledger.corrections import by_own_retailer
from ledger.models import Correction
from ledger.shards import databases
from receipts.watches.models import Mail, Watch

Row = TypeVar("Row")

# A flush commits about a second after the time that its rows name; what takes longer is found by the whole look.
RECENT = timedelta(seconds=60)
# Rows in one question and one DB transaction.
CHUNK = 1000


def look_at_recent(now: datetime) -> int:
    """Tells of the latest minute's corrections; answers how many mails were written."""
    if not _confirmed_exist():
        return 0
    written = 0
    for alias in databases():
        recent = Correction.objects.using(alias).filter(sealed_at__gt=now - RECENT).order_by("id")
        for some in _chunks(recent.iterator(CHUNK)):
            watched = Watch.objects.filter(original__in={one.original for one in some}).exclude(confirmed_at=None)
            written += _tell(some, watched.values_list("pk", flat=True), now)
    return written


def look_at_all(now: datetime) -> int:
    """Tells of all that has not been told, whatever its time; answers how many mails were written."""
    written = 0
    watches = Watch.objects.exclude(confirmed_at=None).order_by("pk").values_list("pk", "original")
    for some in _chunks(watches.iterator(CHUNK)):
        for alias in databases():
            found = Correction.objects.using(alias).filter(original__in={original for _, original in some})
            written += _tell(list(found), [pk for pk, _ in some], now)
    return written


def _confirmed_exist() -> bool:
    return Watch.objects.exclude(confirmed_at=None).exists()


def _tell(corrections: list[Correction], watch_ids: Iterable[UUID], now: datetime) -> int:
    """Writes what is missing. The watches are locked: one that is removed meanwhile gets no mail."""
    if not corrections:
        return 0
    with transaction.atomic():
        locked = list(Watch.objects.select_for_update(no_key=True).filter(pk__in=list(watch_ids)).order_by("pk"))
        watched = {(watch.original, watch.original_on) for watch in locked}
        by_original: dict[tuple[int, date], list[Correction]] = {}
        for one in by_own_retailer([one for one in corrections if (one.original, one.original_on) in watched]):
            by_original.setdefault((one.original, one.original_on), []).append(one)
        told = Mail.objects.filter(watch__in=locked, kind=Mail.Kind.TOLD)
        known = set(told.values_list("watch", "correction", "correction_on"))
        mails = [
            Mail(
                watch=watch, kind=Mail.Kind.TOLD, correction=one.identity, correction_on=one.issued_on,
                written_at=now, due_at=now,
            )
            for watch in locked
            for one in by_original.get((watch.original, watch.original_on), ())
            if (watch.pk, one.identity, one.issued_on) not in known
        ]  # fmt: skip
        Mail.objects.bulk_create(mails, ignore_conflicts=True)
    return len(mails)


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while some := list(islice(iterator, CHUNK)):
        yield some
