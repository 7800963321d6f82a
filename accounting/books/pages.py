"""The books' pages and forms, in the order of their tabs."""

from accounting.books.account_forms import ADD_ACCOUNT, CHANGE_ACCOUNT, DELETE_ACCOUNT, SET_RULE
from accounting.books.account_pages import ACCOUNT, ACCOUNTS, RULES_PAGE
from accounting.books.entry_forms import REVERSE, WRITE_ENTRY
from accounting.books.journal_pages import ENTRY, JOURNAL
from accounting.books.lines_page import LINES_PAGE
from accounting.books.settings_form import SETTINGS

PAGES = (JOURNAL, LINES_PAGE, ENTRY, ACCOUNTS, ACCOUNT, RULES_PAGE)
FORMS = (WRITE_ENTRY, REVERSE, ADD_ACCOUNT, CHANGE_ACCOUNT, DELETE_ACCOUNT, SET_RULE, SETTINGS)
