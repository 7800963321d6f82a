"""What a receipt's page and PDF say of its copies: whoever holds a paper should know that there may be others."""

from django.utils.translation import ngettext

from transactions.queries import copies_of


def copied(code: str) -> str:
    """How often tills printed a copy of it, in the active language; nothing where they printed none. One query."""
    count = copies_of(code)
    if count == 0:
        return ""
    return ngettext("A copy was printed %(count)d time.", "A copy was printed %(count)d times.", count) % {
        "count": count
    }
