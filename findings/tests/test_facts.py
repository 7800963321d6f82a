"""Facts are the same in any order of arrival and in any blocks, once everything has come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from findings.facts import TILL_DAY, TILL_HOUR, State, add_up, changes_of, follow, is_next
from findings.gaps import Gap
from ledger.block_facts import BlockFacts, read_facts
from ledger.feed import FedSale
from ledger.sums import Rows, merged
from tests.factories import make_line, make_sale
from transactions.sale import Sale

TERMINAL = 64
START = datetime(2026, 11, 30, 22, 30, tzinfo=UTC)
RECEIVED = "2026-12-01T08:00:00.000Z"
KINDS = ("sale", "sale", "refund", "void")
LINES: tuple[list[dict[str, Any]], ...] = (
    [make_line()],
    [make_line(sku=None, gtin=None, name="Soup"), make_line(kind="deposit", name="Bottle"), make_line(sku=None)],
    [],
)


def fed(number: int) -> FedSale:
    """The sale of that number, issued so many minutes after the start, offline."""
    kind = KINDS[number % len(KINDS)]
    sale = make_sale(
        terminal=TERMINAL,
        sequence=number,
        type=kind,
        mode="offline",
        currency="CZK" if number % 7 else "EUR",
        issued_at=(START + timedelta(minutes=number)).isoformat(),
        lines=LINES[number % len(LINES)],
    )
    return FedSale(1, number, RECEIVED, "", 3, 5, msgspec.convert(sale, Sale))


def facts_of(blocks: list[list[int]]) -> tuple[State, Rows, Rows, Rows]:
    """What is left of blocks of these numbers: state, days, hours, wrong clocks."""
    state, days, hours, wrong = State(TERMINAL), list[Rows](), list[Rows](), Rows()
    for number, block in enumerate(blocks):
        read: BlockFacts = read_facts([fed(one) for one in block])
        sums = add_up(read)
        days.append(sums.days)
        hours.append(sums.hours)
        before, is_even = [gap.row for gap in state.numbers.rows()], is_next(state, sums.tills[TERMINAL])
        follow(state, sums.tills[TERMINAL], number, wrong)
        # Whose numbers are the next ones, of that till no gap need be read or written.
        assert not is_even or before == [gap.row for gap in state.numbers.rows()]
    return state, merged(TILL_DAY, days), merged(TILL_HOUR, hours), wrong


@st.composite
def arrivals(draw: Any) -> list[list[int]]:
    """All numbers of a till in any order, in blocks."""
    first = draw(st.integers(1, 100))
    numbers = draw(st.permutations(range(first, first + draw(st.integers(1, 30)))))
    cuts = sorted(draw(st.sets(st.integers(1, len(numbers)), max_size=5)) | {len(numbers)})
    return [list(numbers[start:end]) for start, end in zip([0, *cuts], cuts, strict=False)]


@settings(max_examples=60, deadline=None)
@given(arrivals())
def test_any_order_in_any_blocks_leaves_what_the_order_of_issue_leaves(blocks: list[list[int]]) -> None:
    found = facts_of(blocks)
    assert list(found[0].numbers.rows()) == []
    assert found == facts_of([sorted(number for block in blocks for number in block)])
    assert found[3] == {}


def test_lines_without_sku_and_gtin_are_counted_where_they_belong() -> None:
    read = read_facts([fed(number) for number in (3, 4, 5, 2, 8)])
    (row,) = add_up(read).days.values()
    # Only 4 has lines of the second kind: of two items one has a GTIN, and a deposit is no item.
    assert (row[8], row[9], row[10]) == (1 + 2 + 0 + 0 + 0, 1, 5100)


def test_only_rows_of_gaps_that_changed_are_written() -> None:
    state = State(TERMINAL)
    follow(state, add_up(read_facts([fed(number) for number in (1, 5, 9)])).tills[TERMINAL], 0, {})
    before = {gap.first: gap.row for gap in state.numbers.rows()}
    follow(state, add_up(read_facts([fed(number) for number in (2, 7)])).tills[TERMINAL], 1, {})
    changes = changes_of(TERMINAL, before, state.numbers)
    assert changes.gone == [(TERMINAL, 2)]
    assert sorted((gap.first, gap.last) for _, gap in changes.kept) == [(3, 4), (6, 6), (8, 8)]
    assert {type(gap) for _, gap in changes.kept} == {Gap}
