"""What stands on a page as a file, CSV or XLSX: the same data through analytics.exports, with a name and headers."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.http import HttpResponse
from django.utils.text import slugify

from analytics.exports import About, page_csv, page_xlsx
from analytics.filters import Filters
from analytics.pages import PageData
from portal.scope import Scope


class Form(NamedTuple):
    """A kind of file."""

    content_type: str
    write: Callable[[About, PageData], bytes]


FORMS = {
    "csv": Form("text/csv; charset=utf-8", page_csv),
    "xlsx": Form("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", page_xlsx),
}


def file_of(scope: Scope, title: str, filters: Filters, data: PageData, form: str, now: datetime) -> HttpResponse:
    """The file as an answer that a browser saves."""
    names = [store.name for store in scope.stores if not filters.stores or store.id in filters.stores]
    about = About(scope.retailer_name, title, filters, names, now)
    name = (
        f"{slugify(scope.retailer_name) or 'sales'}-{slugify(title)}-{str(filters.span).replace('..', '-to-')}.{form}"
    )
    response = HttpResponse(FORMS[form].write(about, data), content_type=FORMS[form].content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
