"""The books' pages and forms, in the order of their tabs."""

from accounting.books.account_pages import ACCOUNT, ACCOUNTS, RULES_PAGE
from accounting.books.forms import (
    ADD_ACCOUNT,
    CHANGE_ACCOUNT,
    DELETE_ACCOUNT,
    REVERSE,
    SET_RULE,
    SETTINGS,
    WRITE_ENTRY,
)
from accounting.books.journal_pages import ENTRY, JOURNAL

PAGES = (JOURNAL, ENTRY, ACCOUNTS, ACCOUNT, RULES_PAGE)
FORMS = (WRITE_ENTRY, REVERSE, ADD_ACCOUNT, CHANGE_ACCOUNT, DELETE_ACCOUNT, SET_RULE, SETTINGS)
