"""The customer's site in the admin: each part's pages are in its own folder; Django finds them here."""

from receipts.watches import admin as _watches  # noqa: F401 - importing registers them
