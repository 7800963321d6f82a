"""What bookkeeping is fed: the sums of each terminal's fiscal day, of which closes are made (accounting/days/)."""

from django.utils import timezone

from accounting.days import adding
from accounting.days.due import CONSUMER
from accounting.days.models import TerminalDay, TerminalPaymentDay, TerminalSequences, TerminalTaxDay
from ledger.block_facts import facts_of
from ledger.consumers import consumer
from ledger.feed import FedBlock
from ledger.sums import Cursor, add_sums, binary_cursor, columns_of
from possys.arrays import integer_array

ADD_SEQUENCES = b"""
INSERT INTO accounting_terminalsequences AS t (store, day, terminal, retailer, records, sequences, late_block)
SELECT store, day, terminal, retailer, records, sequences::int4multirange, CASE WHEN day < %b THEN %b END
FROM unnest(%b::integer[], %b::date[], %b::integer[], %b::integer[], %b::integer[], %b::text[])
    AS new (store, day, terminal, retailer, records, sequences)
ON CONFLICT (store, day, terminal) DO UPDATE SET
    records = t.records + EXCLUDED.records,
    sequences = t.sequences + EXCLUDED.sequences,
    late_block = GREATEST(t.late_block, EXCLUDED.late_block)
"""


@consumer(CONSUMER, tables=[TerminalDay, TerminalSequences, TerminalTaxDay, TerminalPaymentDay])
def add_days(block: FedBlock) -> None:
    """Adds a block's sales to their terminals' days."""
    facts = facts_of(block)
    parts = (
        (adding.TERMINAL_DAY, adding.terminal_days(facts.sales)),
        (adding.TERMINAL_TAX_DAY, adding.tax_days(facts)),
        (adding.TERMINAL_PAYMENT_DAY, adding.payment_days(facts.sales)),
    )
    with binary_cursor() as cursor:
        for shape, rows in parts:
            add_sums(cursor, shape, columns_of(shape, rows))
        _add_sequences(cursor, block, adding.sequences(facts.sales))


def _add_sequences(cursor: Cursor, block: FedBlock, columns: adding.SequenceColumns) -> None:
    """Adds the numbers, and notes of days that were over when the block was sealed that they changed."""
    if not columns.store:
        return
    arrays = [
        integer_array(columns.store, "integer"),
        integer_array(columns.day, "date"),
        integer_array(columns.terminal, "integer"),
        integer_array(columns.retailer, "integer"),
        integer_array(columns.records, "integer"),
        columns.sequences,
    ]
    cursor.execute(
        ADD_SEQUENCES, [timezone.localdate(block.sealed_at, timezone.get_default_timezone()), block.number, *arrays]
    )
