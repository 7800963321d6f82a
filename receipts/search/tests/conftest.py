"""The search's tests use the fixtures of the whole site's."""

from receipts.tests.conftest import database_away, record

__all__ = ["database_away", "record"]
