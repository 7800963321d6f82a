"""The customer site's tables: those of each part are written in its own folder; Django finds them here."""

from receipts.watches.models import Mail, Watch

__all__ = ["Mail", "Watch"]
