"""The one currency in which a retailer's stock is valued."""

from django.db import connection

# The first document with a cost settles it; until then it is what most sales are in, as some products of some stores
# tell: a chain's months are too many to be asked for each page.
SETTLED = "SELECT currency FROM warehouse_document WHERE retailer_id = %s AND currency <> '' ORDER BY id LIMIT 1"
SOLD = """
    SELECT sample.currency
    FROM (SELECT id FROM transactions_store WHERE retailer_id = %s ORDER BY id LIMIT 50) AS store
    CROSS JOIN LATERAL (
        SELECT currency, baskets FROM warehouse_soldmonth AS sold WHERE sold.store = store.id
        ORDER BY sold.store, product, month LIMIT 200
    ) AS sample
    GROUP BY sample.currency ORDER BY sum(sample.baskets) DESC, sample.currency LIMIT 1
"""


def stock_currency(retailer_id: int) -> str:
    """Three letters; "" for a retailer that sold nothing yet and said no cost."""
    with connection.cursor() as cursor:
        for sql in (SETTLED, SOLD):
            cursor.execute(sql, [retailer_id])
            if row := cursor.fetchone():
                return str(row[0])
    return ""
