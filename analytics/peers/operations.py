"""Makes the cohort of a term and publishes a week's figures, each once: what was told is never worked out again.

Worked out anew, a figure would tell by its difference who came late, who left, and what a correction was worth.
"""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from analytics.peers import reading
from analytics.peers.calendar import DAY, GRACE_DAYS, cohort_span, figure_span, term_of, week_due
from analytics.peers.disclosure import Peers, StoreValue, peers_by_retailer
from analytics.peers.figures import FIGURES, PeerRule, StoreSums
from analytics.peers.kinds import kind_of
from analytics.peers.models import CohortStore, PeerFigure, PeerWeek

# Two at once would publish twice; the number is only this lock's own.
LOCK = 7_301_018
# Half a year can be looked back at; the cohorts that it was made of stay with it.
KEPT = timedelta(weeks=26)
ROWS_AT_ONCE = 2_000


class Published(NamedTuple):
    """What a run came to: stores and figures of a week, those with peers among them; or why nothing was done."""

    week: date
    stores: int = 0
    figures: int = 0
    told: int = 0
    reason: str = ""


class OwnFigure(NamedTuple):
    """A store's own value of a figure."""

    store: int
    own: int | None


def publish(now: datetime) -> Published:
    """Publishes the week that is due at a local time, unless it was; makes its cohort when there is none.

    One DB transaction; its memory is bounded by the largest kind.
    """
    week = week_due(now.date())
    # Tills east of the clock end their days earlier; those west of it have the days of grace.
    over = datetime.combine(week + (7 + GRACE_DAYS) * DAY, time(), now.tzinfo)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if PeerWeek.objects.filter(week=week).exists():
            return Published(week, reason="it was published")
        if not reading.is_complete(over):
            return Published(week, reason="the roll-ups are not complete up to its end")
        term = term_of(week)
        if not CohortStore.objects.filter(term=term).exists() and not make_cohort(term):
            return Published(week, reason="no store sold in each of the eight weeks before its term")
        done = _publish(week, term)
        PeerWeek.objects.create(week=week, term=term, stores=done.stores, published_at=now)
        _forget(week)
    return done


def make_cohort(term: date) -> int:
    """Writes down the kind of every store that takes part in a term; answers how many there are."""
    span = cohort_span(term)
    made = 0
    for some in reading.mixes(span):
        rows = [
            CohortStore(
                term=term,
                store=mix.store,
                retailer=mix.retailer,
                currency=mix.currency,
                **kind_of(mix, span.days // 7)._asdict(),
            )
            for mix in some
        ]
        made += len(CohortStore.objects.bulk_create(rows))
    return made


def _publish(week: date, term: date) -> Published:
    stores = figures = told = 0
    for kind, currency in reading.kinds(term):
        found = reading.sums(term, kind, currency, figure_span(week))
        stores += len(found)
        for rule in FIGURES:
            rows = [
                PeerFigure(week=week, kind=kind, currency=currency, figure=rule.key, **one._asdict(), **_told(peers))
                for one, peers in beside_peers(found, rule)
            ]
            PeerFigure.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
            figures += len(rows)
            told += sum(row.median is not None for row in rows)
    return Published(week, stores, figures, told)


def _told(peers: Peers | None) -> dict[str, int]:
    return {} if peers is None else peers._asdict()


def beside_peers(sums: list[StoreSums], rule: PeerRule) -> list[tuple[OwnFigure, Peers | None]]:
    """One figure of every store of one kind, with what its retailer may know of the others."""
    own = [(one.retailer, OwnFigure(one.store, rule.made(one))) for one in sums]
    values = [StoreValue(retailer, one.own) for retailer, one in own if one.own is not None]
    peers = peers_by_retailer(values, rule.kind)
    return [(one, None if one.own is None else peers[retailer]) for retailer, one in own]


def _forget(week: date) -> None:
    oldest = week - KEPT
    PeerFigure.objects.filter(week__lt=oldest).delete()
    PeerWeek.objects.filter(week__lt=oldest).delete()
    CohortStore.objects.filter(term__lt=term_of(oldest)).delete()
