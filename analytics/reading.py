"""A page's address read for a person: the filters, and what of it could not be shown."""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import Http404, QueryDict

from analytics.filters import Filters, FiltersError, UnknownStoreError
from portal.scope import Scope

# The fields of the form for days of one's own choice, which become one `period`.
FROM, TO = "from", "to"


class Asked(NamedTuple):
    """What an address asks for; `faults` has a sentence for each name that was left out of it."""

    filters: Filters
    faults: dict[str, str]


def asked(query: QueryDict, scope: Scope, now: datetime, period: str) -> Asked:
    """The filters of an address, without what is faulty in it. Raises Http404 for a store that is not the person's."""
    names = dict(query.lists())
    retailer = scope.retailer_id if scope.sees_all_stores else None
    try:
        try:
            return Asked(Filters.read(names, scope.store_ids, now, period=period, retailer=retailer), {})
        except FiltersError as error:
            kept = {name: values for name, values in names.items() if name not in error.faults}
            return Asked(Filters.read(kept, scope.store_ids, now, period=period, retailer=retailer), error.faults)
    except UnknownStoreError as error:
        raise Http404 from error


def with_period(query: QueryDict) -> str | None:
    """The same query with two typed dates as one period; None where none were typed."""
    if not (FROM in query or TO in query):
        return None
    first, last = query.get(FROM, ""), query.get(TO, "")
    kept = [(name, value) for name, values in query.lists() for value in values if name not in {FROM, TO, "period"}]
    return urlencode([("period", f"{first or last}..{last or first}"), *kept])
