"""A draw's rules: which receipts take part, with how many tickets, for which prizes; as one text with one hash. Pure.

The text is fixed when the draw opens. Its hash is in the ledger's log from then on, and in every later statement on the
draw, so that nobody can change a rule after the first receipt took part.
"""

import json
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

FORMAT_VERSION = 1
# Twenty pages of winners at most, and a bound on the time of a draw.
PRIZES_MAX = 100_000
PRIZE_ROWS_MAX = 50
TICKETS_A_RECEIPT_MAX = 100
# Above what any household buys in a month; the national lotteries that had no cap added one of 500.
MONTHLY_TICKETS_MAX = 10_000
CLAIM_DAYS_MAX = 366

Sha256Hex = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Mode = Literal["online", "offline"]
Method = Literal["cash", "card", "transfer", "voucher", "account", "other"]


class PrizeRule(Struct, frozen=True):
    """One row of the prize table: `count` prizes of `amount` minor units of the draw's currency each."""

    rank: int
    name: str
    amount: int
    count: int


class DrandSeed(Struct, frozen=True, tag_field="mode", tag="drand"):
    """The seed is a later round of a public randomness beacon, named before the draw opens."""

    chain: Sha256Hex
    public_key: str
    genesis_s: int
    period_s: int
    round: int


class CommitRevealSeed(Struct, frozen=True, tag_field="mode", tag="commit-reveal"):
    """The seed is the operator's secret, of which this is the SHA-256, with the first checkpoint after the freeze."""

    commitment: Sha256Hex


Seed = DrandSeed | CommitRevealSeed


class Rules(Struct, frozen=True, kw_only=True):
    """All that decides who can win what. Amounts in minor units of `currency`; times RFC 3339, UTC; days as printed."""

    v: int
    draw: int
    name: str
    first_day: str
    last_day: str
    entries_until: str
    freezes_at: str
    draws_at: str
    claim_days: int
    currency: str
    minimum_total: int
    modes: list[Mode]
    business_receipts: bool
    # Null: one ticket a receipt. Else one for each so many minor units.
    ticket_each: int | None
    tickets_a_receipt_max: int
    one_a_store_and_day: bool
    monthly_tickets_max: int
    double_methods: list[Method]
    prizes: list[PrizeRule]
    seed: Seed


class SaleFacts(Struct, frozen=True, gc=False):
    """What the rules ask of a sale. `methods` are those with which anything was paid."""

    type: str
    mode: str
    issued_on: date
    currency: str
    total: int
    methods: frozenset[str]
    is_business: bool


class NoTicket(Struct, frozen=True):
    """Why a receipt has no ticket in a draw: a word for the reason, which the pages turn into a sentence."""

    reason: Literal["type", "mode", "business", "day", "currency", "minimum"]


def rules_text(rules: Rules) -> str:
    """The rules as they are published and hashed: one line of JSON, keys in the order of `Rules`, ASCII."""
    # Not by msgspec, which writes UTF-8: what is hashed should survive every copying.
    return json.dumps(msgspec.to_builtins(rules), ensure_ascii=True, separators=(",", ":"))


def read_rules(text: str) -> Rules:
    """The rules that a text holds. Raises msgspec.ValidationError or msgspec.DecodeError."""
    return msgspec.json.decode(text, type=Rules)


def rules_hash(text: str) -> bytes:
    """SHA-256 of the published text."""
    return sha256(text.encode("ascii")).digest()


def tickets_of(rules: Rules, sale: SaleFacts) -> int | NoTicket:
    """How many tickets a receipt has in a draw, before the player's caps; or why it has none."""
    if sale.type != "sale":
        return NoTicket("type")
    if not rules.first_day <= sale.issued_on.isoformat() <= rules.last_day:
        return NoTicket("day")
    if sale.mode not in rules.modes:
        return NoTicket("mode")
    if sale.is_business and not rules.business_receipts:
        return NoTicket("business")
    if sale.currency != rules.currency:
        return NoTicket("currency")
    if sale.total < rules.minimum_total or (rules.ticket_each is not None and sale.total < rules.ticket_each):
        return NoTicket("minimum")
    tickets = 1 if rules.ticket_each is None else sale.total // rules.ticket_each
    if sale.methods and sale.methods <= set(rules.double_methods):
        tickets *= 2
    return min(tickets, rules.tickets_a_receipt_max)


def facts_of(sale: Any) -> SaleFacts:
    """The facts of a sale as it was sent: `transactions.sale.Sale`, or any with its fields."""
    return SaleFacts(
        sale.type,
        sale.mode,
        datetime.fromisoformat(sale.issued_at).date(),
        sale.currency,
        sale.total,
        frozenset(payment.method for payment in sale.payments if payment.amount),
        sale.buyer is not None,
    )
