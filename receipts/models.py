"""The customer site's tables: those of each part are written in its own folder; Django finds them here."""

from receipts.cases.models import Case, Event, Photo
from receipts.watches.models import Mail, Watch

__all__ = ["Case", "Event", "Mail", "Photo", "Watch"]
