"""What the cohort and its figures are worked out from: sums over the roll-ups, by store."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db import connection

from analytics.filters import Span
from analytics.peers.calendar import WEEK_DAYS
from analytics.peers.figures import StoreSums
from analytics.peers.kinds import StoreMix
from analytics.queries.rows import rows
from ledger.consumers import all_consumers

# A store that takes part sold in every one of the weeks, and so much in all: five sales a week.
SALES_MIN = 40
STORES_AT_ONCE = 2_000

# One row a store: its main currency, and there the category with the largest revenue.
MIXES = """
    WITH sold AS (
        SELECT store, currency, sum(sales)::bigint AS sales, count(DISTINCT (day - %(first)s::date) / %(week)s) AS weeks
        FROM analytics_storehour
        WHERE day BETWEEN %(first)s AND %(last)s AND sales > 0
        GROUP BY store, currency
    ), main AS (
        SELECT DISTINCT ON (store) store, currency, sales, weeks FROM sold ORDER BY store, sales DESC, currency
    ), mixed AS (
        SELECT store, currency, lower(trim(category)) AS category, sum(amount)::bigint AS amount
        FROM analytics_categoryday
        WHERE day BETWEEN %(first)s AND %(last)s
        GROUP BY 1, 2, 3
    ), ranked AS (
        SELECT store, currency, category, amount, (sum(amount) OVER (PARTITION BY store, currency))::bigint AS whole,
               row_number() OVER (PARTITION BY store, currency ORDER BY amount DESC, category) AS place
        FROM mixed
    )
    SELECT main.store, registry.retailer_id, main.currency, main.sales, coalesce(ranked.category, ''),
           coalesce(ranked.amount, 0), coalesce(ranked.whole, 0), coalesce(lower(trim(chosen.name)), '')
    FROM main
    JOIN transactions_store AS registry ON registry.id = main.store
    LEFT JOIN ranked ON ranked.store = main.store AND ranked.currency = main.currency AND ranked.place = 1
    LEFT JOIN analytics_chosenkind AS chosen ON chosen.store = main.store
    WHERE main.weeks = %(weeks)s AND main.sales >= %(sales_min)s
    ORDER BY main.store
"""
KINDS = """
    SELECT DISTINCT kind, currency FROM analytics_cohortstore WHERE term = %(term)s ORDER BY kind, currency
"""
# Refunds are negative, so that `paid` is what stayed.
SUMS = """
    WITH cohort AS (
        SELECT store, retailer, currency FROM analytics_cohortstore
        WHERE term = %(term)s AND kind = %(kind)s AND currency = %(currency)s
    ), taken AS (
        SELECT store,
               coalesce(sum(sales) FILTER (WHERE day >= %(first)s), 0)::bigint AS sales,
               coalesce(sum(gross) FILTER (WHERE day >= %(first)s), 0)::bigint AS gross,
               coalesce(sum(refunded) FILTER (WHERE day >= %(first)s), 0)::bigint AS refunded,
               coalesce(sum(voided) FILTER (WHERE day >= %(first)s), 0)::bigint AS voided,
               coalesce(sum(lines) FILTER (WHERE day >= %(first)s), 0)::bigint AS lines,
               count(*) FILTER (WHERE day >= %(first)s AND sales > 0) AS open_hours,
               coalesce(sum(gross + refunded + voided) FILTER (WHERE day < %(first)s), 0)::bigint AS before
        FROM analytics_storehour JOIN cohort USING (store, currency)
        WHERE day BETWEEN %(before)s AND %(last)s
        GROUP BY store
    ), paid AS (
        SELECT store, coalesce(sum(amount) FILTER (WHERE method = 'card'), 0)::bigint AS card,
               sum(amount)::bigint AS paid
        FROM analytics_paymentday JOIN cohort USING (store, currency)
        WHERE day BETWEEN %(first)s AND %(last)s
        GROUP BY store
    )
    SELECT store, retailer, sales, gross, refunded, voided, lines, open_hours, before,
           coalesce(card, 0), coalesce(paid, 0)
    FROM cohort JOIN taken USING (store) LEFT JOIN paid USING (store)
    WHERE sales > 0
    ORDER BY store
"""
COMPLETE_TO = """
    SELECT min(complete_to), coalesce(bool_or(complete_to IS NULL), false) FROM feed_cursor
    WHERE consumer = ANY(%(consumers)s)
"""


def mixes(span: Span) -> Iterator[list[StoreMix]]:
    """Every store that sold in each of the span's weeks, with what it sold; by its number, some at a time.

    Within a DB transaction: the rows wait in the database.
    """
    parameters: dict[str, date | int] = {
        "first": span.first,
        "last": span.last,
        "week": WEEK_DAYS,
        "weeks": span.days // WEEK_DAYS,
        "sales_min": SALES_MIN,
    }
    with connection.chunked_cursor() as cursor:
        cursor.execute(MIXES, parameters)
        while found := cursor.fetchmany(STORES_AT_ONCE):
            yield [StoreMix(*row) for row in found]


def kinds(term: date) -> list[tuple[str, str]]:
    """The kinds of a term's cohort, each with a currency: only such stores are compared."""
    return [(kind, currency) for kind, currency in rows(KINDS, term=term)]


def sums(term: date, kind: str, currency: str, span: Span) -> list[StoreSums]:
    """What the stores of one kind took in a span; those that sold nothing are left out."""
    found = rows(
        SUMS,
        term=term,
        kind=kind,
        currency=currency,
        first=span.first,
        last=span.last,
        before=span.earlier(span.days).first,
    )
    return [StoreSums(*row) for row in found]


def is_complete(moment: datetime) -> bool:
    """Whether every roll-up that was begun has all that was taken before this moment."""
    consumers = [one.name for one in all_consumers() if one.handle.__module__.partition(".")[0] == "analytics"]
    complete_to, has_unknown = rows(COMPLETE_TO, consumers=consumers)[0]
    return not has_unknown and (complete_to is None or complete_to >= moment)
