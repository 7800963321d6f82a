"""Makes audit files: the same request over the same books gives the same bytes, whenever it is made.

No file knows when it was made, by whom or on which machine: dates in it are those of what it holds.
"""

from datetime import date

from accounting.exports.dsfinvk.export import packed
from accounting.exports.files import AuditFile, finished, written
from accounting.exports.saf_t.document import document
from accounting.exports.saf_t.reading import book
from transactions.models import Store


def saf_t(retailer_id: int, first: date, last: date, currency: str) -> AuditFile:
    """A retailer's books in SAF-T 2.0: entries dated from `first` to `last` in one currency. Raises AuditFault."""
    name = f"saf-t-{retailer_id}-{first}-to-{last}-{currency}.xml"
    return finished(written(document(book(retailer_id, first, last, currency))), name, "application/xml")


def dsfinvk(store_id: int, first: date, last: date, currency: str = "") -> AuditFile:
    """The closed days of a store as a zip of tables. Raises AuditFault, BlockDamagedError and ArchiveAwayError."""
    store = Store.objects.select_related("retailer").get(pk=store_id)
    file, chosen = packed(store, first, last, currency)
    return finished(file, f"dsfinv-k-like-{store_id}-{first}-to-{last}-{chosen}.zip", "application/zip")
