"""What a player does with receipts: enters one in every draw that takes it."""

from datetime import datetime

import msgspec
from django.db import transaction

from ledger.models import identity_of
from lottery.draws.queries import open_draws
from lottery.draws.rules import facts_of
from lottery.entries.admitting import Candidate, Outcome, admit, hold_open, hold_player
from lottery.entries.models import Entry
from lottery.players.models import Player
from receipts.queries import Finding, State
from transactions.sale import Sale

# A receipt of which something was taken back takes part no more, so it does not begin to either.
ENTERABLE = frozenset({State.RECORDED, State.LATE})


class NotEnterableError(ValueError):
    """The receipt's state keeps it out of every draw."""


def enter(finding: Finding, player: Player, now: datetime) -> list[Outcome]:
    """Enters a recorded receipt in each open draw; an outcome for each, none without an open draw.

    Raises NotEnterableError for one that is not recorded, or of which something was refunded or voided.
    """
    if finding.state not in ENTERABLE:
        raise NotEnterableError(finding.state)
    one = candidate_of(finding)
    with transaction.atomic():
        held = hold_open(open_draws(now), now)
        if not held:
            return []
        own = hold_player(player)
        return [admit(draw, own, one, Entry.Source.PAGE, now) for draw in held]


def candidate_of(finding: Finding) -> Candidate:
    """What the rules ask of a recorded receipt."""
    assert finding.recorded is not None
    record = finding.recorded.record
    sale = msgspec.convert(record.sale, Sale)
    return Candidate(
        identity_of(sale.terminal, sale.sequence), record.code, record.retailer, record.store, facts_of(sale)
    )
