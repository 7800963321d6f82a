"""Conflicts of identity: where both contents are, what differs, and how grave that is."""

from typing import Any

import pytest

from findings.conflicts import FIELDS_MAX, differing
from findings.judging import judge
from findings.models import Conflict, Finding
from findings.tests.history import History, rounded_now
from ledger.blocks import Place
from ledger.models import MarkedRecord
from ledger.queries import Recorded, recorded_at
from tests.factories import make_line, make_sale, sale_bytes

NOW = rounded_now()
LINE = make_line()


@pytest.mark.parametrize(
    ("changes", "fields", "score"),
    [
        ({"operator": "8"}, ["/operator"], 50),
        ({"lines": [LINE, make_line(name="Butter")]}, ["/lines/1", "/payments/0/amount", "/taxes/0/net"], 70),
    ],
)
def test_a_conflict_names_both_places_and_what_differs(
    history: History, changes: dict[str, Any], fields: list[str], score: int
) -> None:
    till = history.till()
    first = make_sale(terminal=till.number, sequence=7, issued_at=NOW.isoformat())
    (taken,) = history.take(till, NOW, [first])
    history.feed()
    (refused,) = history.take(
        till, NOW, [make_sale(terminal=till.number, sequence=7, issued_at=NOW.isoformat(), **changes)]
    )
    assert (taken.replayed, refused.status) == (False, 409)
    history.feed(NOW)
    mark = MarkedRecord.objects.get()
    one = Conflict.objects.get()
    assert (one.shard, one.block, one.position, one.terminal, one.sequence) == (
        mark.shard, mark.block, mark.position, till.number, 7,
    )  # fmt: skip
    judge("conflict", NOW)
    finding = Finding.objects.get()
    assert (finding.terminal, finding.subject, finding.began_at) == (till.number, "7", NOW)
    evidence = finding.evidence
    found = [recorded_at(evidence["shard"], Place(**spot)) for spot in (evidence["first"], *evidence["others"])]
    assert [one.record.sale["sequence"] for one in found if isinstance(one, Recorded)] == [7, 7]
    assert found[0] is not None
    assert found[0].block == 1
    assert set(fields) <= set(evidence["fields"])
    assert finding.score == score
    assert evidence["total"] == 5100


def test_what_is_only_written_otherwise_is_low(history: History) -> None:
    till = history.till()
    sale = make_sale(terminal=till.number, sequence=1, issued_at=NOW.isoformat())
    history.take(till, NOW, [sale])
    history.take(till, NOW, [sale_bytes(sale).replace(b'"CZK"', b' "CZK"')])
    history.feed()
    judge("conflict", NOW)
    finding = Finding.objects.get()
    assert (finding.score, finding.evidence["fields"]) == (10, [])


def test_what_differs_is_named_by_pointers() -> None:
    first, other = make_sale(), make_sale(lines=[make_line(name="Butter"), LINE], buyer="CZ1")
    assert differing(first, first) == []
    assert {"/buyer", "/lines/0/name", "/lines/1", "/total"} <= set(differing(first, other))
    many = make_sale(lines=[LINE] * 50)
    assert len(differing(make_sale(lines=[make_line(name="Butter", sku="B")] * 50), many)) == FIELDS_MAX
