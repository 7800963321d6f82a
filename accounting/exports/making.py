"""Makes audit files: the same request over the same books gives the same bytes, whenever and wherever it is made."""

from datetime import date

from accounting.exports.files import AuditFile, finished, written
from accounting.exports.saf_t.document import document
from accounting.exports.saf_t.reading import book


def saf_t(retailer_id: int, first: date, last: date, currency: str) -> AuditFile:
    """A retailer's books in SAF-T 2.0: entries dated from `first` to `last` in one currency. Raises AuditFault."""
    name = f"saf-t-{retailer_id}-{first}-to-{last}-{currency}.xml"
    return finished(written(document(book(retailer_id, first, last, currency))), name, "application/xml")
