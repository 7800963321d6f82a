"""Each rule has its sentence, each reason its own, and the time left is said in two units."""

from typing import Any

import msgspec
import pytest

from lottery.draws import beacon
from lottery.draws.rules import CommitRevealSeed, DrandSeed, PrizeRule, Rules
from lottery.wording import rules_sentences, seed_sentences

PLAIN = Rules(
    v=1,
    draw=3,
    name="Autumn",
    first_day="2026-11-01",
    last_day="2026-11-30",
    entries_until="2026-12-02T11:00:00Z",
    freezes_at="2026-12-03T11:00:00Z",
    draws_at="2026-12-04T11:00:00Z",
    claim_days=90,
    currency="CZK",
    minimum_total=10_000,
    modes=["online", "offline"],
    business_receipts=False,
    ticket_each=None,
    tickets_a_receipt_max=10,
    one_a_store_and_day=False,
    monthly_tickets_max=1500,
    double_methods=[],
    prizes=[PrizeRule(1, "Car", 50_000_000, 1)],
    seed=CommitRevealSeed("0" * 64),
)
PLAIN_SENTENCES = [
    "Receipts dated 1 November 2026 to 30 November 2026 take part. The day printed on the receipt counts.",
    "A receipt must come to at least CZK\u00a0100.00. Receipts in other currencies do not take part.",
    "It does not matter whether the till was online or offline.",
    "Receipts made out to a business do not take part.",
    "Only sales take part. If anything on a receipt is refunded or voided before the list is frozen, the whole receipt "
    "drops out.",
    "Each receipt has one ticket.",
    "A receipt takes part once, for the player who enters it first.",
    "A player can have at most 1,500 tickets a month.",
    "Every ticket is as likely to win as every other, and wins one prize at most.",
    "Whoever wins is told, and must be able to show that they hold the receipt: keep it.",
    "A prize that is not claimed within 90 days of the result goes to the next draw.",
]


def changed(**changes: Any) -> Rules:
    return msgspec.structs.replace(PLAIN, **changes)


def test_plain_rules_have_a_sentence_each() -> None:
    assert rules_sentences(PLAIN) == PLAIN_SENTENCES


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"modes": ["online"]}, "Only receipts take part that the till sent at once; those made offline do not."),
        ({"modes": ["offline"]}, "Only receipts take part that the till made while it was offline."),
        ({"business_receipts": True}, "Receipts made out to a business take part, too."),
        ({"ticket_each": 5_000}, "A receipt has one ticket for each full CZK\u00a050.00 of its total."),
        ({"ticket_each": 5_000}, "A receipt has at most 10 tickets."),
        # Below one ticket's worth there is none, whatever the minimum says.
        ({"ticket_each": 20_000}, PLAIN_SENTENCES[1].replace("100", "200")),
        (
            {"double_methods": ["card", "transfer"]},
            "A receipt counts double if nothing on it was paid in another way than: Card, Bank transfer.",
        ),
        ({"double_methods": ["card"], "tickets_a_receipt_max": 1}, "A receipt has at most 1 ticket."),
        ({"one_a_store_and_day": True}, "Of the receipts of one store and day, a player can enter one."),
        ({"monthly_tickets_max": 1}, "A player can have at most 1 ticket a month."),
        ({"claim_days": 1}, "A prize that is not claimed within 1 day of the result goes to the next draw."),
    ],
)  # fmt: skip
def test_each_rule_has_its_sentence(changes: dict[str, Any], sentence: str) -> None:
    assert sentence in rules_sentences(changed(**changes))
    assert sentence not in PLAIN_SENTENCES


def test_chance_is_explained_in_two_sentences_with_the_round() -> None:
    seed = DrandSeed(beacon.CHAIN, beacon.PUBLIC_KEY, beacon.GENESIS_S, beacon.PERIOD_S, 1000)
    first, _second = seed_sentences(changed(seed=seed))
    assert "round 1,000 of drand" in first
    assert "23 August 2023, 15:59 UTC" in first
    postponed, _second = seed_sentences(changed(seed=seed), round_number=2000)
    assert "round 2,000 of drand" in postponed
    assert "a secret of ours" in seed_sentences(PLAIN)[0]
