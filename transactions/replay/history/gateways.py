"""A retailer's gateway of the history: what it has to send, in order of time, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from transactions.replay.acknowledgements import Sent
from transactions.replay.history.happenings import Happenings, Kind
from transactions.replay.history.progress import Progress
from transactions.replay.history.receipts import Receipts
from transactions.replay.lanes import StoreTills
from transactions.replay.source import Integers

# The most that the API takes at once.
BATCH_RECEIPTS = 500
# Only what the ledger has can be taken back, and it has a batch a second or some after it was sent. So whatever takes a
# sale back goes so many receipts behind it at least, instead of being sent in the same batch, refused and sent again.
BEHIND_RECEIPTS = 2 * BATCH_RECEIPTS


@dataclass(slots=True)
class Gateway:
    """One retailer's receipts of a part of the book: `places` among its happenings, `sent` of them are done.

    They are in order of time, but for what takes back a sale of shortly before.
    """

    name: str
    part: int
    token: str
    receipts: Receipts
    places: Integers
    sent: int

    @property
    def is_done(self) -> bool:
        """Whether everything was acknowledged."""
        return self.sent >= len(self.places)

    def turn(self) -> tuple[int, int]:
        """Whose turn it is: the parts one after the other, in each the earliest receipt first."""
        return self.part, int(self.receipts.happenings.wall_s[self.places[self.sent]])

    def batch(self) -> list[Sent]:
        """Its next receipts."""
        return [self.receipts.receipt(int(place)) for place in self.places[self.sent : self.sent + BATCH_RECEIPTS]]


def in_order_of_sending(places: Integers, happenings: Happenings) -> Integers:
    """A retailer's places in order of time, those that take a sale back moved behind it as far as they must be."""
    ranks = np.arange(len(places))
    behind = np.searchsorted(places, happenings.origins[places]) + BEHIND_RECEIPTS
    is_sale = happenings.kinds[places] == Kind.SALE
    return places[np.argsort(np.where(is_sale, ranks, np.maximum(ranks, behind)), kind="stable")]


def gateways_of(receipts: Receipts, part: int, tills: Mapping[int, StoreTills], progress: Progress) -> list[Gateway]:
    """The gateways of a part of the book that have something left to send; `tills` by real store."""
    stores = receipts.year.stores[receipts.happenings.baskets]
    retailers = np.array([tills[store].retailer for store in stores.tolist()], dtype=np.int64)
    tokens = {own.retailer: own.gateway_token for own in tills.values()}
    found = []
    for retailer in np.unique(retailers).tolist():
        name = f"{part}/{retailer}"
        places = in_order_of_sending(np.flatnonzero(retailers == retailer), receipts.happenings)
        found.append(Gateway(name, part, tokens[retailer], receipts, places, progress.sent(name)))
    return [gateway for gateway in found if not gateway.is_done]
