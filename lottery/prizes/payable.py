"""Whether a win may be paid, by what its receipt and its player are now."""

from enum import StrEnum

from django.utils.translation import gettext_noop

from lottery.entries.models import Entry
from lottery.prizes.models import Win
from receipts.queries import State, find_receipt

# Kept in a refused win's row in English, and shown to its player in the language of the page.
TAKEN_BACK = gettext_noop("The receipt was refunded or voided.")
PLAYER_LEFT = gettext_noop("The player left the lottery before the prize was approved.")
GOOD = frozenset({State.RECORDED, State.LATE})
# As before the freeze: a receipt of which anything was given back drops out wholly.
GIVEN_BACK = frozenset({State.PARTLY_REFUNDED, State.REFUNDED, State.VOIDED})


class Standing(StrEnum):
    """What the ledger says of a receipt."""

    GOOD = "good"
    TAKEN_BACK = "taken-back"
    # The ledger cannot be asked now, or the sale's record is gone or damaged.
    UNKNOWN = "unknown"


def standing_of(entry: Entry) -> Standing:
    """Whether an entry's receipt still counts."""
    state = find_receipt(entry.code).state
    if state in GIVEN_BACK:
        return Standing.TAKEN_BACK
    return Standing.GOOD if state in GOOD else Standing.UNKNOWN


def hindrance(win: Win) -> str:
    """Why staff may not have a win paid now; empty when they may."""
    player = win.entry.player
    if player is not None and player.barred_at is not None:
        return "its player is barred: refuse it, or let the player in first"
    standing = standing_of(win.entry)
    if standing is Standing.TAKEN_BACK:
        return "its receipt was refunded or voided since: refuse it"
    if standing is Standing.UNKNOWN:
        return "its receipt cannot be read in the ledger now: try again, and look at the receipt's page"
    return ""
