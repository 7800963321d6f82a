"""The pages and forms of bookkeeping, in the order of their tabs."""

from accounting.books.pages import FORMS as BOOKS_FORMS
from accounting.books.pages import PAGES as BOOKS_PAGES
from accounting.cash.form import CASH_UP
from accounting.cash.pages import CASH_UPS
from accounting.days.pages import PAGES as DAYS_PAGES
from accounting.exports.views import AUDIT
from accounting.vat.pages import VAT_LEDGER
from portal.sheets.pages import Service

SERVICE = Service(
    name="books",
    title="Books",
    pages=(*DAYS_PAGES, *BOOKS_PAGES, CASH_UPS, VAT_LEDGER, AUDIT),
    forms=(*BOOKS_FORMS, CASH_UP),
)
