"""Recorded sales, as the other tests of the customer's site have them."""

from receipts.tests.conftest import record

__all__ = ["record"]
