"""The frozen list is that of the pure formulas, and one changed ticket changes its root."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle
from lottery.draws import freezing
from lottery.draws.drawing import TICKET_BYTES, RootBuilder, leaves, ticket_of
from lottery.draws.freezing import EmptyListError, freeze_tickets
from lottery.draws.models import Draw, TicketChunk
from lottery.entries.models import Entry
from lottery.entries.taken_back import mark_taken_back
from lottery.tests.factories import make_draw, make_entry, take_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> int:
    """Lists in parts of eight tickets, so that a few entries make several."""
    monkeypatch.setattr(freezing, "CHUNK_TICKETS", 8)
    return 8


def tickets_in(draw: Draw) -> list[bytes]:
    """The list by the formula."""
    return sorted(
        ticket_of(draw.number, entry.code, number, bytes(entry.salt))
        for entry in Entry.objects.filter(draw=draw, state=Entry.State.IN)
        for number in range(1, entry.tickets + 1)
    )


def rows_of(draw: Draw) -> list[TicketChunk]:
    return list(TicketChunk.objects.filter(draw=draw).order_by("number"))


@pytest.mark.parametrize("entries", [1, 5, 8, 23])
def test_the_list_is_that_of_the_formula(small_chunks: int, entries: int) -> None:
    draw, other = make_draw(), make_draw()
    for number in range(entries):
        make_entry(draw, tickets=1 + number % 3)
        make_entry(other)
    with transaction.atomic():
        made = freeze_tickets(draw)
    expected = tickets_in(draw)
    rows = rows_of(draw)
    assert b"".join(bytes(row.tickets) for row in rows) == b"".join(expected)
    assert made == (len(expected), merkle.root([merkle.leaf_hash(ticket) for ticket in expected]))
    assert all(len(row.tickets) == small_chunks * TICKET_BYTES for row in rows[:-1])
    assert [merkle.root(leaves(bytes(row.tickets))) for row in rows] == [bytes(row.root) for row in rows]


def test_each_ticket_leads_to_its_entry(small_chunks: int) -> None:
    draw = make_draw()
    entries = {entry.pk: entry for entry in (make_entry(draw, tickets=2) for _ in range(9))}
    with transaction.atomic():
        freeze_tickets(draw)
    seen: list[int] = []
    for row in rows_of(draw):
        keys = [int.from_bytes(row.entries[at : at + 8], "big") for at in range(0, len(row.entries), 8)]
        for place, key in enumerate(keys):
            ticket = bytes(row.tickets[place * TICKET_BYTES : (place + 1) * TICKET_BYTES])
            entry = entries[key]
            assert ticket in {ticket_of(draw.number, entry.code, number, bytes(entry.salt)) for number in (1, 2)}
        seen += keys
    assert sorted(seen) == sorted([*entries, *entries])


def test_what_was_taken_back_barred_or_withdrawn_is_not_in_the_list() -> None:
    draw = make_draw()
    stays, back = make_entry(draw), make_entry(draw)
    make_entry(draw, state=Entry.State.BARRED)
    make_entry(draw, state=Entry.State.WITHDRAWN)
    take_back(back)
    assert mark_taken_back(draw) == 1
    with transaction.atomic():
        made = freeze_tickets(draw)
    assert made.tickets == 1
    assert int.from_bytes(rows_of(draw)[0].entries, "big") == stays.pk


def test_a_strangers_refund_takes_nothing_out() -> None:
    draw = make_draw()
    entry = make_entry(draw, retailer=1)
    entry.retailer = 2
    take_back(entry)
    assert mark_taken_back(draw) == 0


def test_nothing_cannot_be_frozen() -> None:
    with pytest.raises(EmptyListError), transaction.atomic():
        freeze_tickets(make_draw())


@given(subtrees=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70))
def test_the_root_of_subtrees_is_that_of_the_whole(subtrees: list[bytes]) -> None:
    builder = RootBuilder()
    for subtree in subtrees:
        builder.add(subtree)
    assert builder.root() == merkle.root(subtrees)


@given(tickets=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40, unique=True), data=st.data())
def test_one_changed_ticket_changes_the_root(tickets: list[bytes], data: Any) -> None:
    place = data.draw(st.integers(0, len(tickets) - 1))
    bit = data.draw(st.integers(0, 255))
    changed = list(tickets)
    changed[place] = (int.from_bytes(changed[place], "big") ^ 1 << bit).to_bytes(32, "big")
    assert merkle.root(leaves(b"".join(changed))) != merkle.root(leaves(b"".join(tickets)))
