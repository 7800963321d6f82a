"""A frozen list is read in order, and each of its tickets is found with a path that leads to the root."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.merkle import leaf_hash, root_of_path
from lottery.draws import freezing, lists
from lottery.draws.lists import read_tickets, ticket_proof
from lottery.draws.models import Draw
from lottery.tests.factories import frozen_draw

pytestmark = pytest.mark.usefixtures("ledger")
# The row, its tickets, all rows' roots.
QUERIES = 3


@pytest.fixture(params=[1, 7, 8, 9, 33])
def draw(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Draw:
    """A frozen draw in rows of eight tickets, so that a few entries make several."""
    monkeypatch.setattr(freezing, "CHUNK_TICKETS", 8)
    monkeypatch.setattr(lists, "CHUNK_TICKETS", 8)
    monkeypatch.setattr(lists, "ROWS_READ", 2)
    return frozen_draw(entries=request.param)


def tickets_of(draw: Draw) -> list[bytes]:
    return lists.split(b"".join(read_tickets(draw)))


def test_every_ticket_is_proven(draw: Draw) -> None:
    tickets = tickets_of(draw)
    assert tickets == sorted(set(tickets))
    assert len(tickets) == draw.ticket_count
    for place, ticket in enumerate(tickets):
        proof = ticket_proof(draw, ticket)
        assert proof is not None
        assert (proof.position, proof.tickets, proof.root) == (place, len(tickets), bytes(draw.root or b""))
        assert root_of_path(leaf_hash(ticket), place, len(tickets), proof.path) == proof.root


def test_what_is_not_in_the_list_has_no_proof(draw: Draw) -> None:
    for ticket in tickets_of(draw):
        number = int.from_bytes(ticket, "big")
        assert ticket_proof(draw, (number - 1).to_bytes(32, "big")) is None
        assert ticket_proof(draw, (number + 1).to_bytes(32, "big")) is None
    assert ticket_proof(draw, bytes(32)) is None
    assert ticket_proof(draw, b"\xff" * 32) is None


def test_a_proof_takes_three_queries_however_long_the_list_is(draw: Draw) -> None:
    ticket = tickets_of(draw)[-1]
    with CaptureQueriesContext(connection) as queries:
        assert ticket_proof(draw, ticket)
    assert len(queries) == QUERIES
