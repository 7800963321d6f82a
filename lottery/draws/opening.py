"""From a draft to an open draw: what must be right, and the rules' one text."""

from datetime import UTC, datetime
from typing import cast

from lottery.draws import beacon
from lottery.draws.models import Draw
from lottery.draws.rules import (
    FORMAT_VERSION,
    PRIZE_ROWS_MAX,
    PRIZES_MAX,
    CommitRevealSeed,
    Method,
    Mode,
    PrizeRule,
    Rules,
    Seed,
)
from lottery.draws.secrets import open_secret
from lottery.draws.seeds import commitment_of


def faults_of(draft: Draw, now: datetime) -> list[str]:
    """Everything that keeps a draft from being opened; empty when it can be."""
    prizes = list(draft.prizes.all())
    total = sum(prize.count for prize in prizes)
    checks = (
        (draft.state != Draw.State.DRAFT, f"it is {draft.get_state_display()} already"),
        (draft.entries_until <= now, "entries would be closed already: set later dates"),
        (not prizes, "it has no prizes"),
        (len(prizes) > PRIZE_ROWS_MAX, f"it has {len(prizes)} rows of prizes, {PRIZE_ROWS_MAX} at most are possible"),
        (total > PRIZES_MAX, f"it has {total} prizes, {PRIZES_MAX} at most are possible"),
        (not (draft.takes_online or draft.takes_offline), "no receipt could take part: neither online nor offline"),
        (draft.last_day > draft.entries_until.date(), "entries close before the last day of its receipts"),
    )
    return [text for is_fault, text in checks if is_fault]


def rules_of(draft: Draw) -> Rules:
    """The rules as the draft says them; a commit-reveal draft has its secret already."""
    modes: list[Mode] = []
    if draft.takes_online:
        modes.append("online")
    if draft.takes_offline:
        modes.append("offline")
    return Rules(
        v=FORMAT_VERSION,
        draw=draft.number,
        name=draft.name,
        first_day=draft.first_day.isoformat(),
        last_day=draft.last_day.isoformat(),
        entries_until=written(draft.entries_until),
        freezes_at=written(draft.freezes_at),
        draws_at=written(draft.draws_at),
        claim_days=draft.claim_days,
        currency=draft.currency,
        minimum_total=draft.minimum_total,
        modes=modes,
        business_receipts=draft.takes_business,
        ticket_each=draft.ticket_each,
        tickets_a_receipt_max=draft.tickets_a_receipt_max,
        one_a_store_and_day=draft.one_a_store_and_day,
        monthly_tickets_max=draft.monthly_tickets_max,
        double_methods=cast(list[Method], sorted(draft.double_methods)),
        prizes=[
            PrizeRule(prize.rank, prize.name, prize.amount, prize.count) for prize in draft.prizes.order_by("rank")
        ],
        seed=_seed_of(draft),
    )


def _seed_of(draft: Draw) -> Seed:
    if draft.mode == Draw.Mode.DRAND:
        return beacon.seed_at(draft.draws_at)
    assert draft.sealed_secret is not None
    return CommitRevealSeed(commitment_of(open_secret(bytes(draft.sealed_secret))))


def written(moment: datetime) -> str:
    """A moment as statements and rules write it: RFC 3339, UTC, whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
