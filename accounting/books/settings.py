"""How a retailer's books are kept, as owner and accountant set it."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction

from accounting.books.manual import lock_until
from accounting.books.models import Books
from accounting.books.writing import hold_books


@dataclass(frozen=True)
class Settings:
    """All of it; `locked_until` None leaves the lock where it is."""

    close_at: time
    vat_period: str
    legal_name: str
    street: str
    city: str
    postal_code: str
    country: str
    locked_until: date | None


@transaction.atomic
def change_settings(retailer_id: int, asked: Settings, now: datetime) -> Books:
    """The books with these settings. Raises BooksFault."""
    books = hold_books(retailer_id)
    books.close_at, books.vat_period = asked.close_at, asked.vat_period
    books.legal_name, books.street, books.city = asked.legal_name, asked.street, asked.city
    books.postal_code, books.country = asked.postal_code, asked.country
    books.save(update_fields=["close_at", "vat_period", "legal_name", "street", "city", "postal_code", "country"])
    if asked.locked_until is not None:
        lock_until(retailer_id, asked.locked_until, now)
    return books
