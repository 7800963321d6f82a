"""Which receipts have how many tickets, and one text for one set of rules."""

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lottery.draws.rules import (
    CommitRevealSeed,
    NoTicket,
    PrizeRule,
    Rules,
    SaleFacts,
    facts_of,
    read_rules,
    rules_hash,
    rules_text,
    tickets_of,
)
from tests.factories import make_sale
from transactions.sale import Sale


def make_rules(**changes: Any) -> Rules:
    fields: dict[str, Any] = {
        "v": 1, "draw": 3, "name": "Podzimní losování", "first_day": "2026-11-01", "last_day": "2026-11-30",
        "entries_until": "2026-12-05T22:59:59Z", "freezes_at": "2026-12-07T11:00:00Z",
        "draws_at": "2026-12-07T18:00:00Z", "claim_days": 90, "currency": "CZK", "minimum_total": 5000,
        "modes": ["online", "offline"], "business_receipts": False, "ticket_each": None, "tickets_a_receipt_max": 10,
        "one_a_store_and_day": True, "monthly_tickets_max": 500, "double_methods": ["card"],
        "prizes": [PrizeRule(1, "Car", 50_000_000, 1)], "seed": CommitRevealSeed("00" * 32),
    }  # fmt: skip
    return Rules(**{**fields, **changes})


def make_facts(**changes: Any) -> SaleFacts:
    fields: dict[str, Any] = {
        "type": "sale", "mode": "online", "issued_on": date(2026, 11, 15), "currency": "CZK", "total": 5100,
        "methods": frozenset({"cash"}), "is_business": False,
    }  # fmt: skip
    return SaleFacts(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "refund"}, "type"),
        ({"type": "void"}, "type"),
        ({"issued_on": date(2026, 10, 31)}, "day"),
        ({"issued_on": date(2026, 12, 1)}, "day"),
        ({"mode": "training"}, "mode"),
        ({"is_business": True}, "business"),
        ({"currency": "EUR"}, "currency"),
        ({"total": 4999}, "minimum"),
    ],
)
def test_a_receipt_that_does_not_fit_is_told_why(changes: dict[str, Any], reason: str) -> None:
    assert tickets_of(make_rules(), make_facts(**changes)) == NoTicket(reason)  # type: ignore[arg-type]


@pytest.mark.parametrize("day", [date(2026, 11, 1), date(2026, 11, 30)])
def test_the_first_and_the_last_day_count(day: date) -> None:
    assert tickets_of(make_rules(), make_facts(issued_on=day)) == 1


@pytest.mark.parametrize(("methods", "tickets"), [({"card"}, 2), ({"cash"}, 1), ({"card", "voucher"}, 1), (set(), 1)])
def test_only_what_is_paid_wholly_so_counts_double(methods: set[str], tickets: int) -> None:
    assert tickets_of(make_rules(), make_facts(methods=frozenset(methods))) == tickets


def test_a_ticket_each_so_much_up_to_the_most_a_receipt_can_have() -> None:
    rules = make_rules(ticket_each=10_000, double_methods=["card"])
    assert tickets_of(rules, make_facts(total=9_999)) == NoTicket("minimum")
    assert tickets_of(rules, make_facts(total=39_999)) == 3
    assert tickets_of(rules, make_facts(total=39_999, methods=frozenset({"card"}))) == 6
    assert tickets_of(rules, make_facts(total=10**9)) == 10


def test_the_facts_of_a_sale_as_it_was_sent() -> None:
    sent = make_sale(payments=[{"method": "card", "amount": 5100}, {"method": "cash", "amount": 0}], buyer="CZ1")
    facts = facts_of(msgspec.convert(sent, Sale))
    assert (facts.methods, facts.is_business, facts.total) == (frozenset({"card"}), True, 5100)
    assert facts.issued_on.isoformat() == sent["issued_at"][:10]


@given(name=st.text(max_size=80), total=st.integers(1, 2**53 - 1), each=st.none() | st.integers(1, 10**9))
def test_the_text_says_the_rules_again_and_survives_ascii(name: str, total: int, each: int | None) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    rules = make_rules(name=name, minimum_total=total, ticket_each=each)
    text = rules_text(rules)
    assert text.isascii()
    assert "\n" not in text
    assert read_rules(text) == rules


def test_every_rule_is_in_the_hash() -> None:
    changed = {
        "draw": 4, "name": "x", "first_day": "2026-11-02", "last_day": "2026-11-29", "claim_days": 91,
        "entries_until": "x", "freezes_at": "x", "draws_at": "x", "currency": "EUR", "minimum_total": 1,
        "modes": ["online"], "business_receipts": True, "ticket_each": 1, "tickets_a_receipt_max": 11, "v": 2,
        "one_a_store_and_day": False, "monthly_tickets_max": 501, "double_methods": [], "prizes": [],
        "seed": CommitRevealSeed("11" * 32),
    }  # fmt: skip
    assert set(changed) == set(Rules.__struct_fields__)
    hashes = {rules_hash(rules_text(make_rules(**{field: value}))) for field, value in changed.items()}
    assert len(hashes | {rules_hash(rules_text(make_rules()))}) == len(changed) + 1
