"""Which receipts drop out because something of them was refunded or voided."""

from django.db import connection

from lottery.draws.models import Draw
from lottery.entries.models import Entry

# Only the sale's own retailer can take it back: any till may name any code.
MARK = f"""
UPDATE lottery_entry AS entry SET state = '{Entry.State.TAKEN_BACK}'
WHERE entry.draw_id = %s AND entry.state = '{Entry.State.IN}' AND EXISTS (
    SELECT FROM lottery_takenback AS back
    WHERE back.original = entry.identity AND back.original_on = entry.issued_on AND back.retailer = entry.retailer
)
"""  # noqa: S608 - only our own words are put in


def mark_taken_back(draw: Draw) -> int:
    """Takes out of a draw what the feed says was taken back; answers how many receipts."""
    with connection.cursor() as cursor:
        cursor.execute(MARK, [draw.pk])
        return int(cursor.rowcount)
