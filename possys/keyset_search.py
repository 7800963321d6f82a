"""Searching in registers of millions of rows: each question is answered by one index, and stops at a thousand rows.

words in a name       UPPER(name) LIKE '%WORD%', by a trigram index; one or two letters only at its beginning
the beginning         UPPER(label) LIKE 'WORD%', by an index with text_pattern_ops
"""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

# More is no answer to a search: say more of what is looked for.
FOUND_MAX = 1_000
# A trigram index knows nothing shorter but at the beginning.
TRIGRAM = 3
# A longer term is in no column.
TERM_CHARACTERS_MAX = 120
MORE_THAN = (
    f"More than {FOUND_MAX:,} rows match, and these are only {FOUND_MAX:,} of them. Search for more of the name."
)


def has_words(column: str, term: str) -> Q:
    """Rows that have every word of the term in the column, in any order; of short words alone those that begin so."""
    words = _short(term).split()
    if not any(len(word) >= TRIGRAM for word in words):
        return begins_with(column, term)
    found = Q()
    for word in words:
        found &= Q(**{f"{column}__icontains": word})
    return found


def begins_with(column: str, term: str) -> Q:
    """Rows in which the column begins so, whatever its capitals."""
    return Q(**{f"{column}__istartswith": _short(term)})


def first_found(request: HttpRequest, rows: "QuerySet[Any]", questions: Iterable["QuerySet[Any]"]) -> "QuerySet[Any]":
    """`rows` narrowed to what the questions find, one after the other, until there are enough of them.

    Each question is a query of its own: PostgreSQL would read the whole table for an OR that spans tables.
    """
    found: set[Any] = set()
    for question in questions:
        found.update(question.order_by().values_list("pk", flat=True)[: FOUND_MAX + 1])
        if len(found) > FOUND_MAX:
            _say(request)
            break
    return rows.filter(pk__in=sorted(found)[:FOUND_MAX])


def asked(term: str) -> str:
    """What was typed, without what no column can hold."""
    return _short(term.replace("\0", " ").strip())


def _say(request: HttpRequest) -> None:
    # What is typed into a field of a form is answered in JSON; its next page is about something else.
    if request.resolver_match is None or request.resolver_match.url_name != "autocomplete":
        messages.warning(request, MORE_THAN)


def _short(term: str) -> str:
    return term[:TERM_CHARACTERS_MAX]
