"""The customer site's pages in the admin: those of each part are in its own folder; Django finds them here."""

from receipts.cases import admin as cases_admin
from receipts.watches import admin as watches_admin

__all__ = ["cases_admin", "watches_admin"]
