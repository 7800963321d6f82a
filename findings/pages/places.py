"""Retailers and stores of findings by their names: two queries for a page of them."""

from collections.abc import Iterable
from typing import NamedTuple

from findings.models import Finding
from transactions.models import Retailer, Store


class Place(NamedTuple):
    """Whose and where: names that the registry has today, or numbers where it has none."""

    retailer: str
    tax_id: str
    store: str
    address: str


def places_of(findings: Iterable[Finding]) -> dict[int, Place]:
    """The place of each finding, by its key."""
    found = list(findings)
    retailers = Retailer.objects.only("name", "tax_id").in_bulk({one.retailer for one in found})
    stores = Store.objects.only("name", "address").in_bulk({one.store for one in found})
    return {one.pk: _place(one, retailers.get(one.retailer), stores.get(one.store)) for one in found}


def _place(finding: Finding, retailer: Retailer | None, store: Store | None) -> Place:
    return Place(
        retailer=retailer.name if retailer else f"Retailer {finding.retailer}",
        tax_id=retailer.tax_id if retailer else "",
        store=store.name if store else f"Store {finding.store}",
        address=store.address if store else "",
    )
