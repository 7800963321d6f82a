"""The customer site's pages in the admin: each part has its own."""

from receipts.cases import admin as cases_admin

__all__ = ["cases_admin"]
